package kubernetes

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) drainableFunc() module.Func {
	return module.Func{
		Name: "drainable",
		Doc: `Sorts the pods of a node into those that a drain would evict, those that it leaves alone, and those that stand against it.

The rules are those of kubectl drain. A drain is refused by pods that nothing would start elsewhere, by pods whose data in an emptyDir
would be lost, and by pods of a DaemonSet; an option lets each kind of them not refuse. It changes nothing: see require "drain" for a
whole drain. Of those to evict, held tells which ones a PodDisruptionBudget does not let go at this moment.`,
		Params: []module.Param{
			refParam(`the node: "node/name", its name alone, or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "what may go", Fields: []module.Param{
				{Name: "ignore_daemonsets", Kind: module.Boolean, Default: true, Doc: "leave a DaemonSet's pods alone; it would start them again on the same node"},
				{Name: "delete_emptydir", Kind: module.Boolean, Doc: "evict pods with an emptyDir too, whose data is lost with them"},
				{Name: "force", Kind: module.Boolean, Doc: "evict pods too that nothing starts again"},
				{Name: "selector", Kind: module.String, Doc: `only pods with these labels: "app=web,tier!=cache"`},
			}},
		},
		Returns: module.Result{
			Type: "{ evict: kubernetes.Object[], skip: { pod: kubernetes.Object, reason: string }[], " +
				"refuse: { pod: kubernetes.Object, reason: string }[], held: { pod: kubernetes.Object, reason: string, never: boolean }[] }",
			Doc: "the pods by what a drain does with them, in the order of their namespaces and names; never tells of a held one that its " +
				"budget asks for as many pods as there are to be, so that waiting would not help",
		},
		Errors: []action.Code{action.CodeNotFound, action.CodeForbidden, action.CodeUnavailable},
		Examples: []string{
			`for _, r in ipairs(kubernetes.drainable("node-3").refuse) do log({ r.pod.metadata.name, r.reason }) end`,
			`local what = kubernetes.drainable("node/node-3", { delete_emptydir = true, selector = "app=web" })`,
		},
		Read: b.newDrainable,
	}
}

// A drainRules says which pods may go.
type drainRules struct {
	ignoreDaemonSets, deleteEmptyDir, force bool
}

// A drainableRead is one call of drainable.
type drainableRead struct {
	b        *binding
	of       address
	selector labels.Selector
	rules    drainRules
	args     module.Args
}

func (b *binding) newDrainable(args module.Args) (action.Read, error) {
	of, err := b.nodeAddress(args, "drain")
	if err != nil {
		return nil, err
	}
	r := drainableRead{b: b, of: of, args: args}
	if r.selector, err = labels.Parse(args.String("selector")); err != nil {
		return nil, action.Errorf(action.CodeInvalid, "kubernetes.drainable: selector %q: %w", args.String("selector"), err)
	}
	r.rules = drainRules{
		ignoreDaemonSets: args.Bool("ignore_daemonsets"), deleteEmptyDir: args.Bool("delete_emptydir"), force: args.Bool("force"),
	}
	return r, nil
}

// nodeAddress is the node that a call is about, which may be named alone.
func (b *binding) nodeAddress(args module.Args, purpose string) (address, error) {
	of, err := b.address(args, "node")
	if err != nil {
		return of, err
	}
	return of, checkKind(of, purpose, []string{"nodes"})
}

func (r drainableRead) Describe() action.Description {
	pods := address{kind: mustBuiltin("pods")}
	return action.Description{
		Verb: "kubernetes.drainable", Target: r.of.target(), Idempotent: true,
		Identity: given(r.args, "ignore_daemonsets", "delete_emptydir", "force", "selector"),
		Permissions: []action.Permission{
			r.of.permission("get", ""), pods.permission("list", ""),
			address{kind: mustBuiltin("daemonsets")}.permission("get", ""), address{kind: mustBuiltin(budgetKind)}.permission("list", ""),
		},
	}
}

func (r drainableRead) Read(ctx context.Context, view action.View) (any, error) {
	if _, err := r.b.existing(ctx, view, r.of, "drain"); err != nil {
		return nil, err
	}
	pods, err := r.b.objects(ctx, view, listing{
		kind: mustBuiltin("pods"), labels: r.selector, fields: fields.OneTermEqualSelector("spec.nodeName", r.of.name),
	})
	if err != nil {
		return nil, err
	}
	sorted := map[fate][]any{goes: {}, stays: {}, refuses: {}}
	going := map[string][]object{} // by namespace
	for _, pod := range pods {
		f, why, err := r.b.fateOf(ctx, view, pod, r.rules)
		if err != nil {
			return nil, err
		}
		raw, err := encode(pod)
		if err != nil {
			return nil, err
		}
		if f == goes {
			sorted[f] = append(sorted[f], raw)
			going[namespaceOf(pod)] = append(going[namespaceOf(pod)], pod)
		} else {
			sorted[f] = append(sorted[f], object{"pod": raw, "reason": why})
		}
	}
	held, err := r.held(ctx, view, going)
	return object{"evict": sorted[goes], "skip": sorted[stays], "refuse": sorted[refuses], "held": held}, err
}

// held are those of the pods that a budget does not let go now.
func (r drainableRead) held(ctx context.Context, view action.View, going map[string][]object) ([]any, error) {
	out := []any{}
	for _, namespace := range slices.Sorted(maps.Keys(going)) {
		guards, err := r.b.guards(ctx, view, namespace, going[namespace])
		if err != nil {
			return nil, err
		}
		for _, pod := range going[namespace] {
			why, never, err := r.b.heldBy(ctx, view, guards[nameOf(pod)], pod)
			if err != nil {
				return nil, err
			}
			if why == "" {
				continue
			}
			raw, err := encode(pod)
			if err != nil {
				return nil, err
			}
			out = append(out, object{"pod": raw, "reason": why, "never": never})
		}
	}
	return out, nil
}

// A fate is what a drain does with a pod.
type fate int

const (
	goes    fate = iota
	stays        // it stays where it is
	refuses      // the drain must not begin
)

// fateOf decides by the rules of kubectl drain, in their order: the first that does not let the pod go counts. kubectl's own code
// (k8s.io/kubectl/pkg/drain) tells only a sentence for all pods together, in the words of its flags, and asks the server past what a run
// intends; a test holds this to it.
func (b *binding) fateOf(ctx context.Context, view action.View, pod object, rules drainRules) (fate, string, error) {
	if f, why, err := b.daemonFate(ctx, view, pod, rules); f != goes || err != nil {
		return f, why, err
	}
	switch _, mirror := workload.Map(pod, "metadata", "annotations")["kubernetes.io/config.mirror"]; {
	case mirror:
		return stays, "the kubelet runs it from a file on the node", nil
	case workload.IsFinished(pod):
		return goes, "", nil
	case hasEmptyDir(pod) && !rules.deleteEmptyDir:
		return refuses, "its data in an emptyDir would be lost (delete_emptydir = true evicts it anyway)", nil
	case workload.Controller(pod) == nil && !rules.force:
		return refuses, "no controller would start it elsewhere (force = true evicts it anyway)", nil
	}
	return goes, "", nil
}

// daemonFate is for the pods of a DaemonSet. One whose DaemonSet is gone is like a pod that nothing starts again.
func (b *binding) daemonFate(ctx context.Context, view action.View, pod object, rules drainRules) (fate, string, error) {
	ref := workload.Controller(pod)
	if workload.Text(ref, "kind") != "DaemonSet" || workload.Text(ref, "apiVersion") != "apps/v1" || workload.IsFinished(pod) {
		return goes, "", nil
	}
	set, err := b.look(ctx, view, address{kind: mustBuiltin("daemonsets"), namespace: namespaceOf(pod), name: workload.Text(ref, "name")}, "read")
	switch {
	case err != nil:
		return refuses, "", err
	case set.object == nil && rules.force:
		return goes, "", nil
	case set.object == nil:
		return refuses, fmt.Sprintf("its DaemonSet %s is gone, so nothing would start it again (force = true evicts it anyway)", ref["name"]), nil
	case rules.ignoreDaemonSets:
		return stays, "its DaemonSet would start it again on this node", nil
	}
	return refuses, "it belongs to a DaemonSet, which would start it again on this node (ignore_daemonsets = true leaves it alone)", nil
}

func hasEmptyDir(pod object) bool {
	for _, volume := range workload.Maps(pod, "spec", "volumes") {
		if volume["emptyDir"] != nil {
			return true
		}
	}
	return false
}
