package kubernetes

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kubectl/pkg/polymorphichelpers"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) rolloutFunc() module.Func {
	return module.Func{
		Name: "rollout",
		Doc: `Tells how the rollout of a Deployment, StatefulSet or DaemonSet goes, as kubectl rollout status does, without waiting for it.

To wait for its end see wait. In a dry run it is the rollout that the run intends.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "where it is", Fields: []module.Param{namespaceParam}},
		},
		Returns: module.Result{
			Type: "{ revision: integer?, done: boolean, failed: boolean, message: string, " +
				"updated: integer, ready: integer, available: integer, wanted: integer, paused: boolean }",
			Doc: "the number of its present revision; whether it is at its end, or has exceeded its progress deadline; what kubectl says of it; " +
				"how many pods are of the present revision, ready, available and wanted; and whether it is paused",
		},
		Errors: []action.Code{action.CodeNotFound, action.CodeInvalid, action.CodeForbidden, action.CodeUnavailable},
		Examples: []string{
			`log(kubernetes.rollout("deployment/web").message)`,
			`local now = kubernetes.rollout("statefulset/db"); if now.failed then error("undo revision " .. now.revision) end`,
		},
		Read: func(args module.Args) (action.Read, error) {
			of, err := b.rollingAddress(args, "tell the rollout of")
			return rolloutRead{b, of}, err
		},
	}
}

// A rolloutRead is one call of rollout.
type rolloutRead struct {
	b  *binding
	of address
}

func (r rolloutRead) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.rollout", Target: r.of.target(), Idempotent: true, Permissions: revisionPermissions(r.of),
	}
}

func (r rolloutRead) Read(ctx context.Context, view action.View) (any, error) {
	s, err := r.b.existing(ctx, view, r.of, "tell the rollout of")
	if err != nil {
		return nil, err
	}
	done, failed, message, err := rolloutStatus(s.object)
	if err != nil {
		return nil, err
	}
	counted := rolloutCounts(s.object)
	counted["done"], counted["failed"], counted["message"] = done, failed, message
	counted["paused"] = workload.Dig(s.object, "spec", "paused") == true
	revisions, err := r.b.revisions(ctx, view, s.object)
	if err != nil {
		return nil, err
	}
	if i := presentRevision(s.object, revisions); i >= 0 {
		counted["revision"] = revisions[i].number
	}
	return counted, nil
}

// rollingKinds are the kinds that roll a change of their template out, and keep the earlier ones.
var rollingKinds = []string{"deployments.apps", "statefulsets.apps", "daemonsets.apps"}

func checkKind(of address, purpose string, kinds []string) error {
	if slices.Contains(kinds, of.kind.canonical()) {
		return nil
	}
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i], _, _ = strings.Cut(k, ".")
	}
	return action.Errorf(action.CodeInvalid, "cannot %s %s: that is for %s", purpose, of.target(), enumerated(names)).On(of.target())
}

// enumerated is "a, b and c".
func enumerated(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

// rolloutStatus is what kubectl says of a rollout. Of one that goes on only as people delete its pods kubectl says nothing.
func rolloutStatus(o object) (done, failed bool, message string, err error) {
	if workload.Text(o, "spec", "updateStrategy", "type") == "OnDelete" {
		n := rolloutCounts(o)
		done = n["updated"] == n["wanted"] && n["available"] == n["wanted"]
		message = fmt.Sprintf("%v of %v pods are updated", n["updated"], n["wanted"])
		if n["updated"] != n["wanted"] {
			message += "; the others are replaced when somebody deletes them (OnDelete)"
		}
		return done, false, message, nil
	}
	// The viewer wants whole numbers as int64, whatever decoder the object went through.
	raw, err := encode(o)
	if err != nil {
		return false, false, "", err
	}
	if o, err = decode(raw); err != nil {
		return false, false, "", err
	}
	viewer, err := polymorphichelpers.StatusViewerFor(kschema.GroupKind{Group: "apps", Kind: workload.Text(o, "kind")})
	if err != nil {
		return false, false, "", action.Errorf(action.CodeInternal, "its rollout cannot be understood: %w", err)
	}
	message, done, err = viewer.Status(&unstructured.Unstructured{Object: o}, 0)
	if why := stuck(o); err != nil && why != "" {
		return false, true, why, nil
	}
	if err != nil {
		return false, false, "", action.Errorf(action.CodeInternal, "its rollout cannot be understood: %w", err)
	}
	return done, false, strings.TrimSpace(message), nil
}

// rolloutCounts are the counts of a workload's status, under one name for all kinds.
func rolloutCounts(o object) object {
	fields := map[string]string{"updated": "updatedReplicas", "ready": "readyReplicas", "available": "availableReplicas"}
	if workload.Text(o, "kind") == "DaemonSet" {
		fields = map[string]string{"updated": "updatedNumberScheduled", "ready": "numberReady", "available": "numberAvailable"}
	}
	out := object{"wanted": workload.Replicas(o)}
	for name, field := range fields {
		out[name], _ = workload.Int(o, "status", field)
	}
	return out
}
