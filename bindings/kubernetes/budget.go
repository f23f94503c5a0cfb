package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/action"
	"runbook/engine/workload"
)

const budgetKind = "poddisruptionbudgets"

// A guard is the disruption budget that guards a pod, as intended.
type guard struct {
	budget object // nil if none does
	before object // the budget as it was looked up, before what the run intends about its pods was counted
	other  object // a second budget that guards the same pod, which the cluster does not evict then
}

// guards are the budgets that guard any of these pods of one namespace, by the pod's name.
func (b *binding) guards(ctx context.Context, view action.View, namespace string, pods []object) (map[string]guard, error) {
	budgets, err := b.objects(ctx, view, listing{kind: mustBuiltin(budgetKind), namespace: namespace})
	if err != nil {
		return nil, err
	}
	out := map[string]guard{}
	for _, budget := range budgets {
		guarded := guardedBy(budget, pods)
		if len(guarded) == 0 {
			continue
		}
		counted, err := b.counted(ctx, view, budget)
		if err != nil {
			return nil, err
		}
		for _, pod := range guarded {
			if g, twice := out[nameOf(pod)]; twice {
				g.other = budget
				out[nameOf(pod)] = g
			} else {
				out[nameOf(pod)] = guard{budget: counted, before: budget}
			}
		}
	}
	return out, nil
}

func guardedBy(budget object, pods []object) (out []object) {
	selector, ok := budgetSelector(budget)
	if !ok {
		return nil
	}
	for _, pod := range pods {
		if selector.Matches(labelsOf(pod)) {
			out = append(out, pod)
		}
	}
	return out
}

// budgetSelector is which pods a budget guards. One without a selector guards none.
func budgetSelector(budget object) (labels.Selector, bool) {
	if workload.Map(budget, "spec", "selector") == nil {
		return nil, false
	}
	var written metav1.LabelSelector
	raw, err := encode(workload.Map(budget, "spec", "selector"))
	if err != nil || fromJSON(raw, &written) != nil {
		return nil, false
	}
	selector, err := metav1.LabelSelectorAsSelector(&written)
	return selector, err == nil
}

// counted is a budget with its status. Where the run intends something about pods there, that is counted as the budget's controller
// would count it: the server's own count knows nothing of it.
func (b *binding) counted(ctx context.Context, view action.View, budget object) (object, error) {
	if len(view.Intended(system, "pods", namespaceOf(budget))) == 0 {
		return budget, nil
	}
	pods, err := b.podsUnder(ctx, view, budget)
	if err != nil {
		return nil, err
	}
	wanted, err := b.wantedOf(ctx, view, pods)
	return workload.Budgeted(budget, pods, func() int64 { return wanted }, b.now(ctx)), err
}

// podsUnder are all pods that a budget guards.
func (b *binding) podsUnder(ctx context.Context, view action.View, budget object) ([]object, error) {
	selector, ok := budgetSelector(budget)
	if !ok {
		return nil, nil
	}
	return b.objects(ctx, view, listing{kind: mustBuiltin("pods"), namespace: namespaceOf(budget), labels: selector})
}

// wantedOf is how many pods the owners of these want in all.
func (b *binding) wantedOf(ctx context.Context, view action.View, pods []object) (n int64, err error) {
	roots := map[string]object{} // by the uid of what controls a pod
	seen := map[string]bool{}
	for _, pod := range pods {
		above := workload.ControllerUID(pod)
		if above == "" || roots[above] != nil {
			continue
		}
		root, err := b.root(ctx, view, pod)
		if err != nil {
			return 0, err
		}
		roots[above] = root
		if uid := uidOf(root); uid != uidOf(pod) && !seen[uid] {
			seen[uid] = true
			n += workload.Replicas(root)
		}
	}
	return n, nil
}

// spent is what the eviction of a pod does to the budget that guards it: there is one healthy pod less.
func (g guard) spent(pod object, now time.Time) []action.Change {
	if g.budget == nil || !workload.IsReady(pod) || workload.IsLeaving(pod) {
		return nil
	}
	healthy, _ := workload.Int(g.budget, "status", "currentHealthy")
	allowed, _ := workload.Int(g.budget, "status", "disruptionsAllowed")
	after := workload.With(g.budget, max(0, healthy-1), "status", "currentHealthy")
	after = workload.With(after, max(0, allowed-1), "status", "disruptionsAllowed")
	return []action.Change{g.becomes(workload.Allowing(after, allowed > 1, now))}
}

