package kubernetes

import (
	"context"
	"net/http"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) evictFunc() module.Func {
	return module.Func{
		Name: "evict",
		Doc: `Evicts a pod: deletes it, unless a PodDisruptionBudget forbids that now.

It does not wait until the budget allows it, or until the pod is gone: see wait with the conditions "evictable" and "deleted". What a
budget forbids is an error with the code throttled. The very pod that was looked at is evicted, never another one that took its name
since. A pod that is gone already is no error.`,
		Params: []module.Param{
			refParam(`the pod: "pod/name", its name alone, or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "how to evict it", Fields: []module.Param{
				namespaceParam,
				{Name: "grace", Kind: module.Duration, Doc: "how long the pod may take to stop, in whole seconds; without it its own; 0 kills at once"},
			}},
		},
		Returns: module.Result{Type: "boolean", Doc: "true if it was evicted, false if it was gone already"},
		Errors:  []action.Code{action.CodeThrottled, action.CodeForbidden, action.CodeConflict, action.CodeRejected},
		Examples: []string{
			`kubernetes.evict("web-6d4cf56db6-x2x7p", { namespace = "shop" })`,
			`kubernetes.wait(pod, { condition = "evictable" }); kubernetes.evict(pod, { grace = "30s" })`,
		},
		Risk: action.Destructive,
		Act: func(args module.Args) (action.Action, error) {
			of, err := b.podAddress(args, "evict")
			if err != nil {
				return nil, err
			}
			return evictAction{deleteAction{b, of, args}}, nil
		},
		Permits: func(kind string) []action.Permission {
			return append(permissions(kind, "", "get"), permissions(kind, "eviction", "create")...)
		},
		FullKind: fullKind,
	}
}

// An evictAction is one call of evict: a deletion that asks first.
type evictAction struct {
	deleteAction
}

func (e evictAction) Describe() action.Description {
	d := e.deleteAction.Describe()
	d.Verb = "kubernetes.evict"
	d.Permissions = []action.Permission{e.of.permission("get", ""), e.of.permission("create", "eviction")}
	return d
}

func (e evictAction) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	s, err := e.b.look(ctx, view, e.of, "evict")
	if err != nil {
		return action.Prediction{}, err
	}
	_, hurried := e.args.Duration("grace")
	switch {
	case s.object == nil:
		return isGone("it is gone already"), nil
	case e.of.replaced(s.object):
		return isGone("it is gone already: another object has its name now"), nil
	case workload.IsLeaving(s.object) && !hurried:
		return action.Prediction{Value: true, Label: action.Validated, Note: "it is on its way already", Unchanged: true}, nil
	}
	p := action.Prediction{
		Changes:  own(e.of.target(), s.object, nil),
		Evidence: action.Evidence{UID: uidOf(s.object)},
		Value:    true, Label: action.Simulated, Note: finalizerNote(s.object),
	}
	guarding, unseen := e.guarding(ctx, view, s.object)
	if guarding.other != nil && !workload.NeedsNoBudget(s.object) {
		return action.Prediction{}, action.Errorf(action.CodeRejected, "cannot evict %s: %s", e.of.target(), guarding.twice()).On(e.of.target()).
			Try("let one budget guard it: kubectl get pdb -n %s", e.of.namespace)
	}
	if err := e.ask(ctx, view, s); err != nil {
		return action.Prediction{}, err
	}
	counts := s.intended || e.b.intendsPods(view, e.of.namespace)
	if why := guarding.held(s.object); counts && why != "" {
		return action.Prediction{}, refusedByBudget(e.of, why)
	}
	switch {
	case s.intended:
	case counts && guarding.budget != nil:
		p.Note = appendNote(p.Note, "the server has not seen what this run does to the pods that its budget counts")
	default:
		p.Label = action.Validated
	}
	p.Changes = append(p.Changes, guarding.spent(s.object, e.b.now(ctx))...)
	return follows(p, func() ([]action.Change, error) {
		if unseen != nil {
			return nil, unseen
		}
		return e.consequences(ctx, view, s.object)
	}), nil
}

// ask lets the server say whether it would evict the pod. What it says of a budget does not count where the run intends something about
// pods or budgets there: it has not seen that.
func (e evictAction) ask(ctx context.Context, view action.View, s sight) error {
	if s.intended {
		return nil
	}
	err := e.send(ctx, uidOf(s.object), true)
	if _, forbids := forbidsEviction(err); forbids && e.b.intendsPods(view, e.of.namespace) {
		return nil
	}
	return ofBudget(e.of, err)
}

func (b *binding) intendsPods(view action.View, namespace string) bool {
	return len(view.Intended(system, "pods", namespace)) > 0 || len(view.Intended(system, mustBuiltin(budgetKind).canonical(), namespace)) > 0
}

// guarding is the budget that guards the pod.
func (e evictAction) guarding(ctx context.Context, view action.View, pod object) (guard, error) {
	guards, err := e.b.guards(ctx, view, e.of.namespace, []object{pod})
	return guards[e.of.name], err
}

// send asks the server to evict the pod with that uid and no other.
func (e evictAction) send(ctx context.Context, uid string, dryRun bool) error {
	body, err := encode(object{
		"apiVersion": "policy/v1", "kind": "Eviction",
		"metadata":      object{"name": e.of.name, "namespace": e.of.namespace},
		"deleteOptions": e.options(uid, dryRun),
	})
	if err != nil {
		return err
	}
	r := e.of.request(http.MethodPost, "create eviction", "evict")
	r.path, r.body, r.mutates = e.of.path("eviction"), body, !dryRun
	_, err = e.b.send(ctx, r)
	return err
}

// Apply evicts the pod that was looked at. A budget that forbids it is no server that has too much to do: the gate does not try again.
func (e evictAction) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	uid := predicted.Evidence.UID
	if uid == "" {
		return action.Result{Value: false, Note: "it was gone already"}, nil
	}
	err := e.send(ctx, uid, false)
	switch {
	case isAbsent(err):
		return action.Result{Value: false, Note: "it was gone already"}, nil
	case err != nil && action.CodeOf(err) == action.CodeConflict:
		return action.Result{}, e.b.recreated(ctx, e.of, uid, err)
	case err != nil:
		return action.Result{}, ofBudget(e.of, err)
	}
	e.b.leaveEvent(ctx, e.of.stub(uid), "RunbookEvict", "evicted")
	return action.Result{Value: true}, nil
}
