package controller

import (
	"math"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

const budgets = "poddisruptionbudgets.policy"

// syncBudget works out how many pods of a disruption budget may be evicted now.
func (c *Controllers) syncBudget(_ store.Key, budget Object) {
	var pods []Object
	healthy := int64(0)
	for _, pod := range c.podsIn(namespaceOf(budget)) {
		if !selects(budget, pod) {
			continue
		}
		pods = append(pods, pod)
		if workload.IsActive(pod) && workload.IsReady(pod) && workload.Dig(budget, "status", "disruptedPods", nameOf(pod)) == nil {
			healthy++
		}
	}
	expected, desired := c.expected(budget, pods)
	allowed := max(0, healthy-desired)
	if expected == 0 {
		allowed = 0
	}
	for field, n := range map[string]int64{
		"currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected, "disruptionsAllowed": allowed,
	} {
		budget = workload.With(budget, n, "status", field)
	}
	budget = c.undisturbed(budget, pods)
	if generation, ok := workload.Int(budget, "metadata", "generation"); ok {
		budget = workload.With(budget, generation, "status", "observedGeneration")
	}
	status, reason := "False", "InsufficientPods"
	if allowed > 0 {
		status, reason = "True", "SufficientPods"
	}
	c.store.Update(budgets, workload.SetCondition(budget, "DisruptionAllowed", status, reason, "", c.now()))
}

// expected is how many pods there should be, and how many of them have to be healthy.
func (c *Controllers) expected(budget Object, pods []Object) (expected, desired int64) {
	if most := workload.Dig(budget, "spec", "maxUnavailable"); most != nil {
		expected = c.scaleOf(pods)
		return expected, max(0, expected-workload.Share(most, 0, expected, math.Ceil))
	}
	least := workload.Dig(budget, "spec", "minAvailable")
	if n, number := workload.Int(budget, "spec", "minAvailable"); number {
		return int64(len(pods)), n
	}
	expected = c.scaleOf(pods)
	return expected, workload.Share(least, 0, expected, math.Ceil)
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

// undisturbed forgets evictions whose pods have gone, or are on their way and counted as such.
func (c *Controllers) undisturbed(budget Object, pods []Object) Object {
	there := map[string]bool{}
	for _, pod := range pods {
		there[nameOf(pod)] = !workload.IsLeaving(pod)
	}
	disrupted := Object{}
	for name, at := range workload.Map(budget, "status", "disruptedPods") {
		if there[name] {
			disrupted[name] = at
		}
	}
	if len(disrupted) == 0 {
		return workload.With(budget, nil, "status", "disruptedPods")
	}
	return workload.With(budget, disrupted, "status", "disruptedPods")
}
