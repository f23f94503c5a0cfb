package controller

import (
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

var deploymentController = note{from: "deployment-controller", reason: "ScalingReplicaSet"}

// syncDeployment takes one step of a deployment's rollout: it makes, numbers and sizes replica sets. The next step follows when that has
// had its effect on their statuses.
func (c *Controllers) syncDeployment(_ store.Key, d Object) {
	c.reclaim(d, "replicasets.apps")
	sets := c.owned(d, "replicasets.apps")
	current := workload.CurrentSet(d, sets)
	if workload.IsLeaving(d) {
		c.store.Update("deployments.apps", workload.DeploymentStatus(d, sets, current, c.now()))
		return
	}
	d = c.store.Update("deployments.apps", workload.Pausing(d, c.now())) // on its own: who watches sees that it was paused or resumed
	old := c.oldPods(sets, current)
	if current >= 0 {
		sets[current] = c.store.Update("replicasets.apps", workload.Renumbered(d, sets[current], sets))
	} else if workload.WantsNewSet(d, sets, old) {
		set, status := c.newSet(d, sets)
		if d = status; set == nil {
			return // another set has the name: the deployment has changed, and comes again
		}
		sets = append(sets, set)
		current = len(sets) - 1
	}
	if current >= 0 {
		d = workload.OfRevision(d, sets[current])
	}
	sized := workload.NextSizes(d, sets, current, old)
	for _, set := range sized {
		c.resize(d, sets, set)
	}
	d = c.store.Update("deployments.apps", workload.DeploymentStatus(d, sets, current, c.now()))
	if len(sized) == 0 && workload.Complete(d) {
		for _, set := range workload.Expired(d, sets, current) {
			c.remove(store.KeyOf("replicasets.apps", set), set)
		}
	}
	c.watchDeadline(d)
}

// oldPods tells whether pods of other revisions than the present one are still there.
func (c *Controllers) oldPods(sets []Object, current int) bool {
	for i, set := range sets {
		if i == current {
			continue
		}
		for _, pod := range c.owned(set, "pods") {
			if !workload.IsFinished(pod) {
				return true
			}
		}
	}
	return false
}

// newSet makes the replica set of a deployment's present template. It returns none, and the deployment with one collision more, if
// its name is taken.
func (c *Controllers) newSet(d Object, sets []Object) (set, owner Object) {
	if c.isTerminating(namespaceOf(d)) {
		return nil, d
	}
	collisions, _ := workload.Int(d, "status", "collisionCount")
	set = workload.NewSet(d, sets, hashOf(workload.Map(d, "spec", "template"), collisions))
	if c.store.Get(store.KeyOf("replicasets.apps", set)) != nil {
		return nil, c.store.Update("deployments.apps", workload.With(d, collisions+1, "status", "collisionCount"))
	}
	set = c.create("replicasets.apps", set)
	if n := workload.Replicas(set); n > 0 {
		c.tell(d, deploymentController, "Scaled up replica set %s from 0 to %d", nameOf(set), n)
	}
	return set, workload.SetCondition(d, "Progressing", "True", "NewReplicaSetCreated", `Created new replica set "`+nameOf(set)+`"`, c.now())
}

// resize stores a replica set of another size in the place of the one of its name.
func (c *Controllers) resize(d Object, sets []Object, sized Object) {
	for i, set := range sets {
		if nameOf(set) != nameOf(sized) {
			continue
		}
		from, to := workload.Replicas(set), workload.Replicas(sized)
		direction := "up"
		if to < from {
			direction = "down"
		}
		sets[i] = c.store.Update("replicasets.apps", sized)
		if from != to {
			c.tell(d, deploymentController, "Scaled %s replica set %s from %d to %d", direction, nameOf(set), from, to)
		}
	}
}

// watchDeadline looks at a rollout again when it would have taken too long.
func (c *Controllers) watchDeadline(d Object) {
	at, expected := workload.Deadline(d)
	if at = at.Add(time.Second); !expected || !at.After(c.now()) { // a whole second later it has certainly passed
		c.agenda.drop(uidOf(d), "deadline")
		return
	}
	key := store.KeyOf("deployments.apps", d)
	c.agenda.put(uidOf(d), "deadline", at, func() { c.work.add(key) })
}
