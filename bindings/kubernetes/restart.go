package kubernetes

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// restartedAt is the annotation that kubectl rollout restart writes: with another time the template is another one, so the pods are
// replaced.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

func (b *binding) restartFunc() module.Func {
	return module.Func{
		Name: "restart",
		Doc: `Replaces all pods of a Deployment, StatefulSet or DaemonSet by new ones, a few at a time, as kubectl rollout restart does.

It does not wait for the new pods: see wait and rollout. Pods of a workload with the update strategy OnDelete stay until somebody deletes
them. Two restarts within one second are one.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "where it is", Fields: []module.Param{namespaceParam}},
		},
		Returns: module.Result{Type: "kubernetes.Object", Doc: "the workload as it is then"},
		Errors:  writeErrors,
		Examples: []string{
			`kubernetes.restart("deployment/web", { namespace = "shop" })`,
			`kubernetes.wait(kubernetes.restart("statefulset/db"), { timeout = "15m" })`,
		},
		Risk: action.Disruptive,
		Act: func(args module.Args) (action.Action, error) {
			of, err := b.rollingAddress(args, "restart")
			if err != nil {
				return nil, err
			}
			r := &restarting{b: b, of: of}
			return objectWrite{
				b: b, of: of, function: "restart", purpose: "restart", risk: action.Disruptive, again: true,
				draft: r.draft, done: r.done, says: "restarted",
			}, nil
		},
		FullKind: fullKind,
		Permits:  func(kind string) []action.Permission { return permissions(kind, "", "get", "patch") },
	}
}

// rollingAddress is the workload that a call is about, of a kind that rolls changes of its template out.
func (b *binding) rollingAddress(args module.Args, purpose string) (address, error) {
	of, err := b.address(args, "")
	if err != nil {
		return of, err
	}
	return of, checkKind(of, purpose, rollingKinds)
}

// A restarting is one call of restart. Its time is that of the first look, so that what is sent is what was shown, however often.
type restarting struct {
	b  *binding
	of address
	at string
}

func (r *restarting) draft(ctx context.Context, _ action.View, o object) (patch, error) {
	if err := checkNotPaused(r.of, o, "restart"); err != nil {
		return patch{}, err
	}
	if r.at == "" {
		r.at = r.b.now(ctx).UTC().Format(time.RFC3339)
	}
	return mergePatch(object{"spec": object{"template": object{"metadata": object{"annotations": object{restartedAt: r.at}}}}}), nil
}

// checkNotPaused refuses what a paused deployment would only take note of.
func checkNotPaused(of address, o object, purpose string) error {
	if workload.Dig(o, "spec", "paused") != true {
		return nil
	}
	return action.Errorf(action.CodeRejected, "cannot %s %s: it is paused, so nothing would be rolled out", purpose, of.target()).On(of.target()).
		Try("resume it first: kubernetes.resume, or kubectl rollout resume %s", of.kubectl())
}

// done tells from the time that stands there: ours, or, where another process has sent ours, any that was not there before.
func (r *restarting) done(seen action.Evidence, o object) bool {
	at := workload.Text(o, "spec", "template", "metadata", "annotations", restartedAt)
	if r.at != "" {
		return at == r.at
	}
	return at != "" && r.b.stillAs(r.of, seen, o) != nil
}
