package cluster

import (
	"slices"
	"strings"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// definitions are the CustomResourceDefinitions, which make kinds.
const definitions = "customresourcedefinitions.apiextensions.k8s.io"

// custom is what only a kind of a CustomResourceDefinition has.
type custom struct {
	singular   string
	categories []string
	selectable []string // fields
	listKind   string
	schema     Object // openAPIV3Schema
}

// customKinds are the kinds of the definitions that are established, in the order of their names. The version that is preferred comes
// first; objects are the same in all of them.
func (c *Cluster) customKinds() []*kind {
	var out []*kind
	for _, d := range c.store.List(definitions, "") {
		if workload.Condition(d, "Established")["status"] != "True" {
			continue
		}
		for _, v := range workload.Maps(d, "spec", "versions") {
			if v["served"] == true {
				out = append(out, customKind(d, v))
			}
		}
	}
	return out
}

// serving is an object in the version of the kind that is asked for: it may have been written in another one, with the same fields.
func (k *kind) serving(o Object) Object {
	if k.custom == nil || workload.Text(o, "apiVersion") == k.groupVersion().String() {
		return o
	}
	return workload.With(o, k.groupVersion().String(), "apiVersion")
}

func customKind(d, version Object) *kind {
	names := workload.Map(d, "status", "acceptedNames")
	k := &kind{
		group: workload.Text(d, "spec", "group"), version: workload.Text(version, "name"),
		resource: workload.Text(names, "plural"), name: workload.Text(names, "kind"),
		namespaced: workload.Text(d, "spec", "scope") == "Namespaced", short: textsOf(names, "shortNames"), has: generationTrait,
		custom: &custom{
			singular: workload.Text(names, "singular"), categories: textsOf(names, "categories"), listKind: workload.Text(names, "listKind"),
			schema: workload.Map(version, "schema", "openAPIV3Schema"),
		},
	}
	for _, field := range workload.Maps(version, "selectableFields") {
		k.custom.selectable = append(k.custom.selectable, strings.TrimPrefix(workload.Text(field, "jsonPath"), "."))
	}
	if workload.Map(version, "subresources", "status") != nil {
		k.has |= statusTrait
	}
	if s := workload.Map(version, "subresources", "scale"); s != nil {
		k.scale = &scaling{pathOf(s, "specReplicasPath"), pathOf(s, "statusReplicasPath"), pathOf(s, "labelSelectorPath")}
	}
	return k
}

// pathOf is a simple JSON path, such as .spec.replicas, as the fields on its way.
func pathOf(o Object, field string) []string {
	return strings.Split(strings.TrimPrefix(workload.Text(o, field), "."), ".")
}

func textsOf(o Object, path ...string) []string {
	var out []string
	list, _ := workload.Dig(o, path...).([]any)
	for _, item := range list {
		if text, ok := item.(string); ok {
			out = append(out, text)
		}
	}
	return out
}

// establish accepts the names of a definition, after which its kind is served. Names that another one has are not accepted.
func (c *Cluster) establish(key store.Key) {
	d := c.store.Get(key)
	if d == nil || workload.Condition(d, "Established")["status"] == "True" && workload.Equal(workload.Dig(d, "spec", "names"), workload.Dig(d, "status", "acceptedNames")) {
		return
	}
	now := c.store.Now()
	var stored []any
	for _, v := range workload.Maps(d, "spec", "versions") {
		if v["storage"] == true {
			stored = append(stored, workload.Text(v, "name"))
		}
	}
	d = workload.With(d, stored, "status", "storedVersions")
	if !slices.Contains(finalizers(d), cleanup) {
		d = workload.With(d, texts(append(finalizers(d), cleanup)), "metadata", "finalizers")
	}
	if owner := c.nameTakenBy(d); owner != "" {
		d = withMessage(d, "NamesAccepted", "False", "KindConflict", `"`+workload.Text(d, "spec", "names", "kind")+`" is already in use by `+owner, now)
		d = withMessage(d, "Established", "False", "NotAccepted", "not all names are accepted", now)
	} else {
		d = workload.With(d, workload.Dig(d, "spec", "names"), "status", "acceptedNames")
		d = withMessage(d, "NamesAccepted", "True", "NoConflicts", "no conflicts found", now)
		d = withMessage(d, "Established", "True", "InitialNamesAccepted", "the initial names have been accepted", now)
	}
	c.store.Update(definitions, d)
}

// cleanup is the finalizer of a definition whose objects have to go first.
const cleanup = "customresourcecleanup.apiextensions.k8s.io"

// withdraw ends a definition that is going away, once nothing of its kind is left.
func (c *Cluster) withdraw(key store.Key) {
	d := c.store.Get(key)
	if d == nil || metaText(d, "deletionTimestamp") == "" || !slices.Contains(finalizers(d), cleanup) {
		return
	}
	resource := workload.Text(d, "spec", "names", "plural") + "." + workload.Text(d, "spec", "group")
	for _, k := range c.customKinds() {
		if k.canonical() != resource {
			continue
		}
		for _, o := range c.store.List(resource, "") {
			_, _ = c.remove(k, store.KeyOf(resource, o), deletion{options: options{user: admin}, propagation: background}) // it is there
		}
	}
	if len(c.store.List(resource, "")) > 0 {
		return // what has finalizers goes later, and the definition with it
	}
	names := slices.DeleteFunc(finalizers(d), func(name string) bool { return name == cleanup })
	if len(names) == 0 {
		c.store.Delete(key)
		return
	}
	c.store.Update(definitions, workload.With(d, texts(names), "metadata", "finalizers"))
}

// nameTakenBy is the other definition in the same group that has the kind already; empty if none has.
func (c *Cluster) nameTakenBy(d Object) string {
	others := c.store.List(definitions, "")
	i := slices.IndexFunc(others, func(other Object) bool {
		return nameOf(other) != nameOf(d) && workload.Text(other, "spec", "group") == workload.Text(d, "spec", "group") &&
			workload.Text(other, "status", "acceptedNames", "kind") == workload.Text(d, "spec", "names", "kind")
	})
	if i < 0 {
		return ""
	}
	return nameOf(others[i])
}

func withMessage(o Object, kind, status, reason, message string, now time.Time) Object {
	o = workload.WithCondition(o, kind, status, reason, now)
	conditions := []any{}
	for _, condition := range workload.Maps(o, "status", "conditions") {
		if condition["type"] == kind {
			condition = workload.With(condition, message, "message")
		}
		conditions = append(conditions, condition)
	}
	return workload.With(o, conditions, "status", "conditions")
}
