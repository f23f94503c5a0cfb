package kubernetes

import (
	"cmp"
	"context"

	"runbook/engine/action"
	"runbook/engine/module"
)

// missing says that an object does not exist, and what was most likely meant.
func (b *binding) missing(ctx context.Context, view action.View, a address, purpose string) error {
	e := action.Errorf(action.CodeNotFound, "cannot %s %s: it does not exist", purpose, a.target()).On(a.target())
	if a.namespace != "" {
		ns := address{kind: mustBuiltin("namespaces"), name: a.namespace}
		if s, err := b.look(ctx, view, ns, "read"); err == nil && s.object == nil {
			e.Message = "cannot " + purpose + " " + a.target().String() + ": there is no namespace " + a.namespace
			return e.Try("%s", cmp.Or(b.nearest(ctx, view, ns), "list the namespaces: kubectl get namespaces"))
		}
	}
	return e.Try("%s", cmp.Or(b.nearest(ctx, view, a), "find it: kubectl get "+a.kind.canonical()+" --all-namespaces"))
}

// nearest suggests an existing name like the one that was not found. It is a courtesy: without the right to list there is none.
func (b *binding) nearest(ctx context.Context, view action.View, a address) string {
	raws, err := b.listRaw(ctx, view, listing{kind: a.kind, namespace: a.namespace, brief: true})
	if err != nil {
		return ""
	}
	names := make([]string, len(raws))
	for i, raw := range raws {
		_, names[i] = identity(raw)
	}
	if near := module.Nearest(a.name, names); near != "" {
		return "did you mean " + a.kind.resource + "/" + near + "?"
	}
	return ""
}
