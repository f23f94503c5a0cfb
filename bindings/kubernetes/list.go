package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/action"
	"runbook/engine/module"
)

// pageSize bounds the memory of one answer, and the time that the server spends on it. In kubectl's pages of 500, ten thousand pods
// took about half as much again of the lab's server.
const pageSize = 2000

// maxRestarts is how often a list begins anew because the server has forgotten the revision it began with.
const maxRestarts = 3

func (b *binding) listFunc() module.Func {
	return module.Func{
		Name: "list",
		Doc: `Lists the objects of one kind, in the order of their namespaces and names.

The kind goes by any name that kubectl takes, in upper or lower case, custom resources included: its plural, singular or short name, alone
or with its group, or version and group ("deployments.apps", "hpa.v1.autoscaling"). Where two groups have one name, the one is meant that
kubectl means. The list is read in pages, and anew if the server forgets meanwhile where it was.

In a dry run the list is as the run intends the cluster to be: with what it would have created, without what it would have deleted.`,
		Params: []module.Param{
			{Name: "kind", Kind: module.String, Required: true, Doc: `as for kubectl: "pods", "po", "deployments.apps"`},
			{Name: "options", Kind: module.Object, Doc: "what to list", Fields: []module.Param{
				{Name: "namespace", Kind: module.String, Doc: "the namespace; without it the kubeconfig context's"},
				{Name: "all_namespaces", Kind: module.Boolean, Doc: "list every namespace"},
				{Name: "selector", Kind: module.String, Doc: `label selector: "app=web,tier!=cache", "env in (prod, stage)"`},
				{
					Name: "fields", Kind: module.String,
					Doc: `field selector: "status.phase=Running", "spec.nodeName=n1", "metadata.name!=x"; the server decides which fields a kind has`,
				},
			}},
		},
		Returns: module.Result{Type: "kubernetes.Object[]", Doc: "the objects; an empty list if there are none"},
		Errors:  []action.Code{action.CodeForbidden, action.CodeUnavailable, action.CodeRejected},
		Examples: []string{
			`for _, pod in ipairs(kubernetes.list("pods", { selector = "app=web" })) do log(pod.metadata.name) end`,
			`local nodes = kubernetes.list("nodes")`,
			`local events = kubernetes.list("events", { all_namespaces = true, fields = "type=Warning" })`,
		},
		Read: b.newList,
	}
}

// A listRead is one call of list.
type listRead struct {
	b       *binding
	of      address
	listing listing
	args    []action.Arg
}

// A listing says what to list. brief asks for metadata only.
type listing struct {
	kind      kind
	namespace string // empty for all
	labels    labels.Selector
	fields    fields.Selector
	brief     bool
}

func (b *binding) newList(args module.Args) (action.Read, error) {
	if args.Bool("all_namespaces") && args.String("namespace") != "" {
		return nil, action.Errorf(action.CodeInvalid, "kubernetes.list: give a namespace or all_namespaces, not both")
	}
	of, err := b.place(args.String("kind"), "", args.String("namespace"))
	if err != nil {
		return nil, err
	}
	if args.Bool("all_namespaces") {
		of.namespace = ""
	}
	r := listRead{b: b, of: of}
	if r.listing.labels, err = labels.Parse(args.String("selector")); err != nil {
		return nil, action.Errorf(action.CodeInvalid, "kubernetes.list: selector %q: %w", args.String("selector"), err)
	}
	if r.listing.fields, err = fields.ParseSelector(args.String("fields")); err != nil {
		return nil, action.Errorf(action.CodeInvalid, "kubernetes.list: fields %q: %w", args.String("fields"), err)
	}
	r.args = given(args, "selector", "fields")
	return r, nil
}

// given are those arguments of a call that were given.
func given(args module.Args, names ...string) []action.Arg {
	var out []action.Arg
	for _, name := range names {
		if v, ok := args[name]; ok {
			out = append(out, action.Arg{Name: name, Value: v})
		}
	}
	return out
}

func (r listRead) Describe() action.Description {
	return action.Description{
		Verb: "kubernetes.list", Target: r.of.target(), Identity: r.args, Idempotent: true,
		Permissions: []action.Permission{r.of.permission("list", "")},
	}
}

func (r listRead) Read(ctx context.Context, view action.View) (any, error) {
	of, err := r.b.resolved(ctx, r.of)
	if err != nil {
		return nil, err
	}
	l := r.listing
	l.kind, l.namespace = of.kind, of.namespace
	return r.b.listRaw(ctx, view, l)
}

// listRaw lists through the intended state.
func (b *binding) listRaw(ctx context.Context, view action.View, l listing) ([]json.RawMessage, error) {
	where, err := b.territory(ctx, view, l.namespace)
	if err != nil {
		return nil, err
	}
	items := []json.RawMessage{}
	if where == actual {
		if items, err = b.listLive(ctx, l); err != nil {
			return nil, err
		}
	}
	return b.layList(ctx, view, l, where, items)
}

// listLive asks the server, page by page.
func (b *binding) listLive(ctx context.Context, l listing) ([]json.RawMessage, error) {
	var err error
	for range maxRestarts {
		var items []json.RawMessage
		if items, err = b.pages(ctx, l); answerOf(err).code != http.StatusGone {
			return items, err
		}
	}
	return nil, err
}

func (b *binding) pages(ctx context.Context, l listing) ([]json.RawMessage, error) {
	all := []json.RawMessage{}
	query := l.query()
	page := new(bytes.Buffer)
	for {
		r := l.request(query)
		r.into = page
		body, err := b.send(ctx, r)
		if err != nil {
			return nil, err
		}
		items, next, err := splitPage(l.kind, body)
		if err != nil {
			return nil, garbled(r, err)
		}
		for _, item := range items {
			if item, err = b.concealRaw(l.kind, item); err != nil {
				return nil, err
			}
			all = append(all, item)
		}
		if next == "" {
			return all, nil
		}
		query.Set("continue", next)
	}
}

func (l listing) query() url.Values {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if l.labels != nil && !l.labels.Empty() {
		query.Set("labelSelector", l.labels.String())
	}
	if l.fields != nil && !l.fields.Empty() {
		query.Set("fieldSelector", l.fields.String())
	}
	return query
}

func (l listing) request(query url.Values) request {
	target := action.Target{System: system, Kind: l.kind.canonical(), Scope: l.namespace}
	r := request{
		method: http.MethodGet, verb: "list", purpose: fmt.Sprintf("list %s", target), target: target,
		path: l.kind.path(l.namespace, ""), query: query,
	}
	if l.brief {
		r.accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
	}
	return r
}
