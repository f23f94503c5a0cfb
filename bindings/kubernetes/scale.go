package kubernetes

import (
	"context"
	"net/http"
	"net/url"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// replicasField is what scale writes, as evidence and errors spell it.
const replicasField = "spec.replicas"

// conflictTries bounds how often a write is repeated because something else about the object changed in between.
const conflictTries = 5

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
		if old, granted, err = s.ask(ctx, uidOf(seen.object)); err != nil {
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
	after := workload.Scale(seen.object, granted)
	p.Changes = own(of.target(), seen.object, after)
	return follows(p, func() ([]action.Change, error) { return s.b.controllers(ctx, view, after) }), nil
}

// controllers is what a workload's controllers do once they see it like this.
func (b *binding) controllers(ctx context.Context, view action.View, owner object) ([]action.Change, error) {
	w, err := b.gather(ctx, view, owner)
	if err != nil {
		return nil, err
	}
	return changes(workload.Diff(w, workload.Reconcile(w, b.now(ctx)))), nil
}

// ask lets the server say what it would do: how many replicas are wanted now, and how many would be.
func (s scaleAction) ask(ctx context.Context, uid string) (old, granted int64, err error) {
	scale, err := s.read(ctx)
	if answerOf(err).code == http.StatusNotFound {
		// The object was there a moment ago: it is the subresource that does not exist.
		return 0, 0, action.Errorf(action.CodeRejected, "cannot scale %s: objects of this kind have no number of replicas", s.of.target()).On(s.of.target())
	}
	if err != nil {
		return 0, 0, err
	}
	answer, err := s.patch(ctx, uid, "", url.Values{"dryRun": {"All"}})
	if err != nil {
		return 0, 0, err
	}
	return wanted(scale), wanted(answer), nil
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
	return scale, err
}

// patch writes the number of replicas. The server compares the uid, and the resource version if one is given.
func (s scaleAction) patch(ctx context.Context, uid, version string, query url.Values) (object, error) {
	metadata := object{"uid": uid}
	if version != "" {
		metadata["resourceVersion"] = version
	}
	body, err := encode(object{"metadata": metadata, "spec": object{"replicas": s.replicas}})
	if err != nil {
		return nil, err
	}
	query.Set("fieldManager", s.b.FieldManager)
	r := s.of.request(http.MethodPatch, "patch scale", "scale")
	r.path, r.query, r.body, r.contentType = s.of.path("scale"), query, body, "application/merge-patch+json"
	r.mutates = query.Get("dryRun") == ""
	_, answer, err := s.b.sendFor(ctx, r)
	return answer, err
}

// Apply compares uid and old replicas with the evidence, and writes only over the version it compared. When that version has
// moved on it compares again, so that a status that changes all the time cannot make it fail.
func (s scaleAction) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	var err error
	if s.of, err = s.b.resolved(ctx, s.of); err != nil {
		return action.Result{}, err
	}
	for range conflictTries {
		var scale object
		if scale, err = s.unchanged(ctx, predicted.Evidence); err != nil {
			return action.Result{}, err
		}
		old := wanted(scale)
		if old == s.replicas {
			return action.Result{Value: old, Note: "it wants that many already"}, nil
		}
		_, err = s.patch(ctx, uidOf(scale), workload.Text(scale, "metadata", "resourceVersion"), url.Values{})
		if err == nil {
			s.b.leaveEvent(ctx, s.of.stub(uidOf(scale)), "RunbookScale", "scaled from %d to %d replicas", old, s.replicas)
			return action.Result{Value: old}, nil
		}
		if action.CodeOf(err) != action.CodeConflict {
			break
		}
	}
	return action.Result{}, err
}

// unchanged is the scale subresource, if it still is what the evidence says.
func (s scaleAction) unchanged(ctx context.Context, seen action.Evidence) (object, error) {
	scale, err := s.read(ctx)
	if isAbsent(err) {
		return nil, action.Errorf(action.CodeConflict, "%s has changed: it existed when this was planned and does not now", s.of.target()).On(s.of.target())
	}
	if err != nil {
		return nil, err
	}
	if uid := uidOf(scale); seen.UID != "" && uid != seen.UID {
		return nil, drifted(s.of, "metadata.uid", seen.UID, uid)
	}
	now := wanted(scale)
	if planned, ok := workload.Int(seen.Old, replicasField); ok && planned != now {
		return nil, drifted(s.of, replicasField, planned, now)
	}
	return scale, nil
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
