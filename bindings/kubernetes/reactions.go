package kubernetes

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// reactions is what controllers do about a change of an object: those of a workload that is meant to be another one, or those of a pod
// that they find no longer.
func (b *binding) reactions(ctx context.Context, view action.View, before, after object) ([]action.Change, error) {
	switch {
	case workload.Text(after, "kind") == "Pod":
		return b.released(ctx, view, before, after)
	case workload.Equal(before["spec"], after["spec"]):
		return nil, nil
	}
	return b.controllers(ctx, view, after)
}

// released is what happens when a pod's labels do not match its controller's selector any more: it is let go, and replaced. That is how a
// pod is set aside to be looked at.
func (b *binding) released(ctx context.Context, view action.View, before, after object) ([]action.Change, error) {
	ref := workload.Controller(after)
	k, known := builtinKind(wordFor(workload.Text(ref, "apiVersion"), workload.Text(ref, "kind")))
	if before == nil || !known || workload.Equal(labelsOf(before), labelsOf(after)) {
		return nil, nil
	}
	above, err := b.look(ctx, view, address{kind: k, namespace: namespaceOf(after), name: workload.Text(ref, "name")}, "read")
	if err != nil {
		return nil, err
	}
	selector, selects := podSelector(above.object)
	if !selects || selector.Matches(labelsOf(after)) || uidOf(above.object) != workload.Text(ref, "uid") {
		return nil, nil
	}
	out := changes([]workload.Delta{{Before: after, After: workload.Released(after)}})
	root, err := b.root(ctx, view, after)
	if err != nil {
		return nil, err
	}
	w, err := b.gather(ctx, view, root)
	if err != nil {
		return nil, err
	}
	rest := workload.Reconcile(w.Without(before), b.now(ctx))
	return append(out, changes(beside(before, workload.Diff(w, rest)))...), nil
}

// controllers is what a workload's controllers do once they see it like this.
func (b *binding) controllers(ctx context.Context, view action.View, owner object) ([]action.Change, error) {
	w, err := b.gather(ctx, view, owner)
	if err != nil {
		return nil, err
	}
	return changes(workload.Diff(w, workload.Reconcile(w, b.now(ctx)))), nil
}
