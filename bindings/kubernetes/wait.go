package kubernetes

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) waitFunc() module.Func {
	return module.Func{
		Name: "wait",
		Doc: `Waits until a condition holds for one object.

The conditions:

- "ready": the controllers are done with the object. For a Deployment all replicas are updated and available, for a pod it is
  ready, for a job it is complete; any other kind, custom ones included, by its standard conditions (kstatus).
- "available": it serves. For a Deployment its Available condition, for other workloads all replicas are available.
- "deleted": it is gone, or another object has its name.
- "evictable": for a pod: its PodDisruptionBudget lets it be evicted now, or it is gone.
- "condition=TYPE" or "condition=TYPE=STATUS": as for kubectl wait; the status is True unless given.

It fails at once when the condition cannot come true any more: the object is gone, its rollout exceeded its progress deadline, a job
failed, a pod has ended, or a budget asks for as many pods as there are to be. A pod that crashes, cannot get its image, or has no node
may still become ready: it is waited for. A condition counts only once the controller has seen the object as it is now.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "what to wait for", Fields: []module.Param{
				namespaceParam,
				{Name: "condition", Kind: module.String, Default: "ready", Doc: "what must hold; see above"},
				{Name: "timeout", Kind: module.Duration, Default: 5 * time.Minute, Doc: "how long to wait"},
				{Name: "every", Kind: module.Duration, Default: time.Second, Doc: "how often to look"},
			}},
		},
		Returns: module.Result{Type: "kubernetes.Object?", Doc: "the object once the condition holds; nil for one that was waited to go"},
		Errors:  []action.Code{action.CodeTimeout, action.CodeNotFound, action.CodeForbidden},
		Examples: []string{
			`kubernetes.wait("deployment/web", { condition = "available", timeout = "5m" })`,
			`kubernetes.wait("namespace/scratch", { condition = "deleted" })`,
			`kubernetes.wait("job/backup", { condition = "condition=Complete", timeout = "1h", every = "10s" })`,
		},
		Wait: b.newWait,
	}
}

// A waiting is one call of wait.
type waiting struct {
	b    *binding
	of   address
	uid  string // of the object that the script passed; empty if it only named one
	cond condition
	pace action.Pace
}

func (b *binding) newWait(args module.Args) (action.Wait, error) {
	of, err := b.address(args, "")
	if err != nil {
		return nil, err
	}
	w := waiting{b: b, of: of}
	if w.cond, err = parseCondition(args.String("condition")); err != nil {
		return nil, err
	}
	if w.cond.kind == evictable {
		if err := checkKind(of, "wait for the eviction of", []string{"pods"}); err != nil {
			return nil, err
		}
	}
	if passed, err := decode(of.given); err == nil {
		w.uid = uidOf(passed)
	}
	w.pace.Timeout, _ = args.Duration("timeout")
	w.pace.Every, _ = args.Duration("every")
	return w, nil
}

func (w waiting) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.wait", Target: w.of.target(), Idempotent: true,
		Permissions: w.permissions(),
		Identity:    []action.Arg{{Name: "condition", Value: w.cond.text}},
	}
}

func (w waiting) permissions() []action.Permission {
	out := []action.Permission{w.of.permission("get", "")}
	if w.cond.kind == evictable {
		out = append(out, address{kind: mustBuiltin(budgetKind), namespace: w.of.namespace}.permission("list", ""))
	}
	return out
}

func (w waiting) Pace() action.Pace { return w.pace }

func (w waiting) Check(ctx context.Context, view action.View) (action.Progress, error) {
	of, err := w.b.resolved(ctx, w.of)
	if err != nil {
		return action.Progress{}, err
	}
	s, err := w.b.look(ctx, view, of, "wait for")
	if err != nil {
		return action.Progress{}, err
	}
	progress, err := w.check(ctx, view, w.same(s.object))
	if err != nil || !progress.Met || s.object == nil {
		return progress, err
	}
	if w.cond.kind != deleted {
		progress.Value, err = encode(s.object)
	}
	return progress, err
}

func (w waiting) check(ctx context.Context, view action.View, o object) (action.Progress, error) {
	if w.cond.kind == evictable {
		return w.b.checkEvictable(ctx, view, o)
	}
	return w.cond.check(o)
}

// same is the object, or nil if it is not the one that the script passed.
func (w waiting) same(o object) object {
	if w.uid != "" && uidOf(o) != w.uid {
		return nil
	}
	return o
}

func (w waiting) Assume(ctx context.Context, view action.View) ([]action.Change, error) {
	of, err := w.b.resolved(ctx, w.of)
	if err != nil {
		return nil, err
	}
	s, err := w.b.look(ctx, view, of, "wait for")
	if err != nil || s.object == nil {
		return nil, err
	}
	switch w.cond.kind {
	case evictable:
		return w.b.assumeEvictable(ctx, view, s.object)
	case deleted:
		derived, err := deleteAction{b: w.b, of: of}.consequences(ctx, view, s.object)
		return append([]action.Change{{Target: of.target(), Before: s.object}}, derived...), err
	}
	return w.assumeMet(ctx, view, of, s.object)
}

// assumeMet is the intended state in which the condition holds; nothing if our model has no such state.
func (w waiting) assumeMet(ctx context.Context, view action.View, of address, o object) ([]action.Change, error) {
	before, err := w.b.gather(ctx, view, o)
	if err != nil {
		return nil, err
	}
	after := w.cond.assume(before, w.b.now(ctx))
	if progress, err := w.cond.check(after.Owner); err != nil || !progress.Met {
		return nil, err
	}
	return ownFirst(of, o, before, after), nil
}