// becomes is the change of the budget to another state of it.
func (g guard) becomes(after object) action.Change {
	of := address{kind: mustBuiltin(budgetKind), namespace: namespaceOf(after), name: nameOf(after)}
	return action.Change{Target: of.target(), Before: g.before, After: after, Derived: true, Bookkeeping: bookkeeping}
}

// numbers says what a budget wants and has: "2 of 3 pods are healthy, and 2 have to be".
func numbers(budget object) string {
	n := func(field string) int64 {
		n, _ := workload.Int(budget, "status", field)
		return n
	}
	return fmt.Sprintf("%d of %d pods are healthy, and %d have to be", n("currentHealthy"), n("expectedPods"), n("desiredHealthy"))
}

// held says why a budget does not let a pod go now, "" if it does.
func (g guard) held(pod object) string {
	switch {
	case g.budget == nil, workload.NeedsNoBudget(pod):
		return ""
	case g.other != nil:
		return g.twice()
	}
	switch workload.Disrupts(g.budget, pod) {
	case workload.Forbidden:
		return fmt.Sprintf("the PodDisruptionBudget %s allows no disruption: %s", nameOf(g.budget), numbers(g.budget))
	case workload.Unseen:
		return fmt.Sprintf("the PodDisruptionBudget %s has changed, and the cluster has not counted its pods since", nameOf(g.budget))
	}
	return ""
}

func (g guard) twice() string {
	return fmt.Sprintf("two PodDisruptionBudgets guard it, %s and %s, and the cluster evicts no such pod", nameOf(g.budget), nameOf(g.other))
}

// never says why a budget will not let a pod go as long as it and the owners of its pods are what they are, "" if it may: wanted is how
// many pods those owners want.
func (g guard) never(wanted int64) string {
	switch {
	case g.budget == nil, wanted == 0:
		return ""
	case g.other != nil:
		return g.twice()
	}
	_, desired := workload.Demand(g.budget, int(wanted), func() int64 { return wanted })
	if desired < wanted {
		return ""
	}
	return fmt.Sprintf("the PodDisruptionBudget %s never allows a disruption: %d of %d pods have to be healthy", nameOf(g.budget), desired, wanted)
}

// refusedByBudget is the error of an eviction that a budget forbids. It is no sign of a server that has too much to do, so it is not to be
// sent again as if it were.
func refusedByBudget(of address, why string) *action.Error {
	return action.Errorf(action.CodeThrottled, "cannot evict %s: %s", of.target(), why).On(of.target()).
		Try(`wait until it may go: kubernetes.wait(pod, { condition = "evictable" }); see the budgets: kubectl get pdb -n %s`, of.namespace)
}

// forbidsEviction tells whether the server refused an eviction because of a budget, and what it says of it.
func forbidsEviction(err error) (said string, forbids bool) {
	a := answerOf(err)
	if a.code == http.StatusInternalServerError && strings.Contains(a.status.Message, "more than one PodDisruptionBudget") {
		return a.status.Message, true
	}
	if a.code != http.StatusTooManyRequests || a.status.Details == nil {
		return "", false
	}
	for _, cause := range a.status.Details.Causes {
		if cause.Type == policyv1.DisruptionBudgetCause {
			return strings.TrimSuffix(strings.TrimSpace(cause.Message), "."), true
		}
	}
	return "", false
}

// ofBudget is the error of an eviction, said in terms of the budget if that is in its way.
func ofBudget(of address, err error) error {
	said, forbids := forbidsEviction(err)
	switch {
	case !forbids:
		return err
	case answerOf(err).code == http.StatusInternalServerError:
		return action.Errorf(action.CodeRejected, "cannot evict %s: %s", of.target(), said).On(of.target()).
			Try("let one budget guard it: kubectl get pdb -n %s", of.namespace)
	}
	e := refusedByBudget(of, "its PodDisruptionBudget does not allow it now: "+said)
	e.Cause = answerOf(err)
	return e
}
