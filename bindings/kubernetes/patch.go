package kubernetes

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) patchFunc() module.Func {
	return module.Func{
		Name: "patch",
		Doc: `Changes fields of one object.

The types of patch:

- "strategic": as kubectl patch does it. Objects are merged field by field, lists by the key that the kind has for them: of a pod
  template's containers the one of that name is changed. A field that is json.null is removed. Kinds that the cluster was taught (custom
  resources) have no such keys: without a type they get a merge patch.
- "merge": objects are merged field by field, lists are replaced whole (RFC 7386).
- "json": a list of operations: { op = "replace", path = "/spec/paused", value = true } (RFC 6902).

It is refused when a field that it writes has changed since it was predicted. When a workload's pod template changes, its pods are replaced:
wait waits for them.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "patch", Kind: module.Any, Required: true, Doc: `the fields to write, as a table; for the type "json" a list of operations`},
			{Name: "options", Kind: module.Object, Doc: "how to patch it", Fields: []module.Param{
				namespaceParam,
				{Name: "type", Kind: module.String, Enum: []string{"strategic", "merge", "json"}, Doc: `the type of patch; see above`},
				{
					Name: "subresource", Kind: module.String, Enum: []string{"status"},
					Doc: `"status" writes the object's status, which its controller may write again`,
				},
			}},
		},
		Returns: module.Result{Type: "kubernetes.Object", Doc: "the object as it is then"},
		Errors:  writeErrors,
		Examples: []string{
			`kubernetes.patch("deployment/web", { spec = { template = { spec = { containers = { { name = "web", image = "registry.example/web:2" } } } } } })`,
			`kubernetes.patch("configmap/flags", { data = { beta = json.null } }, { type = "merge", namespace = "shop" })`,
			`kubernetes.patch("service/web", { { op = "replace", path = "/spec/selector/track", value = "stable" } }, { type = "json" })`,
		},
		Risk:     action.Disruptive,
		Act:      b.newPatch,
		FullKind: fullKind,
		Permits: func(kind string) []action.Permission {
			return permissions(kind, "", "get", "patch")
		},
	}
}

// writeErrors are what a write of one object may end with.
var writeErrors = []action.Code{action.CodeNotFound, action.CodeForbidden, action.CodeConflict, action.CodeRejected}

func (b *binding) newPatch(args module.Args) (action.Action, error) {
	of, err := b.address(args, "")
	if err != nil {
		return nil, err
	}
	d, err := b.disclose(of.kind, args["patch"])
	if err != nil {
		return nil, err
	}
	body, err := patchBody(d.sent, args.String("type") == "json")
	if err != nil {
		return nil, err
	}
	w := objectWrite{
		b: b, of: of, part: args.String("subresource"), function: "patch", purpose: "patch", risk: action.Disruptive,
		identity: []action.Arg{{Name: "patch", Value: b.concealPatch(of.kind, d.shown)}}, again: true,
	}
	w.identity = append(w.identity, given(args, "type", "subresource")...)
	how := types.PatchType("")
	switch args.String("type") {
	case "json":
		how, w.again = types.JSONPatchType, repeatable(body.([]any))
	case "merge":
		how = types.MergePatchType
	case "strategic":
		how = types.StrategicMergePatchType
	}
	// The kind may have to be looked up first, so what it can be patched with is known only then.
	w.draft = func(ctx context.Context, _ action.View, _ object) (patch, error) {
		at, err := b.resolved(ctx, of)
		if err != nil {
			return patch{}, err
		}
		chosen, err := patchTypeFor(at, how)
		return patch{how: chosen, body: body}, err
	}
	return w, nil
}

// patchTypeFor is the type of patch for a kind, if it can be patched so.
func patchTypeFor(of address, wanted types.PatchType) (types.PatchType, error) {
	_, typed := of.kind.typed()
	switch {
	case wanted == "" && typed:
		return types.StrategicMergePatchType, nil
	case wanted == "":
		return types.MergePatchType, nil
	case wanted == types.StrategicMergePatchType && !typed:
		return "", action.Errorf(action.CodeInvalid, "cannot patch %s: for this kind, nobody knows by which key its lists are merged", of.target()).
			On(of.target()).Try(`say type = "merge", which replaces lists whole, or type = "json"`)
	}
	return wanted, nil
}

