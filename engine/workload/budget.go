package workload

import (
	"math"
	"time"
)

// A Disruption says what the eviction of a pod means to the disruption budget that guards it.
type Disruption int

// What an eviction may mean to a budget.
const (
	Harmless  Disruption = iota // the pod does not count
	Spends                      // it takes one of the disruptions that are allowed
	Forbidden                   // none is allowed
	Unseen                      // the budget has changed, and nobody has counted since
)

// Disrupts tells what the eviction of a guarded pod means to its budget, as the API server decides it.
func Disrupts(budget, pod Object) Disruption {
	generation, _ := Int(budget, "metadata", "generation")
	switch {
	case NeedsNoBudget(pod), !IsReady(pod) && sparesUnhealthy(budget):
		return Harmless
	case counted(budget, "observedGeneration") < generation:
		return Unseen
	case counted(budget, "disruptionsAllowed") <= 0:
		return Forbidden
	}
	return Spends
}

// NeedsNoBudget tells whether a pod may be evicted whatever its budget says: it does not serve, or goes already.
func NeedsNoBudget(pod Object) bool {
	return IsFinished(pod) || IsLeaving(pod) || Text(pod, "status", "phase") == "Pending"
}

// sparesUnhealthy tells whether a budget lets pods go that are not ready.
func sparesUnhealthy(budget Object) bool {
	desired := counted(budget, "desiredHealthy")
	return Text(budget, "spec", "unhealthyPodEvictionPolicy") == "AlwaysAllow" || counted(budget, "currentHealthy") >= desired && desired > 0
}

// Demand is how many pods a budget expects, and how many of them have to be healthy. pods is how many it guards; scale, how many the
// owners of those want in all.
func Demand(budget Object, pods int, scale func() int64) (expected, desired int64) {
	if most := Dig(budget, "spec", "maxUnavailable"); most != nil {
		expected = scale()
		return expected, max(0, expected-Share(most, 0, expected, math.Ceil))
	}
	if n, number := Int(budget, "spec", "minAvailable"); number {
		return int64(pods), n
	}
	expected = scale()
	return expected, Share(Dig(budget, "spec", "minAvailable"), 0, expected, math.Ceil)
}

// Budgeted is the budget with its status as its controller counts it: pods are all that it guards.
func Budgeted(budget Object, pods []Object, scale func() int64, now time.Time) Object {
	healthy := int64(0)
	for _, pod := range pods {
		if !IsLeaving(pod) && IsReady(pod) && Dig(budget, "status", "disruptedPods", name(pod)) == nil {
			healthy++
		}
	}
	expected, desired := Demand(budget, len(pods), scale)
	allowed := max(0, healthy-desired)
	if expected == 0 {
		allowed = 0
	}
	for field, n := range map[string]int64{
		"currentHealthy": healthy, "desiredHealthy": desired, "expectedPods": expected, "disruptionsAllowed": allowed,
	} {
		budget = With(budget, n, "status", field)
	}
	if generation, ok := Int(budget, "metadata", "generation"); ok {
		budget = With(budget, generation, "status", "observedGeneration")
	}
	return Allowing(budget, allowed > 0, now)
}

// Allowing is the budget with the condition that says whether it allows a disruption.
func Allowing(budget Object, allowed bool, now time.Time) Object {
	const kind = "DisruptionAllowed"
	if allowed {
		budget = WithCondition(budget, kind, "True", "SufficientPods", now)
	} else {
		budget = WithCondition(budget, kind, "False", "InsufficientPods", now)
	}
	conditions := Maps(budget, "status", "conditions")
	out := make([]any, len(conditions))
	for i, c := range conditions {
		if c["type"] == kind {
			c = With(With(c, "", "message"), Dig(budget, "metadata", "generation"), "observedGeneration")
		}
		out[i] = c
	}
	return With(budget, out, "status", "conditions")
}
