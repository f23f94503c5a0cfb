package controller

import (
	"slices"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// revisionLabel marks what template a stateful or daemon set's pod is made of.
const revisionLabel = "controller-revision-hash"

// revisionOf is the name of the revision that an owner's present template has. It is recorded, as what kubectl rollout history and undo
// go by.
func (c *Controllers) revisionOf(owner Object) string {
	hash := hashOf(workload.Map(owner, "spec", "template"), 0)
	name := nameOf(owner) + "-" + hash
	all := c.owned(owner, "controllerrevisions.apps")
	newest := int64(0)
	for _, r := range all {
		n, _ := workload.Int(r, "revision")
		newest = max(newest, n)
	}
	i := slices.IndexFunc(all, func(r Object) bool { return nameOf(r) == name })
	if i < 0 {
		template := workload.With(workload.Map(owner, "spec", "template"), "replace", "$patch")
		c.create("controllerrevisions.apps", Object{
			"apiVersion": "apps/v1", "kind": "ControllerRevision", "revision": newest + 1,
			"data": Object{"spec": Object{"template": template}},
			"metadata": Object{
				"name": name, "namespace": namespaceOf(owner), "ownerReferences": []any{workload.OwnerReference(owner)},
				"labels": workload.With(workload.Map(owner, "spec", "template", "metadata", "labels"), hash, revisionLabel),
			},
		})
	} else if n, _ := workload.Int(all[i], "revision"); n < newest {
		c.store.Update("controllerrevisions.apps", workload.With(all[i], newest+1, "revision"))
	}
	return name
}

// templateOf is the owner with the template of one of its revisions; with its present one if that is not recorded.
func (c *Controllers) templateOf(owner Object, revision string) Object {
	recorded := c.store.Get(store.Key{Resource: "controllerrevisions.apps", Namespace: namespaceOf(owner), Name: revision})
	template := workload.Map(recorded, "data", "spec", "template")
	if template == nil {
		return owner
	}
	return workload.With(owner, workload.With(template, nil, "$patch"), "spec", "template")
}

// isOf tells whether a pod is made of a revision, by the name or the hash of which it is marked.
func isOf(pod Object, mark string) bool {
	return workload.Text(pod, "metadata", "labels", revisionLabel) == mark
}
