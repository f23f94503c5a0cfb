package kubernetes

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/types"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) undoFunc() module.Func {
	return module.Func{
		Name: "undo",
		Doc: `Takes a Deployment, StatefulSet or DaemonSet back to the pod template of an earlier revision, as kubectl rollout undo does.

Without a revision it is the last one whose template differs from the present one. Only the template goes back: not the number of replicas,
nor anything that the pods read from elsewhere, such as a ConfigMap. The revision gets a new number by that. It does not wait for the
pods: see wait and rollout; see history for what there is to go back to.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "where it is, and where to go", Fields: []module.Param{
				namespaceParam,
				{Name: "revision", Kind: module.Integer, Min: module.Bound(1), Doc: "the number of the revision to go back to"},
			}},
		},
		Returns: module.Result{Type: "integer", Doc: "the number that the revision had to which it went back"},
		Errors:  writeErrors,
		Examples: []string{
			`kubernetes.undo("deployment/web"); kubernetes.wait("deployment/web")`,
			`kubernetes.undo("daemonset/agent", { namespace = "monitoring", revision = 3 })`,
		},
		Risk:     action.Disruptive,
		Act:      b.newUndo,
		FullKind: fullKind,
		Permits: func(kind string) []action.Permission {
			kept := "controllerrevisions.apps"
			if fullKind(kind) == "deployments.apps" {
				kept = "replicasets.apps"
			}
			return append(permissions(kind, "", "get", "patch"), permissions(kept, "", "list")...)
		},
	}
}

// An undoing is one call of undo.
type undoing struct {
	b      *binding
	of     address
	wanted int64     // 0 for the last one that differs
	agreed int64     // the one that a person saw, 0 as long as nobody has
	chosen *revision // once it is known
}

func (b *binding) newUndo(args module.Args) (action.Action, error) {
	of, err := b.rollingAddress(args, "undo")
	if err != nil {
		return nil, err
	}
	u := &undoing{b: b, of: of}
	u.wanted, _ = args.Int("revision")
	return undoAction{objectWrite{
		b: b, of: of, function: "undo", purpose: "undo", risk: action.Disruptive, again: true, identity: given(args, "revision"),
		draft: u.draft, done: u.done, value: u.value, says: "taken back to an earlier revision",
	}, u}, nil
}

// An undoAction is a write that has to read the revisions, too. Which one it goes back to is part of the evidence: what the template is
// now does not tell it, because others may have rolled to and fro meanwhile.
type undoAction struct {
	objectWrite
	u *undoing
}

// wentBackTo is the evidence's name for the number of the revision. It is no field of the object.
const wentBackTo = "the revision to go back to"

func (u undoAction) Describe() action.Description {
	d := u.objectWrite.Describe()
	d.Permissions = append(d.Permissions, revisionPermissions(u.of)[1:]...)
	return d
}

func (u undoAction) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	u.u.agreed = 0
	p, err := u.objectWrite.Predict(ctx, view)
	if err == nil && !p.Unchanged {
		p.Evidence.Old[wentBackTo] = u.u.chosen.number
	}
	return p, err
}

func (u undoAction) Apply(ctx context.Context, predicted action.Prediction) (action.Result, error) {
	u.u.agreed, _ = workload.Int(predicted.Evidence.Old, wentBackTo)
	predicted.Evidence = ofFields(predicted.Evidence)
	return u.objectWrite.Apply(ctx, predicted)
}

func (u undoAction) Settle(ctx context.Context, intent action.Intent) (action.Settlement, error) {
	intent.Evidence = ofFields(intent.Evidence)
	return u.objectWrite.Settle(ctx, intent)
}

// ofFields is evidence without what is no field.
func ofFields(seen action.Evidence) action.Evidence {
	seen.Old = maps.Clone(seen.Old)
	delete(seen.Old, wentBackTo)
	return seen
}

// draft is the template of the revision, and for a deployment the annotations that it had then, such as the cause of that change.
func (u *undoing) draft(ctx context.Context, view action.View, o object) (patch, error) {
	if err := checkNotPaused(u.of, o, "undo"); err != nil {
		return patch{}, err
	}
	kept, err := u.b.revisions(ctx, view, o)
	if err != nil {
		return patch{}, err
	}
	to, err := u.choose(o, kept)
	if err != nil {
		return patch{}, err
	}
	if u.agreed != 0 && to.number != u.agreed {
		return patch{}, drifted(u.of, wentBackTo, u.agreed, to.number)
	}
	u.chosen = &to
	if workload.SameTemplate(workload.Map(o, "spec", "template"), to.template) {
		return patch{}, nil
	}
	operations := []any{object{"op": "replace", "path": "/spec/template", "value": to.template}}
	if to.annotations != nil {
		operations = append(operations, object{"op": "add", "path": "/metadata/annotations", "value": workload.AnnotationsOf(to.annotations, o)})
	}
	return patch{how: types.JSONPatchType, body: operations}, nil
}

func (u *undoing) choose(o object, kept []revision) (revision, error) {
	if u.wanted > 0 {
		i := slices.IndexFunc(kept, func(r revision) bool { return r.number == u.wanted })
		if i < 0 {
			return revision{}, u.nowhere("there is no revision "+strconv.FormatInt(u.wanted, 10), o, kept)
		}
		return kept[i], nil
	}
	for _, r := range slices.Backward(kept) {
		if !workload.SameTemplate(workload.Map(o, "spec", "template"), r.template) {
			return r, nil
		}
	}
	return revision{}, u.nowhere("there is no earlier revision", o, kept)
}

// nowhere says that there is nothing to go back to, and what there is.
func (u *undoing) nowhere(why string, o object, kept []revision) error {
	e := action.Errorf(action.CodeRejected, "cannot undo %s: %s", u.of.target(), why).On(u.of.target())
	if len(kept) == 0 {
		return e.Try("the cluster keeps no revisions of it: see spec.revisionHistoryLimit")
	}
	names := make([]string, len(kept))
	present := presentRevision(o, kept)
	for i, r := range kept {
		names[i] = strconv.FormatInt(r.number, 10)
		if i == present {
			names[i] += " (the present one)"
		}
	}
	return e.Try("it has %s: kubectl rollout history %s", enumerated(names), u.of.kubectl())
}

func (u *undoing) value(object, object) (any, error) { return u.chosen.number, nil }

// done tells whether the template is the one that was chosen. Which one another process chose nobody knows.
func (u *undoing) done(_ action.Evidence, o object) bool {
	return u.chosen != nil && workload.SameTemplate(workload.Map(o, "spec", "template"), u.chosen.template)
}
