package controller

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

func (c *Controllers) isTerminating(namespace string) bool {
	if namespace == "" {
		return false
	}
	return workload.IsLeaving(c.store.Get(store.Key{Resource: "namespaces", Name: namespace}))
}

// syncNamespace gives a namespace what every one has, and empties one that is deleted.
func (c *Controllers) syncNamespace(key store.Key, ns Object) {
	if workload.IsLeaving(ns) {
		c.empty(key, ns)
		return
	}
	if workload.Text(ns, "status", "phase") == "" {
		c.store.Update("namespaces", workload.With(ns, "Active", "status", "phase"))
	}
	c.provide("serviceaccounts", Object{
		"apiVersion": "v1", "kind": "ServiceAccount", "metadata": Object{"name": "default", "namespace": key.Name},
	})
	c.provide("configmaps", Object{
		"apiVersion": "v1", "kind": "ConfigMap", "metadata": Object{
			"name": "kube-root-ca.crt", "namespace": key.Name,
			"annotations": Object{"kubernetes.io/description": "Contains a CA bundle that can be used to verify the kube-apiserver when using " +
				"internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions " +
				"of Kubernetes clusters."},
		},
		"data": Object{"ca.crt": "-----BEGIN CERTIFICATE-----\nc2ltdWxhdGVk\n-----END CERTIFICATE-----\n"},
	})
}

func (c *Controllers) provide(resource string, o Object) {
	if c.store.Get(store.KeyOf(resource, o)) == nil {
		c.create(resource, o)
	}
}

// empty deletes what is in a namespace, and then the namespace.
func (c *Controllers) empty(key store.Key, ns Object) {
	left := map[string]int{}
	held := map[string]int{}
	for _, resource := range c.store.Resources() {
		for _, o := range c.store.List(resource, key.Name) {
			if resource == "namespaces" {
				continue
			}
			c.remove(store.KeyOf(resource, o), o)
			if o = c.store.Get(store.KeyOf(resource, o)); o == nil {
				continue
			}
			left[grouped(resource)]++
			for _, f := range finalizers(o) {
				held[fmt.Sprint(f)]++
			}
		}
	}
	if len(left) == 0 {
		c.store.Delete(key)
		return
	}
	c.store.Update("namespaces", c.emptying(ns, left, held))
}

// emptying says in a namespace's conditions what keeps it from being removed.
func (c *Controllers) emptying(ns Object, left, held map[string]int) Object {
	ns = workload.With(ns, "Terminating", "status", "phase")
	set := func(kind, status, reason, message string) {
		if old := workload.Condition(ns, kind); old != nil && old["message"] != message {
			since := old["lastTransitionTime"]
			ns = workload.SetCondition(workload.WithoutCondition(ns, kind), kind, status, reason, message, c.now())
			if old["status"] == status {
				workload.Condition(ns, kind)["lastTransitionTime"] = since
			}
			return
		}
		ns = workload.SetCondition(ns, kind, status, reason, message, c.now())
	}
	set("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered")
	set("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed")
	set("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization")
	set("NamespaceContentRemaining", "True", "SomeResourcesRemain",
		"Some resources are remaining: "+each(left, "%s has %d resource instances"))
	if len(held) == 0 {
		set("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished")
	} else {
		set("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain",
			"Some content in the namespace has finalizers remaining: "+each(held, "%s in %d resource instances"))
	}
	return ns
}

func each(counts map[string]int, format string) string {
	var out []string
	for name, n := range counts {
		out = append(out, fmt.Sprintf(format, name, n))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// grouped is a resource as a namespace's conditions name it: the group of the core resources is empty, and its dot is there.
func grouped(resource string) string {
	if strings.Contains(resource, ".") {
		return resource
	}
	return resource + "."
}
