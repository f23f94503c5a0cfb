package kubernetes

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"runbook/engine/action"
	"runbook/engine/module"
)

// A kind is one type of object that a server knows.
type kind struct {
	group, version string
	resource       string // plural: "deployments"
	name           string // in manifests: "Deployment"
	namespaced     bool
	short          []string // "deploy"
}

// canonical is the kind as targets and `may` spell it: "pods", "deployments.apps".
func (k kind) canonical() string { return join(k.resource, k.group) }

func (k kind) apiVersion() string {
	return schema.GroupVersion{Group: k.group, Version: k.version}.String()
}

func (k kind) isSecret() bool { return k.group == "" && k.resource == "secrets" }

// is tells whether a word means this kind: its plural, singular, short or manifest name, alone or with ".group" or
// ".version.group".
func (k kind) is(word string) bool {
	resource, suffix, dotted := strings.Cut(strings.ToLower(word), ".")
	if dotted && suffix != k.group && suffix != join(k.version, k.group) && suffix != k.version+"."+k.group {
		return false
	}
	return resource == k.resource || resource == strings.ToLower(k.name) || slices.Contains(k.short, resource)
}

// path is where the server keeps objects of the kind: all of a namespace (or of the cluster) without a name.
func (k kind) path(namespace, name string, subresource ...string) string {
	parts := []string{"/apis", k.group, k.version}
	if k.group == "" {
		parts = []string{"/api", k.version}
	}
	if k.namespaced && namespace != "" {
		parts = append(parts, "namespaces", namespace)
	}
	parts = append(parts, k.resource)
	if name != "" {
		parts = append(parts, name)
	}
	return strings.Join(append(parts, subresource...), "/")
}

func join(word, group string) string {
	if group == "" {
		return word
	}
	return word + "." + group
}

// builtinKind finds a kind by any of its names without asking a server.
func builtinKind(word string) (kind, bool) {
	i := slices.IndexFunc(builtin, func(k kind) bool { return k.is(word) })
	if i < 0 {
		return kind{}, false
	}
	return builtin[i], true
}

// mustBuiltin is builtinKind for the names that this package itself uses.
func mustBuiltin(word string) kind {
	k, ok := builtinKind(word)
	if !ok {
		panic("kubernetes: " + word + " is missing in the table of built-in kinds")
	}
	return k
}

// guessKind names the kind that a word most likely means, for a description that must be given before a server can be asked.
func guessKind(word string) kind {
	resource, group, _ := strings.Cut(strings.ToLower(word), ".")
	return kind{group: group, resource: resource, namespaced: true}
}

// A catalogue knows the kinds of one server beyond the built-in ones. It asks once, and again when a name is not found: a script
// may just have created its definition.
type catalogue struct {
	mu    sync.Mutex
	kinds []kind
}

func (c *catalogue) find(ctx context.Context, link *link, word string) (kind, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.lookUp(word); ok {
		return k, nil
	}
	kinds, err := discover(ctx, link)
	if err != nil {
		return kind{}, err
	}
	c.kinds = kinds
	if k, ok := c.lookUp(word); ok {
		return k, nil
	}
	return kind{}, c.unknown(word)
}

func (c *catalogue) lookUp(word string) (kind, bool) {
	i := slices.IndexFunc(c.kinds, func(k kind) bool { return k.is(word) })
	if i < 0 {
		return kind{}, false
	}
	return c.kinds[i], true
}

func (c *catalogue) unknown(word string) error {
	var names []string
	for _, k := range append(slices.Clone(builtin), c.kinds...) {
		names = append(names, append([]string{k.resource, strings.ToLower(k.name)}, k.short...)...)
	}
	return action.Errorf(action.CodeInvalid, "the cluster has no kind %q%s", word, module.DidYouMean(word, names)).
		Try("list what it has: kubectl api-resources")
}

func discover(ctx context.Context, link *link) ([]kind, error) {
	client, err := discovery.NewDiscoveryClientForConfigAndClient(link.config, link.http)
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot ask the cluster for its kinds: %w", err)
	}
	// Some groups failing (a metrics server that is down) must not hide the others.
	groups, lists, err := client.ServerGroupsAndResourcesWithContext(ctx)
	if len(lists) == 0 && err != nil {
		return nil, undiscovered(ctx, link, err)
	}
	return inOrder(groups, lists), nil
}

// inOrder are the kinds in the order in which a word means them, which is kubectl's: the groups as the server lists them, and each
// group's preferred version before the others, which are meant by "kind.version.group" only.
func inOrder(groups []*metav1.APIGroup, lists []*metav1.APIResourceList) []kind {
	preferred := map[string]bool{}
	for _, group := range groups {
		preferred[group.PreferredVersion.GroupVersion] = true
	}
	var kinds, older []kind
	for _, list := range lists {
		if preferred[list.GroupVersion] {
			kinds = append(kinds, kindsOf(list)...)
		} else {
			older = append(older, kindsOf(list)...)
		}
	}
	return append(kinds, older...)
}

// undiscovered says why the cluster did not tell its kinds: it said no, or nothing.
func undiscovered(ctx context.Context, link *link, err error) error {
	r := request{purpose: "ask the cluster for its kinds", method: http.MethodGet, verb: "get"}
	var refusal apierrors.APIStatus
	if errors.As(err, &refusal) {
		return refusedWith(r, int(refusal.Status().Code), refusal.Status())
	}
	return broken(ctx, r, link, err)
}

func kindsOf(list *metav1.APIResourceList) []kind {
	gv, err := schema.ParseGroupVersion(list.GroupVersion)
	if err != nil {
		return nil // a server that names a group so badly serves nothing that could be asked for
	}
	var kinds []kind
	for _, r := range list.APIResources {
		if !strings.Contains(r.Name, "/") {
			words := slices.Clone(r.ShortNames)
			if r.SingularName != "" {
				words = append(words, r.SingularName) // a definition may call it otherwise than its kind
			}
			kinds = append(kinds, kind{gv.Group, gv.Version, r.Name, r.Kind, r.Namespaced, words})
		}
	}
	return kinds
}

// allKinds are the built-in kinds and those found so far.
func (b *binding) allKinds() []kind {
	b.kinds.mu.Lock()
	defer b.kinds.mu.Unlock()
	return append(slices.Clone(builtin), b.kinds.kinds...)
}

// fullKind is the kind that targets have for what a runbook's may says: with its API group where the table knows it.
func fullKind(word string) string {
	if k, ok := builtinKind(word); ok {
		return k.canonical()
	}
	return word
}
