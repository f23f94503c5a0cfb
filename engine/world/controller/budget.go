package controller

import (
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

const budgets = "poddisruptionbudgets.policy"

// disruptionTime is how long an evicted pod may take to go before its budget counts it again.
const disruptionTime = 2 * time.Minute

// syncBudget works out how many pods of a disruption budget may be evicted now.
func (c *Controllers) syncBudget(key store.Key, budget Object) {
	var pods []Object
	for _, pod := range c.podsIn(namespaceOf(budget)) {
		if selects(budget, pod) {
			pods = append(pods, pod)
		}
	}
	budget = c.undisturbed(key, budget, pods)
	c.store.Update(budgets, workload.Budgeted(budget, pods, func() int64 { return c.scaleOf(pods) }, c.now()))
}

// scaleOf is how many pods the owners of these want in all.
func (c *Controllers) scaleOf(pods []Object) (n int64) {
	seen := map[string]bool{}
	for _, pod := range pods {
		owner := c.above(c.above(pod))
		if owner == nil {
			owner = c.above(pod)
		}
		if owner != nil && !seen[uidOf(owner)] {
			seen[uidOf(owner)] = true
			n += workload.Replicas(owner)
		}
	}
	return n
}

// above is the object that controls another one, nil if none does.
func (c *Controllers) above(o Object) Object {
	key, known := c.index.byUID[workload.ControllerUID(o)]
	if !known {
		return nil
	}
	return c.store.Get(key)
}

// undisturbed forgets evictions whose pods have gone, are on their way and counted as such, or should have gone long ago.
func (c *Controllers) undisturbed(key store.Key, budget Object, pods []Object) Object {
	there := map[string]bool{}
	for _, pod := range pods {
		there[nameOf(pod)] = !workload.IsLeaving(pod)
	}
	disrupted := Object{}
	for name, at := range workload.Map(budget, "status", "disruptedPods") {
		text, _ := at.(string)
		since, err := time.Parse(time.RFC3339, text)
		until := since.Add(disruptionTime)
		if err != nil || !there[name] || until.Before(c.now()) {
			continue
		}
		disrupted[name] = at
		c.agenda.put(uidOf(budget), "disrupted "+name, until.Add(time.Second), func() { c.work.add(key) })
	}
	if len(disrupted) == 0 {
		return workload.With(budget, nil, "status", "disruptedPods")
	}
	return workload.With(budget, disrupted, "status", "disruptedPods")
}