// patchBody is a patch as decoded JSON: an object, or the list of operations of a JSON patch.
func patchBody(v any, operations bool) (any, error) {
	if operations {
		return operationList(v)
	}
	body, ok := v.(object)
	if !ok {
		return nil, action.Errorf(action.CodeInvalid, `kubernetes.patch: patch must be a table of fields; a list of operations is of type = "json"`)
	}
	return body, notTheServers(body, "kubernetes.patch")
}

// notTheServers refuses to write what an object from the cluster has and a change of it must not: the server keeps it, and what was seen
// of the object is compared anyway.
func notTheServers(o object, function string) error {
	for _, field := range []string{"resourceVersion", "uid", "managedFields"} {
		if workload.Dig(o, "metadata", field) != nil {
			return action.Errorf(action.CodeInvalid, "%s: metadata.%s is the server's", function, field).
				Try("write the fields alone that you want to change, not a whole object from the cluster")
		}
	}
	return nil
}

// operationList is a JSON patch, checked as far as it can be without the object.
func operationList(v any) ([]any, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, action.Errorf(action.CodeInvalid, `kubernetes.patch: with type = "json", patch must be a list of operations`).
			Try(`as in { { op = "replace", path = "/spec/paused", value = true } }`)
	}
	for i, item := range list {
		operation, _ := item.(object)
		if err := checkOperation(operation); err != nil {
			return nil, action.Errorf(action.CodeInvalid, "kubernetes.patch: operation %d: %w", i+1, err)
		}
	}
	return list, nil
}

var operationNames = []string{"add", "remove", "replace", "move", "copy", "test"}

func checkOperation(operation object) error {
	name := workload.Text(operation, "op")
	switch path := workload.Text(operation, "path"); {
	case !slices.Contains(operationNames, name):
		return action.Errorf(action.CodeInvalid, "op must be one of %s, not %q%s", strings.Join(operationNames, ", "), name, module.DidYouMean(name, operationNames))
	case !strings.HasPrefix(path, "/"):
		return action.Errorf(action.CodeInvalid, "path must begin with a slash, as in /spec/replicas, not %q", path)
	}
	return nil
}

// repeatable tells whether operations done twice leave what they leave when done once: those that put values in their places do, those
// that move, take away or push into a list do not.
func repeatable(operations []any) bool {
	for _, item := range operations {
		operation, _ := item.(object)
		path := workload.Text(operation, "path")
		last := path[strings.LastIndex(path, "/")+1:]
		_, notIndex := strconv.Atoi(last)
		switch workload.Text(operation, "op") {
		case "replace", "test":
		case "add":
			if last == "-" || notIndex == nil {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// concealPatch is a patch for a kind as it may be shown.
func (b *binding) concealPatch(k kind, body any) any {
	switch body := body.(type) {
	case object:
		return b.concealIn(k, body)
	case []any:
		out := make([]any, len(body))
		for i, item := range body {
			operation, _ := item.(object)
			out[i] = b.concealOperation(k, operation)
		}
		return out
	}
	return body
}

// concealOperation hides the value of an operation on a Secret, unless it is about the object's metadata. A value may be one text, or a
// map of them, or the whole object.
func (b *binding) concealOperation(k kind, operation object) object {
	value, hasValue := operation["value"]
	if !hasValue {
		return operation
	}
	path := workload.Text(operation, "path")
	inside := object{"metadata": object{}, "apiVersion": "v1", "kind": "Secret"}
	switch {
	case !k.isSecret():
		clean, _ := b.concealWithin(value)
		return workload.With(operation, clean, "value")
	case strings.HasPrefix(path, "/metadata/") && !strings.Contains(path, strings.ReplaceAll(lastApplied, "/", "~1")):
		return operation
	}
	switch v := value.(type) {
	case object:
		inside["data"], inside["stringData"] = v, v
	default:
		inside["data"], inside["stringData"] = object{"value": v}, object{"value": v}
	}
	b.learn(inside)
	return workload.With(operation, concealed, "value")
}
