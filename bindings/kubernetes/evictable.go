package kubernetes

import (
	"cmp"
	"context"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// checkEvictable looks whether the budgets let a pod go now. A pod that is gone or on its way needs nobody's leave.
func (b *binding) checkEvictable(ctx context.Context, view action.View, pod object) (action.Progress, error) {
	if pod == nil {
		return action.Progress{Met: true, Detail: "it is gone"}, nil
	}
	guards, err := b.guards(ctx, view, namespaceOf(pod), []object{pod})
	if err != nil {
		return action.Progress{}, err
	}
	why, never, err := b.heldBy(ctx, view, guards[nameOf(pod)], pod)
	if err != nil {
		return action.Progress{}, err
	}
	return action.Progress{Met: why == "", Failed: never, Detail: cmp.Or(why, "no budget holds it")}, nil
}

// heldBy says why a pod's budget does not let it go now, "" if it does, and whether waiting would not help.
func (b *binding) heldBy(ctx context.Context, view action.View, g guard, pod object) (why string, never bool, err error) {
	if why = g.held(pod); why == "" {
		return "", false, nil
	}
	always, err := b.neverEvictable(ctx, view, g)
	return cmp.Or(always, why), always != "", err
}

// neverEvictable says why a budget that holds a pod now will go on to, "" if it may let it go when other pods are ready.
func (b *binding) neverEvictable(ctx context.Context, view action.View, g guard) (string, error) {
	if g.other != nil {
		return g.twice(), nil
	}
	pods, err := b.podsUnder(ctx, view, g.budget)
	if err != nil {
		return "", err
	}
	wanted, err := b.wantedOf(ctx, view, pods)
	return g.never(wanted), err
}

// assumeEvictable is the intended state in which the budget of a pod lets it go: the other pods that it guards are ready.
func (b *binding) assumeEvictable(ctx context.Context, view action.View, pod object) ([]action.Change, error) {
	guards, err := b.guards(ctx, view, namespaceOf(pod), []object{pod})
	g := guards[nameOf(pod)]
	if err != nil || g.budget == nil || g.other != nil {
		return nil, err
	}
	pods, err := b.podsUnder(ctx, view, g.budget)
	if err != nil {
		return nil, err
	}
	now := b.now(ctx)
	var out []action.Change
	after := make([]object, len(pods))
	for i, p := range pods {
		if after[i] = p; uidOf(p) != uidOf(pod) {
			after[i] = workload.ReadyPod(p, now)
		}
		if !workload.Equal(p, after[i]) {
			out = append(out, action.Change{Target: podAt(p).target(), Before: p, After: after[i], Derived: true})
		}
	}
	wanted, err := b.wantedOf(ctx, view, pods)
	if err != nil {
		return nil, err
	}
	budget := workload.Budgeted(g.budget, after, func() int64 { return wanted }, now)
	if workload.Disrupts(budget, pod) == workload.Forbidden {
		return nil, nil // that other pods become ready is not enough, and nobody can know what would be
	}
	return append([]action.Change{g.becomes(budget)}, out...), nil
}

func podAt(pod object) address {
	return address{kind: mustBuiltin("pods"), namespace: namespaceOf(pod), name: nameOf(pod)}
}
