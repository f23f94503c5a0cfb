package kubernetes

import (
	"context"
	"net/http"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// replicasField is what scale writes, as evidence and errors spell it.
const replicasField = "spec.replicas"

func (b *binding) scaleFunc() module.Func {
	return module.Func{
		Name: "scale",
		Doc: `Sets how many pods a workload wants: a Deployment, StatefulSet, ReplicaSet or any other kind that can be scaled.

It does not wait for the pods: see wait.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "replicas", Kind: module.Integer, Required: true, Min: module.Bound(0), Doc: "the number of pods wanted"},
			{Name: "options", Kind: module.Object, Doc: "where it is", Fields: []module.Param{namespaceParam}},
		},
		Returns: module.Result{Type: "integer", Doc: "how many it wanted before, so that a script can put it back"},
		Errors:  []action.Code{action.CodeNotFound, action.CodeForbidden, action.CodeConflict, action.CodeRejected},
		Examples: []string{
			`kubernetes.scale("deployment/web", 5, { namespace = "shop" })`,
			`local before = kubernetes.scale("deployment/web", 0); kubernetes.scale("deployment/web", before)`,
		},
		Risk: action.Disruptive,
		Act: func(args module.Args) (action.Action, error) {
			of, err := b.address(args, "")
			if err != nil {
				return nil, err
			}
			n, _ := args.Int("replicas")
			return scaleAction{b, of, n}, nil
		},
		FullKind: fullKind,
		Permits: func(kind string) []action.Permission {
			return append(permissions(kind, "", "get"), permissions(kind, "scale", "get", "patch")...)
		},
	}
}

// A scaleAction is one call of scale.
type scaleAction struct {
	b        *binding
	of       address
	replicas int64
}

func (s scaleAction) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.scale", Target: s.of.target(), Risk: action.Disruptive, Idempotent: true,
		Permissions: []action.Permission{
			s.of.permission("get", ""), s.of.permission("get", "scale"), s.of.permission("patch", "scale"),
		},
		Identity: []action.Arg{{Name: "replicas", Value: s.replicas}},
	}
}

func (s scaleAction) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	of, err := s.b.resolved(ctx, s.of)
	if err != nil {
		return action.Prediction{}, err
	}
	s.of = of
	seen, err := s.b.existing(ctx, view, of, "scale")
	if err != nil {
		return action.Prediction{}, err
	}
	old, granted := workload.Replicas(seen.object), s.replicas
	label, note := action.Simulated, "the server has not seen what this run intends before"
	if !seen.intended {
		if old, granted, err = s.ask(ctx); err != nil {
			return action.Prediction{}, err
		}
		label, note = action.Validated, ""
	}
	p := action.Prediction{
		Evidence: action.Evidence{UID: uidOf(seen.object), Old: map[string]any{replicasField: old}},
		Value:    old, Label: label, Note: note,
	}
	if old == granted {
		p.Note, p.Unchanged = "it wants that many already", true
		return p, nil
	}
	after := s.b.owned(ctx, of.kind, "scale", seen.object, workload.Scale(seen.object, granted))
	p.Changes = own(of.target(), seen.object, after)
	p = follows(p, func() ([]action.Change, error) { return s.b.controllers(ctx, view, after) })
	return s.b.contested(ctx, view, p, contest{of, seen.object, after, written(seen.object, after, "")}), nil
}

// ask lets the server say what it would do: how many replicas are wanted now, and how many would be.
func (s scaleAction) ask(ctx context.Context) (old, granted int64, err error) {
	look := func() (object, error) {
		scale, err := s.read(ctx)
		if answerOf(err).code == http.StatusNotFound {
			// The object was there a moment ago: it is the subresource that does not exist.
			return nil, action.Errorf(action.CodeRejected, "cannot scale %s: objects of this kind have no number of replicas", s.of.target()).On(s.of.target())
		}
		return scale, err
	}
	answer, err := overSame(look, func(scale object) (object, error) {
		old = wanted(scale)
		return s.patch(ctx, scale, true)
	})
	return old, wanted(answer), err
}

// wanted is the number of replicas in a scale subresource, which leaves out a zero.
func wanted(scale object) int64 {
	n, _ := workload.Int(scale, "spec", "replicas")
	return n
}

// read asks for the scale subresource, which says how many replicas are wanted whatever field of the kind holds them.
func (s scaleAction) read(ctx context.Context) (object, error) {
	r := s.of.request(http.MethodGet, "get scale", "scale")
	r.path = s.of.path("scale")
	_, scale, err := s.b.sendFor(ctx, r)
	if err != nil {
		return nil, err
	}
	return workload.With(scale, wanted(scale), "spec", "replicas"), nil
}

// patch writes the number of replicas over the scale that was read.
func (s scaleAction) patch(ctx context.Context, scale object, dryRun bool) (object, error) {
	p := mergePatch(object{"spec": object{"replicas": s.replicas}}).over(scale)
	r, err := p.request(s.of, "scale", "scale", s.b.FieldManager, dryRun)
	if err != nil {
		return nil, err
	}
	_, answer, err := s.b.sendFor(ctx, r)
	return answer, err
}

// Apply compares uid and old replicas with the evidence, and writes only over the version it compared.
func (s scaleAction) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	var err error
	if s.of, err = s.b.resolved(ctx, s.of); err != nil {
		return action.Result{}, err
	}
	look := func() (object, error) { return s.unchanged(ctx, predicted.Evidence) }
	return overSame(look, func(scale object) (action.Result, error) {
		old := wanted(scale)
		if old == s.replicas {
			return action.Result{Value: old, Note: "it wants that many already"}, nil
		}
		if _, err := s.patch(ctx, scale, false); err != nil {
			return action.Result{}, err
		}
		s.b.leaveEvent(ctx, s.of.stub(uidOf(scale)), "RunbookScale", "scaled from %d to %d replicas", old, s.replicas)
		return action.Result{Value: old}, nil
	})
}

// unchanged is the scale subresource, if it still is what the evidence says.
func (s scaleAction) unchanged(ctx context.Context, seen action.Evidence) (object, error) {
	scale, err := s.read(ctx)
	if err != nil && !isAbsent(err) {
		return nil, err
	}
	return scale, s.b.stillAs(s.of, seen, scale)
}

// Settle compares the number of replicas wanted now with the old and the requested one.
func (s scaleAction) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	of, err := s.b.resolved(ctx, s.of)
	if err != nil {
		return action.Unknown, err
	}
	s.of = of
	scale, err := s.read(ctx)
	if isAbsent(err) {
		return action.Unknown, nil
	}
	if err != nil {
		return action.Unknown, err
	}
	now := wanted(scale)
	old, known := workload.Int(intent.Evidence.Old, replicasField)
	switch {
	case uidOf(scale) != intent.Evidence.UID:
		return action.Unknown, nil
	case now == s.replicas:
		return action.Done, nil
	case known && now == old:
		return action.NotDone, nil
	}
	return action.Unknown, nil
}
