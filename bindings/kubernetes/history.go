package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) historyFunc() module.Func {
	return module.Func{
		Name: "history",
		Doc: `Lists the revisions of a Deployment, StatefulSet or DaemonSet that the cluster still keeps, oldest first.

They are what undo can go back to. A Deployment keeps a ReplicaSet of each, the others a ControllerRevision. Two revisions of one
template are one: going back gives the earlier one a new number. In a dry run the list has what the run intends.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "where it is, and what to tell", Fields: []module.Param{
				namespaceParam,
				{Name: "templates", Kind: module.Boolean, Doc: "tell the whole pod template of each revision, too"},
			}},
		},
		Returns: module.Result{
			Type: "{ revision: integer, change_cause: string?, images: string[], created: string, current: boolean, template: table? }[]",
			Doc: "the number; the annotation kubernetes.io/change-cause, if there was one; the images of its containers; when it was made; " +
				"whether it is the present one",
		},
		Errors: []action.Code{action.CodeNotFound, action.CodeInvalid, action.CodeForbidden, action.CodeUnavailable},
		Examples: []string{
			`for _, r in ipairs(kubernetes.history("deployment/web")) do log({ r.revision, r.images[1], r.current }) end`,
			`local before = kubernetes.history("daemonset/agent", { namespace = "monitoring", templates = true })[1]`,
		},
		Read: func(args module.Args) (action.Read, error) {
			of, err := b.rollingAddress(args, "tell the history of")
			return historyRead{b, of, args.Bool("templates")}, err
		},
	}
}

// A historyRead is one call of history.
type historyRead struct {
	b         *binding
	of        address
	templates bool
}

func (r historyRead) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.history", Target: r.of.target(), Idempotent: true, Permissions: revisionPermissions(r.of),
	}
}

func (r historyRead) Read(ctx context.Context, view action.View) (any, error) {
	s, err := r.b.existing(ctx, view, r.of, "tell the history of")
	if err != nil {
		return nil, err
	}
	kept, err := r.b.revisions(ctx, view, s.object)
	if err != nil {
		return nil, err
	}
	present := presentRevision(s.object, kept)
	out := make([]any, len(kept))
	for i, one := range kept {
		told := object{"revision": one.number, "created": one.created, "current": i == present, "images": imagesOf(one.template)}
		if one.cause != "" {
			told["change_cause"] = one.cause
		}
		if r.templates {
			told["template"] = one.template
		}
		out[i] = told
	}
	return out, nil
}

// A revision is one that a workload was, or is, at.
type revision struct {
	number   int64
	cause    string
	created  string
	template object // without the mark of the revision
	// annotations are those that a deployment had then; nil for other kinds, which do not get theirs back.
	annotations object
}

const changeCause = "kubernetes.io/change-cause"

// revisions are those that a workload keeps, as intended, by number.
func (b *binding) revisions(ctx context.Context, view action.View, owner object) ([]revision, error) {
	resource, read := "controllerrevisions.apps", recordedRevision
	if workload.Text(owner, "kind") == "Deployment" {
		resource, read = "replicasets.apps", setRevision
	}
	selector, ok := podSelector(owner)
	if !ok {
		return nil, nil
	}
	kept, err := b.objects(ctx, view, listing{kind: mustBuiltin(resource), namespace: namespaceOf(owner), labels: selector})
	if err != nil {
		return nil, err
	}
	var out []revision
	for _, o := range ownedBy(map[string]bool{uidOf(owner): true}, kept) {
		if r := read(o); r.number > 0 && r.template != nil {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b revision) int { return cmp.Compare(a.number, b.number) })
	return out, nil
}

func setRevision(set object) revision {
	r := revision{number: workload.Revision(set), template: workload.SetTemplate(set), annotations: workload.Map(set, "metadata", "annotations")}
	return r.of(set)
}

func recordedRevision(o object) revision {
	r := revision{number: workload.RevisionNumber(o), template: workload.RecordedTemplate(o)}
	return r.of(o)
}

// of adds what any object tells that keeps a revision.
func (r revision) of(o object) revision {
	r.created = workload.Text(o, "metadata", "creationTimestamp")
	r.cause = workload.Text(o, "metadata", "annotations", changeCause)
	return r
}

// presentRevision is the index of the revision of an owner's present template, the newest if there are several, -1 if none is kept.
func presentRevision(owner object, kept []revision) int {
	for i, r := range slices.Backward(kept) {
		if workload.SameTemplate(workload.Map(owner, "spec", "template"), r.template) {
			return i
		}
	}
	return -1
}

// imagesOf are the images of a template's containers, those that only prepare included.
func imagesOf(template object) []string {
	out := []string{}
	for _, field := range []string{"initContainers", "containers"} {
		for _, c := range workload.Maps(template, "spec", field) {
			out = append(out, fmt.Sprint(c["image"]))
		}
	}
	return out
}

// revisionPermissions are the rights to read a workload and its revisions.
func revisionPermissions(of address) []action.Permission {
	kept := "controllerrevisions.apps"
	if of.kind.canonical() == "deployments.apps" {
		kept = "replicasets.apps"
	}
	list := address{kind: mustBuiltin(kept), namespace: of.namespace}
	return []action.Permission{of.permission("get", ""), list.permission("list", "")}
}
