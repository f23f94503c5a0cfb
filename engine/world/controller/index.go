package controller

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// An index answers, without going through all objects, who is whose and what waits.
type index struct {
	byUID    map[string]store.Key
	children map[string]map[store.Key]bool // by their owners' uids
	few      map[string]map[store.Key]bool // by resource: of the kinds of which there are not many
	unbound  map[store.Key]bool            // pods without a node
	orphans  map[store.Key]bool            // pods and replica sets without a controller
	pods     map[string]map[store.Key]bool // by namespace
	nodes    map[string]*load
	ordered  []*load // the nodes that there are, by name; nil if that has to be worked out anew
}

func newIndex() index {
	return index{
		byUID: map[string]store.Key{}, children: map[string]map[store.Key]bool{}, few: map[string]map[store.Key]bool{},
		unbound: map[store.Key]bool{}, orphans: map[store.Key]bool{}, pods: map[string]map[store.Key]bool{}, nodes: map[string]*load{},
	}
}

// listed are the resources of which the index keeps lists.
var listed = []string{
	"services", budgets, "daemonsets.apps", "deployments.apps", "replicasets.apps", "replicationcontrollers", "statefulsets.apps", "jobs.batch",
}

func (x *index) update(e store.Event) {
	if e.Before != nil {
		x.remove(e.Key, e.Before)
	}
	if e.Type != store.Deleted {
		x.insert(e.Key, e.Object)
	}
}

func (x *index) insert(key store.Key, o Object) {
	x.byUID[uidOf(o)] = key
	for _, ref := range workload.Maps(o, "metadata", "ownerReferences") {
		put(x.children, workload.Text(ref, "uid"), key)
	}
	if slices.Contains(listed, key.Resource) {
		put(x.few, key.Resource, key)
	}
	if (key.Resource == "pods" || key.Resource == "replicasets.apps") && workload.Controller(o) == nil {
		x.orphans[key] = true
	}
	if key.Resource == "nodes" {
		x.loadOf(key.Name).holds(o)
		x.ordered = nil
	}
	if key.Resource != "pods" {
		return
	}
	put(x.pods, key.Namespace, key)
	if node := workload.Text(o, "spec", "nodeName"); node == "" {
		x.unbound[key] = true
	} else if !workload.IsFinished(o) {
		x.loadOf(node).add(o, 1)
	}
}

func (x *index) remove(key store.Key, o Object) {
	delete(x.byUID, uidOf(o))
	for _, ref := range workload.Maps(o, "metadata", "ownerReferences") {
		owner := workload.Text(ref, "uid")
		if delete(x.children[owner], key); len(x.children[owner]) == 0 {
			delete(x.children, owner)
		}
	}
	delete(x.few[key.Resource], key)
	if key.Resource == "nodes" {
		x.loadOf(key.Name).node, x.ordered = nil, nil
	}
	delete(x.orphans, key)
	delete(x.unbound, key)
	delete(x.pods[key.Namespace], key)
	if node := workload.Text(o, "spec", "nodeName"); key.Resource == "pods" && node != "" && !workload.IsFinished(o) {
		x.loadOf(node).add(o, -1)
	}
}

func (x *index) loadOf(node string) *load {
	if x.nodes[node] == nil {
		x.nodes[node] = &load{}
	}
	return x.nodes[node]
}

// hosts are the nodes that there are, by name.
func (x *index) hosts() []*load {
	if x.ordered != nil {
		return x.ordered
	}
	for _, name := range slices.Sorted(maps.Keys(x.nodes)) {
		if l := x.nodes[name]; l.node != nil {
			x.ordered = append(x.ordered, l)
		}
	}
	return x.ordered
}

func put(m map[string]map[store.Key]bool, k string, key store.Key) {
	if m[k] == nil {
		m[k] = map[store.Key]bool{}
	}
	m[k][key] = true
}

func (x *index) childrenOf(uid string) []store.Key { return sorted(x.children[uid]) }

func (x *index) waiting() []store.Key { return sorted(x.unbound) }

// all are the objects of one of the listed resources in a namespace, or everywhere.
func (x *index) all(resource, namespace string) []store.Key {
	return slices.DeleteFunc(sorted(x.few[resource]), func(k store.Key) bool { return namespace != "" && k.Namespace != namespace })
}

// orphansOf are the pods or replica sets of a namespace that have no controller.
func (x *index) orphansOf(resource, namespace string) []store.Key {
	return slices.DeleteFunc(sorted(x.orphans), func(k store.Key) bool { return k.Namespace != namespace || k.Resource != resource })
}

func sorted(set map[store.Key]bool) []store.Key {
	return slices.SortedFunc(maps.Keys(set), func(a, b store.Key) int {
		return cmp.Or(strings.Compare(a.Resource, b.Resource), strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
}

// owned are the objects of a resource that an owner controls, by name.
func (c *Controllers) owned(owner Object, resource string) (out []Object) {
	for _, key := range c.index.childrenOf(uidOf(owner)) {
		if o := c.store.Get(key); key.Resource == resource && workload.ControllerUID(o) == uidOf(owner) {
			out = append(out, o)
		}
	}
	return out
}

// podsIn are the pods of a namespace, or all of them, by name.
func (c *Controllers) podsIn(namespace string) (out []Object) {
	for in, keys := range c.index.pods {
		if namespace == "" || in == namespace {
			for _, key := range sorted(keys) {
				out = append(out, c.store.Get(key))
			}
		}
	}
	return out
}
