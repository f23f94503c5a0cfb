package controller

import (
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// whoKeeps names the controllers that keep pods, by the resource of their owners.
var whoKeeps = map[string]string{
	"replicasets.apps": "replicaset-controller", "replicationcontrollers": "replication-controller",
	"daemonsets.apps": "daemonset-controller", "statefulsets.apps": "statefulset-controller", "jobs.batch": "job-controller",
}

// syncReplicas keeps the number of pods of a replica set or a replication controller.
func (c *Controllers) syncReplicas(key store.Key, set Object) {
	c.reclaim(set, "pods")
	pods := c.owned(set, "pods")
	if !workload.IsLeaving(set) && !c.isTerminating(key.Namespace) {
		c.keepReplicas(key, set, pods)
	}
	c.store.Update(key.Resource, workload.SetStatus(set, c.owned(set, "pods"), c.now()))
	c.watchAvailable(key, set)
}

func (c *Controllers) keepReplicas(key store.Key, set Object, pods []Object) {
	var active []Object
	for _, pod := range pods {
		if workload.IsActive(pod) {
			active = append(active, pod)
		}
	}
	surplus := len(active) - int(workload.Replicas(set))
	for range -surplus {
		pod := c.newPod(set, "", nil)
		c.tell(set, note{from: whoKeeps[key.Resource], reason: "SuccessfulCreate"}, "Created pod: %s", nameOf(pod))
	}
	if surplus <= 0 {
		return
	}
	for _, pod := range workload.Victims(set, active, c.related(set, pods), surplus, c.now()) {
		c.remove(store.KeyOf("pods", pod), pod)
		c.tell(set, note{from: whoKeeps[key.Resource], reason: "SuccessfulDelete"}, "Deleted pod: %s", nameOf(pod))
	}
}

// related are the pods of all replica sets of one deployment.
func (c *Controllers) related(set Object, pods []Object) []Object {
	deployment, known := c.index.byUID[workload.ControllerUID(set)]
	if !known {
		return pods
	}
	var all []Object
	for _, sibling := range c.owned(c.store.Get(deployment), "replicasets.apps") {
		all = append(all, c.owned(sibling, "pods")...)
	}
	return all
}

// watchAvailable looks at an owner again when the next of its ready pods has been ready for long enough.
func (c *Controllers) watchAvailable(key store.Key, owner Object) {
	pause := workload.MinReady(owner)
	if pause == 0 {
		return
	}
	var next time.Time
	for _, pod := range c.owned(owner, "pods") {
		if !workload.IsActive(pod) || !workload.IsReady(pod) || workload.IsAvailable(pod, pause, c.now()) {
			continue
		}
		if at := workload.ReadySince(pod).Add(pause); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	if !next.IsZero() {
		c.agenda.put(uidOf(owner), "available", next, func() { c.work.add(key) })
	}
}

// reclaim makes an owner the controller of what it selects and nobody controls, and lets go what it does not select any more.
func (c *Controllers) reclaim(owner Object, resource string) {
	if workload.IsLeaving(owner) {
		return
	}
	for _, o := range c.owned(owner, resource) {
		if !selects(owner, o) {
			c.store.Update(resource, workload.Released(o))
		}
	}
	for _, key := range c.index.orphansOf(resource, namespaceOf(owner)) {
		o := c.store.Get(key)
		if workload.IsLeaving(o) || !selects(owner, o) {
			continue
		}
		refs, _ := workload.Dig(o, "metadata", "ownerReferences").([]any)
		refs = append(append([]any{}, refs...), workload.OwnerReference(owner))
		c.store.Update(resource, workload.With(o, refs, "metadata", "ownerReferences"))
	}
}
