package kubernetes

import (
	"context"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/kubectl/pkg/describe"

	"runbook/engine/action"
	"runbook/engine/module"
)

// describeTime bounds a description: of a node with many pods it takes a dozen requests.
const describeTime = time.Minute

func (b *binding) describeFunc() module.Func {
	return module.Func{
		Name: "describe",
		Doc: `Describes one object as kubectl describe does, events included.

The text is for people: what a script decides on is better read with get, events, row and trouble. Of Secrets there are the sizes of the
values only. What the caller may not read besides the object is said at the end. In a dry run all that is described is as the run intends it to be.`,
		Params: []module.Param{
			refParam(`"kind/name", or an object that came from the cluster`),
			{Name: "options", Kind: module.Object, Doc: "where it is", Fields: []module.Param{
				namespaceParam,
				{Name: "events", Kind: module.Boolean, Default: true, Doc: "with the events about it"},
			}},
		},
		Returns:  module.Result{Type: "string", Doc: "the text, of many lines"},
		Errors:   []action.Code{action.CodeNotFound, action.CodeForbidden, action.CodeUnavailable, action.CodeTimeout},
		Examples: []string{`log(kubernetes.describe("pod/web-0"))`, `local text = kubernetes.describe("node/n1", { events = false })`},
		Read: func(args module.Args) (action.Read, error) {
			of, err := b.address(args, "")
			return describeRead{b, of, args.Bool("events")}, err
		},
	}
}

// A describeRead is one call of describe.
type describeRead struct {
	b      *binding
	of     address
	events bool
}

func (d describeRead) Describe() action.Description {
	wanted := []action.Permission{d.of.permission("get", "")}
	if d.events {
		events := address{kind: mustBuiltin("events"), namespace: d.of.namespace}
		wanted = append(wanted, events.permission("list", ""))
	}
	return action.Description{
		Verb: "kubernetes.describe", Target: d.of.target(), Idempotent: true, Permissions: wanted,
		Identity: []action.Arg{{Name: "events", Value: d.events}},
	}
}

func (d describeRead) Read(ctx context.Context, view action.View) (any, error) {
	of, err := d.b.resolved(ctx, d.of)
	if err != nil {
		return nil, err
	}
	s, err := d.b.existing(ctx, view, of, "describe")
	if err != nil {
		return nil, err
	}
	ctx, cancel := module.OutsideOf(ctx).WithTimeout(ctx, describeTime)
	defer cancel()
	cluster := &intendedCluster{b: d.b, ctx: ctx, view: view}
	describer, err := cluster.describer(of.kind)
	if err != nil {
		return nil, err
	}
	text, err := describer.Describe(of.namespace, of.name, describe.DescriberSettings{ShowEvents: d.events, ChunkSize: pageSize})
	failed := cluster.failed()
	if err != nil && len(failed) > 0 {
		return nil, failed[0]
	}
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot describe %s: %w", of.target(), err).On(of.target())
	}
	if of.kind.isSecret() {
		text = withoutSizes(text, unsized(s))
	}
	return text + missed(failed), nil
}

// missed tells what is not in a description because it could not be read. kubectl prints that there is none.
func missed(failed []error) string {
	if len(failed) == 0 {
		return ""
	}
	text := "Not all of it could be read:\n"
	for _, err := range failed {
		text += "  " + err.Error() + "\n"
	}
	return text
}

// describer is the library's for that kind; the generic one for a kind that it does not know.
func (c *intendedCluster) describer(k kind) (describe.ResourceDescriber, error) {
	config := &rest.Config{Host: intendedHost, Transport: c, QPS: -1}
	gvk := schema.GroupVersionKind{Group: k.group, Version: k.version, Kind: k.name}
	if d, ok := describe.DescriberFor(gvk.GroupKind(), config); ok {
		return d, nil
	}
	scope := meta.RESTScopeRoot
	if k.namespaced {
		scope = meta.RESTScopeNamespace
	}
	mapping := &meta.RESTMapping{Resource: gvk.GroupVersion().WithResource(k.resource), GroupVersionKind: gvk, Scope: scope}
	if d, ok := describe.GenericDescriberFor(mapping, config); ok {
		return d, nil
	}
	return nil, action.Errorf(action.CodeInternal, "no description can be made for %s", k.canonical())
}

// withoutSizes puts a mark where the size of a value is not known: of a Secret that is only intended, nobody keeps the values.
func withoutSizes(text string, keys []string) string {
	for _, key := range keys {
		line := regexp.MustCompile(`(?m)^(` + regexp.QuoteMeta(key) + `:\s+)0 bytes$`)
		text = line.ReplaceAllString(text, "${1}"+strings.ReplaceAll(concealed, "$", "$$"))
	}
	return text
}
