package kubernetes

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) deleteFunc() module.Func {
	return module.Func{
		Name: "delete",
		Doc: `Deletes one object, and by default what it controls.

A pod of a Deployment is replaced at once, which is how a failing pod is restarted. The very object that was looked at is
deleted, never another one that took its name since. An object that is gone already is no error.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "how to delete it", Fields: []module.Param{
				namespaceParam,
				{Name: "grace", Kind: module.Duration, Doc: "how long a pod may take to stop, in whole seconds; without it the pod's own; 0 kills at once"},
			}},
		},
		Returns: module.Result{Type: "boolean", Doc: "true if it was deleted, false if it was gone already"},
		Errors:  []action.Code{action.CodeForbidden, action.CodeConflict, action.CodeRejected},
		Examples: []string{
			`kubernetes.delete("pod/web-6d4cf56db6-x2x7p", { namespace = "shop" })`,
			`for _, pod in ipairs(kubernetes.failing(pods)) do kubernetes.delete(pod) end`,
		},
		Risk: action.Destructive,
		Act: func(args module.Args) (action.Action, error) {
			of, err := b.address(args, "")
			if err != nil {
				return nil, err
			}
			return deleteAction{b, of, args}, nil
		},
		Permits:  func(kind string) []action.Permission { return permissions(kind, "", "get", "delete") },
		FullKind: fullKind,
	}
}

// A deleteAction is one call of delete.
type deleteAction struct {
	b    *binding
	of   address
	args module.Args
}

func (d deleteAction) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.delete", Target: d.of.target(), Risk: d.risk(), Idempotent: true,
		Permissions: []action.Permission{d.of.permission("get", ""), d.of.permission("delete", "")},
		Identity:    d.identity(),
	}
}

// identity is the grace period in seconds, if one was given: what a plan keeps must be plain JSON.
func (d deleteAction) identity() []action.Arg {
	if grace, ok := d.args.Duration("grace"); ok {
		return []action.Arg{{Name: "grace", Value: int64(grace / time.Second)}}
	}
	return nil
}

// risk is less for a pod, which its controller replaces, unless the pod is known to have none.
func (d deleteAction) risk() action.Risk {
	if d.of.kind.canonical() != "pods" {
		return action.Destructive
	}
	if pod, err := decode(d.of.given); err == nil && workload.Controller(pod) == nil {
		return action.Destructive
	}
	return action.Disruptive
}

func (d deleteAction) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	of, err := d.b.resolved(ctx, d.of)
	if err != nil {
		return action.Prediction{}, err
	}
	d.of = of
	s, err := d.b.look(ctx, view, of, "delete")
	if err != nil {
		return action.Prediction{}, err
	}
	switch {
	case s.object == nil:
		return isGone("it is gone already"), nil
	case of.replaced(s.object):
		return isGone("it is gone already: another object has its name now"), nil
	}
	p := action.Prediction{
		Changes:  own(of.target(), s.object, nil),
		Evidence: action.Evidence{UID: uidOf(s.object)},
		Value:    true, Label: action.Simulated, Note: finalizerNote(s.object),
	}
	if !s.intended {
		p.Label = action.Validated
		if err := d.send(ctx, uidOf(s.object), true); err != nil {
			return action.Prediction{}, err
		}
	}
	p = follows(p, func() ([]action.Change, error) { return d.consequences(ctx, view, s.object) })
	return d.b.contested(ctx, view, p, contest{of: of, before: s.object}), nil
}

// isGone predicts that there is nothing to delete.
func isGone(note string) action.Prediction {
	return action.Prediction{Value: false, Label: action.Validated, Note: note, Unchanged: true}
}

func finalizerNote(o object) string {
	finalizers, _ := workload.Dig(o, "metadata", "finalizers").([]any)
	if len(finalizers) == 0 {
		return ""
	}
	names := make([]string, len(finalizers))
	for i, f := range finalizers {
		names[i], _ = f.(string)
	}
	return "it goes when its finalizers are done: " + strings.Join(names, ", ")
}

// consequences is what happens to other objects: a workload takes its pods with it, a controlled pod is replaced, and a namespace
// takes what this run put into it. (What the server has in a namespace needs no change of its own: reads look at the namespace.)
func (d deleteAction) consequences(ctx context.Context, view action.View, o object) ([]action.Change, error) {
	if d.of.kind.canonical() == "namespaces" {
		return d.b.emptied(view, d.of.name), nil
	}
	root, err := d.b.root(ctx, view, o)
	if err != nil {
		return nil, err
	}
	before, err := d.b.gather(ctx, view, root)
	if err != nil {
		return nil, err
	}
	if uidOf(root) == uidOf(o) {
		return changes(beside(o, workload.Diff(before, workload.Workload{}))), nil
	}
	after := workload.Reconcile(before.Without(o), d.b.now(ctx))
	return changes(beside(o, workload.Diff(before, after))), nil
}

// beside drops the deletion of o itself from what happened around it. A stateful set's new pod has the old one's name.
func beside(o object, deltas []workload.Delta) []workload.Delta {
	var out []workload.Delta
	for _, delta := range deltas {
		if uidOf(delta.Before) == uidOf(o) {
			delta.Before = nil
		}
		if delta.Before != nil || delta.After != nil {
			out = append(out, delta)
		}
	}
	return out
}

// emptied removes everything that the run intends in a namespace.
func (b *binding) emptied(view action.View, namespace string) []action.Change {
	var out []action.Change
	for _, k := range b.allKinds() {
		for _, t := range view.Intended(system, k.canonical(), namespace) {
			if o, _ := view.Lay(t, nil); o != nil && k.namespaced {
				out = append(out, action.Change{Target: t, Before: o, Derived: true})
			}
		}
	}
	return out
}

// send asks the server to delete the object with that uid and no other. What a DELETE does is said in its body: where there is
// one, the server does not read the query.
func (d deleteAction) send(ctx context.Context, uid string, dryRun bool) error {
	body, err := encode(d.options(uid, dryRun))
	if err != nil {
		return err
	}
	r := d.of.request(http.MethodDelete, "delete", "delete")
	r.body, r.mutates = body, !dryRun
	_, err = d.b.send(ctx, r)
	return err
}

// options are what a DELETE or an eviction says of the object with that uid.
func (d deleteAction) options(uid string, dryRun bool) object {
	options := object{
		"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background",
		"preconditions": object{"uid": uid},
	}
	if dryRun {
		options["dryRun"] = []any{"All"}
	}
	if grace, ok := d.args.Duration("grace"); ok {
		options["gracePeriodSeconds"] = int64(grace / time.Second)
	}
	return options
}

func (d deleteAction) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	uid := predicted.Evidence.UID
	if uid == "" {
		return action.Result{Value: false, Note: "it was gone already"}, nil
	}
	var err error
	if d.of, err = d.b.resolved(ctx, d.of); err != nil {
		return action.Result{}, err
	}
	err = d.send(ctx, uid, false)
	if isAbsent(err) {
		return action.Result{Value: false, Note: "it was gone already"}, nil
	}
	if action.CodeOf(err) == action.CodeConflict && err != nil {
		return action.Result{}, d.b.recreated(ctx, d.of, uid, err)
	}
	if err != nil {
		return action.Result{}, err
	}
	d.b.leaveEvent(ctx, d.of.stub(uid), "RunbookDelete", "deleted")
	return action.Result{Value: true}, nil
}

// recreated explains a conflict: if the name now belongs to another object, that is why.
func (b *binding) recreated(ctx context.Context, of address, uid string, err error) error {
	_, live, lookErr := b.fetch(ctx, of, "read")
	if lookErr != nil || uidOf(live) == uid {
		return err
	}
	return drifted(of, "metadata.uid", uid, uidOf(live))
}

// drifted says that a target is not what it was when the action was predicted.
func drifted(of address, field string, planned, actual any) error {
	return action.Errorf(action.CodeConflict, "%s has changed: %s was %s when this was planned and is %s now",
		of.target(), field, inSentence(planned), inSentence(actual)).
		On(of.target()).Try("look at it again: kubectl get %s", of.kubectl())
}

// inSentence is a value in a sentence.
func inSentence(v any) string {
	const most = 120
	switch v.(type) {
	case nil:
		return "absent"
	case object, []any:
		text := action.Text(v)
		return strings.ToValidUTF8(text[:min(most, len(text))], "")
	}
	return fmt.Sprint(v)
}

// Settle looks whether that very object is still wanted.
func (d deleteAction) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	of, err := d.b.resolved(ctx, d.of)
	if err != nil {
		return action.Unknown, err
	}
	_, live, err := d.b.fetch(ctx, of, "look for")
	switch {
	case err != nil:
		return action.Unknown, err
	case live == nil, uidOf(live) != intent.Evidence.UID, workload.Text(live, "metadata", "deletionTimestamp") != "":
		return action.Done, nil
	}
	return action.NotDone, nil
}
