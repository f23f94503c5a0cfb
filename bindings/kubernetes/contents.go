package kubernetes

import (
	"context"
	"encoding/base64"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

// contentsRef is the parameter of functions that read what one kind of object holds.
func contentsRef(kind string) module.Param {
	return refParam(`a name, "` + kind + `/name", or an object that came from the cluster`)
}

func (b *binding) configmapFunc() module.Func {
	return module.Func{
		Name: "configmap",
		Doc: `Reads what is in a config map.

In a dry run it is as the run intends it to be.`,
		Params: []module.Param{
			contentsRef("configmap"),
			{Name: "options", Kind: module.Object, Doc: "which part of it", Fields: []module.Param{
				namespaceParam,
				{Name: "binary", Kind: module.Boolean, Doc: "its binary data instead of its texts, in base64"},
			}},
		},
		Returns: module.Result{Type: "table<string, string>?", Doc: "the texts by their names; nil when there is no such config map"},
		Errors:  []action.Code{action.CodeForbidden, action.CodeUnavailable},
		Examples: []string{
			`local flags = kubernetes.configmap("flags", { namespace = "shop" })`,
			`local limit = (kubernetes.configmap("limits") or {}).memory`,
		},
		Read: func(args module.Args) (action.Read, error) {
			of, err := b.contentsOf(args, "configmaps", "kubernetes.configmap")
			field := "data"
			if args.Bool("binary") {
				field = "binaryData"
			}
			return configmapRead{b, of, field, given(args, "binary")}, err
		},
	}
}

// contentsOf is the address of an object of that kind, which may be named without it.
func (b *binding) contentsOf(args module.Args, kind, function string) (address, error) {
	of, err := b.address(args, kind)
	if err == nil && of.kind.canonical() != kind {
		err = action.Errorf(action.CodeInvalid, "%s reads %s, and this is %s", function, kind, of.target()).On(of.target()).
			Try("kubernetes.get reads objects of any kind")
	}
	return of, err
}

// A configmapRead is one call of configmap.
type configmapRead struct {
	b     *binding
	of    address
	field string
	args  []action.Arg
}

func (r configmapRead) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.configmap", Target: r.of.target(), Identity: r.args, Idempotent: true,
		Permissions: []action.Permission{r.of.permission("get", "")},
	}
}

func (r configmapRead) Read(ctx context.Context, view action.View) (any, error) {
	s, err := r.b.look(ctx, view, r.of, "read")
	if err != nil || s.object == nil {
		return nil, err
	}
	out := map[string]any{}
	for key, value := range workload.Map(s.object, r.field) {
		out[key] = value
	}
	return out, nil
}

func (b *binding) secretFunc() module.Func {
	return module.Func{
		Name: "secret",
		Doc: `Reads the values of a Secret, to pass them on.

The values are of a type that never prints: tostring, log, error messages and json.encode make "[secret]" of it, and records and plans hold
no more. Put together with text by .. they stay secrets: "Bearer " .. token. They can stand in a manifest or a patch, and arrive in the
cluster as what they are; under data of a Secret they are put into base64 by themselves. A resumed run reads them again.

Where a value would become a readable part of an object that is no Secret, it is hidden in all records from then on; one of less than six
letters cannot be hidden, and is refused there.

In a dry run, a Secret that the run only intends has its keys, and no values.`,
		Params: []module.Param{
			contentsRef("secret"),
			{Name: "options", Kind: module.Object, Doc: "where it is", Fields: []module.Param{namespaceParam}},
		},
		Returns: module.Result{Type: "table<string, userdata>?", Doc: "the values by their names, decoded; nil when there is no such Secret"},
		Errors:  []action.Code{action.CodeForbidden, action.CodeUnavailable},
		Examples: []string{
			`local login = kubernetes.secret("database", { namespace = "shop" })`,
			`kubernetes.create({ apiVersion = "v1", kind = "Secret", metadata = { name = "copy" }, stringData = { password = kubernetes.secret("database").password } })`,
		},
		Read: func(args module.Args) (action.Read, error) {
			of, err := b.contentsOf(args, "secrets", "kubernetes.secret")
			return secretRead{b, of}, err
		},
	}
}

// A secretRead is one call of secret.
type secretRead struct {
	b  *binding
	of address
}

func (r secretRead) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.secret", Target: r.of.target(), Idempotent: true,
		Permissions: []action.Permission{r.of.permission("get", "")},
	}
}

// Read returns the values that the server has, of the keys that the run intends.
func (r secretRead) Read(ctx context.Context, view action.View) (any, error) {
	where, err := r.b.territory(ctx, view, r.of.namespace)
	if err != nil || where == gone {
		return nil, err
	}
	var live object
	if where == actual {
		if _, live, err = r.b.fetchBare(ctx, r.of, "read"); err != nil {
			return nil, err
		}
	}
	var shown object
	if live != nil {
		shown = r.b.conceal(live)
	}
	laid, _ := view.Lay(r.of.target(), shown)
	if laid == nil {
		return nil, nil
	}
	out := map[string]any{}
	for _, field := range []string{"data", "stringData"} {
		for key := range workload.Map(laid, field) {
			if out[key], err = r.value(live, key); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// value is what the server has under a key; of a key that is only intended nothing is known.
func (r secretRead) value(live object, key string) (any, error) {
	encoded, there := workload.Map(live, "data")[key].(string)
	if !there {
		return action.NewSecret(concealed), nil
	}
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "the value of %s in %s is no base64", key, r.of.target()).On(r.of.target())
	}
	return action.NewSecret(string(text)), nil
}
