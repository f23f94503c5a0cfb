package kubernetes

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) pauseFunc() module.Func {
	return b.toggleFunc(toggle{
		name: "pause", path: []string{"spec", "paused"}, on: true, risk: action.Disruptive, kinds: []string{"deployments.apps"}, says: "paused",
		doc: `Pauses a Deployment: changes of its pod template are not rolled out until it is resumed.

A rollout under way stops where it is, with pods of both revisions. Scaling goes on to work.`,
		returns: "true if it was paused, false if it was paused already",
		examples: []string{
			`kubernetes.pause("deployment/web")`,
			`local ours = kubernetes.pause("deployment/web", { namespace = "shop" })`,
		},
	})
}

func (b *binding) resumeFunc() module.Func {
	return b.toggleFunc(toggle{
		name: "resume", path: []string{"spec", "paused"}, risk: action.Disruptive, kinds: []string{"deployments.apps"}, says: "resumed",
		doc: `Resumes a paused Deployment: what was changed about its pod template meanwhile is rolled out.

It does not wait for the pods: see wait and rollout.`,
		returns:  "true if it was resumed, false if it was not paused",
		examples: []string{`kubernetes.resume("deployment/web", { namespace = "shop" })`},
	})
}

// A toggle is a function that puts one field of an object to true, or takes it away, which is false.
type toggle struct {
	name, doc, returns, says string
	examples                 []string
	kinds                    []string
	bare                     string // the kind that a name alone means
	path                     []string
	on                       bool
	risk                     action.Risk
}

func (b *binding) toggleFunc(t toggle) module.Func {
	ref := `"kind/name", or an object that came from the cluster`
	options := []module.Param{{Name: "options", Kind: module.Object, Doc: "where it is", Fields: []module.Param{namespaceParam}}}
	if t.bare != "" {
		ref, options = `"`+t.bare+`/name", the name alone, or an object that came from the cluster`, nil // it is in no namespace
	}
	return module.Func{
		Name: t.name, Doc: t.doc, Params: append([]module.Param{refParam(ref)}, options...),
		Returns: module.Result{Type: "boolean", Doc: t.returns}, Errors: writeErrors, Examples: t.examples, Risk: t.risk,
		Act: func(args module.Args) (action.Action, error) {
			of, err := b.address(args, t.bare)
			if err == nil {
				err = checkKind(of, t.name, t.kinds)
			}
			if err != nil {
				return nil, err
			}
			return objectWrite{
				b: b, of: of, function: t.name, purpose: t.name, risk: t.risk, again: true, draft: t.draft, says: t.says, value: t.value,
			}, nil
		},
		FullKind: fullKind,
		Permits:  func(kind string) []action.Permission { return permissions(kind, "", "get", "patch") },
	}
}

func (t toggle) draft(_ context.Context, _ action.View, o object) (patch, error) {
	if t.isOn(o) == t.on {
		return patch{}, nil
	}
	var value any // null: the server leaves out what is false
	if t.on {
		value = true
	}
	body := object{t.path[len(t.path)-1]: value}
	for i := len(t.path) - 2; i >= 0; i-- {
		body = object{t.path[i]: body}
	}
	return mergePatch(body), nil
}

func (t toggle) isOn(o object) bool { return workload.Dig(o, t.path...) == true }

func (t toggle) value(before, _ object) (any, error) { return t.isOn(before) != t.on, nil }
