package cluster

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"runbook/engine/module"
	"runbook/engine/ownership"
	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// A kind is one type of object that the server knows.
type kind struct {
	group, version string
	resource       string // plural
	name           string // in manifests
	namespaced     bool
	short          []string
	has            trait
	custom         *custom  // of a CustomResourceDefinition; nil for what is built in
	scale          *scaling // where its number of replicas is; nil for what has none
}

// A trait is something that is so for some kinds and not for others.
type trait int

const (
	statusTrait     trait = 1 << iota // has the subresource status
	generationTrait                   // counts generations
	returnedTrait                     // a deletion answers with the object instead of a Status
	inAllTrait                        // belongs to the category all
	untypedTrait                      // its Go type is not linked: it is taken as it comes
)

func (k *kind) is(t trait) bool { return k.has&t != 0 }

// canonical is the resource as the store names it.
func (k *kind) canonical() string { return k.groupResource().String() }

func (k *kind) groupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: k.group, Version: k.version}
}

func (k *kind) gvk() schema.GroupVersionKind { return k.groupVersion().WithKind(k.name) }

// kept is what has to be known of the kind to keep the owners of fields.
func (k *kind) kept() ownership.Kind {
	return ownership.Kind{GroupVersionKind: k.gvk(), Typed: k.typed(), Status: k.is(statusTrait)}
}

func (k *kind) groupKind() schema.GroupKind { return schema.GroupKind{Group: k.group, Kind: k.name} }

func (k *kind) groupResource() schema.GroupResource {
	return schema.GroupResource{Group: k.group, Resource: k.resource}
}

func (k *kind) singular() string {
	if k.custom != nil && k.custom.singular != "" {
		return k.custom.singular
	}
	return strings.ToLower(k.name)
}

func (k *kind) generations() bool { return k.is(generationTrait) }

// kinds are all that the server knows now, the built-in ones first.
func (c *Cluster) kinds() []*kind {
	return append(slices.Clone(builtin), c.customKinds()...)
}

// serves finds the kind of a call; nil if there is none.
func (c *Cluster) serves(call Call) *kind {
	for _, k := range c.kinds() {
		if k.group == call.Group && k.version == call.Version && k.resource == call.Resource {
			return k
		}
	}
	return nil
}

// kindOf finds the kind of a manifest.
func (c *Cluster) kindOf(o Object) (*kind, error) {
	word, version := workload.Text(o, "kind"), workload.Text(o, "apiVersion")
	var names []string
	elsewhere := ""
	for _, k := range c.kinds() {
		if k.name == word && k.groupVersion().String() == version {
			return k, nil
		}
		if k.name == word {
			elsewhere = "; it is in " + k.groupVersion().String()
		}
		names = append(names, k.name)
	}
	return nil, fmt.Errorf("the simulated cluster knows no kind %q in %q%s", word, version, cmp.Or(elsewhere, module.DidYouMean(word, names)))
}

// refer finds what kind/name means.
func (c *Cluster) refer(reference, namespace string) (*kind, store.Key, error) {
	word, name, ok := strings.Cut(reference, "/")
	if !ok {
		return nil, store.Key{}, fmt.Errorf("%q is no kind/name, such as deployment/web", reference)
	}
	var names []string
	for _, k := range c.kinds() {
		if !k.answersTo(word) {
			names = append(append(names, k.resource, k.singular()), k.short...)
			continue
		}
		key := store.Key{Resource: k.canonical(), Name: name}
		if k.namespaced {
			if key.Namespace = namespace; namespace == "" {
				key.Namespace = c.namespace()
			}
		}
		return k, key, nil
	}
	return nil, store.Key{}, fmt.Errorf("the simulated cluster knows no kind %q%s", word, module.DidYouMean(word, names))
}

// answersTo tells whether a word means this kind, alone or with ".group" or ".version.group".
func (k *kind) answersTo(word string) bool {
	resource, suffix, dotted := strings.Cut(strings.ToLower(word), ".")
	if dotted && suffix != k.group && suffix != k.version+"."+k.group {
		return false
	}
	return resource == k.resource || resource == k.singular() || resource == strings.ToLower(k.name) || slices.Contains(k.short, resource)
}

// Plural is the resource that another word for a built-in kind means, such as "pods" for "pod", "po" and "Pod"; "" where the word is none.
func Plural(word string) string {
	name, sub, _ := strings.Cut(word, "/")
	for _, k := range builtin {
		resource, _, _ := strings.Cut(name, ".")
		if resource != k.resource && k.answersTo(name) {
			return strings.TrimSuffix(k.resource+"/"+sub, "/")
		}
	}
	return ""
}
