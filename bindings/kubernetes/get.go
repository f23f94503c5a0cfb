package kubernetes

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/module"
)

func (b *binding) getFunc() module.Func {
	return module.Func{
		Name: "get",
		Doc: `Reads one object anew.

In a dry run it is as the run intends it to be.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "where it is", Fields: []module.Param{namespaceParam}},
		},
		Returns: module.Result{Type: "kubernetes.Object?", Doc: "the object; nil when it does not exist"},
		Errors:  []action.Code{action.CodeForbidden, action.CodeUnavailable},
		Examples: []string{
			`local web = kubernetes.get("deployment/web", { namespace = "shop" })`,
			`if not kubernetes.get("namespace/scratch") then log("it is gone") end`,
		},
		Read: func(args module.Args) (action.Read, error) {
			of, err := b.address(args, "")
			return getRead{b, of}, err
		},
	}
}

// A getRead is one call of get.
type getRead struct {
	b  *binding
	of address
}

func (r getRead) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.get", Target: r.of.target(), Idempotent: true,
		Permissions: []action.Permission{r.of.permission("get", "")},
	}
}

func (r getRead) Read(ctx context.Context, view action.View) (any, error) {
	of, err := r.b.resolved(ctx, r.of)
	if err != nil {
		return nil, err
	}
	s, err := r.b.look(ctx, view, of, "read")
	if err != nil || s.object == nil {
		return nil, err
	}
	if !s.intended {
		return s.raw, nil
	}
	return encode(s.object)
}
