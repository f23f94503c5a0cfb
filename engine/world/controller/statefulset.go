package controller

import (
	"fmt"
	"slices"
	"strconv"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// syncStatefulSet keeps a stateful set's pods by their numbers, in order, and moves them to its present template from the highest to
// the lowest.
func (c *Controllers) syncStatefulSet(key store.Key, set Object) {
	c.reclaim(set, "pods")
	update := c.revisionOf(set)
	if workload.Text(set, "status", "currentRevision") == "" {
		set = workload.With(set, update, "status", "currentRevision")
	}
	set = workload.With(set, update, "status", "updateRevision")
	if !workload.IsLeaving(set) && !c.isTerminating(key.Namespace) {
		c.keepOrdinals(set, c.owned(set, "pods"))
	}
	set = workload.SetStatus(set, c.owned(set, "pods"), c.now())
	if n := workload.Replicas(set); amount(set, "updatedReplicas") == n && amount(set, "readyReplicas") == n && amount(set, "replicas") == n {
		set = workload.With(set, update, "status", "currentRevision")
		set = workload.SetStatus(set, c.owned(set, "pods"), c.now())
	}
	c.store.Update(key.Resource, set)
	c.expire(set, c.owned(set, "pods"))
	c.watchAvailable(key, set)
}

func amount(o Object, field string) int64 {
	n, _ := workload.Int(o, "status", field)
	return n
}

// keepOrdinals takes one step, or as many as there are if the set's pods need not come in order.
func (c *Controllers) keepOrdinals(set Object, pods []Object) {
	ordered := workload.Text(set, "spec", "podManagementPolicy") != "Parallel"
	start, _ := workload.Int(set, "spec", "ordinals", "start")
	byOrdinal, end := map[int]Object{}, int(start+workload.Replicas(set))
	for _, pod := range pods {
		byOrdinal[workload.Ordinal(pod)] = pod
	}
	healthy := func(pod Object) bool {
		return workload.IsActive(pod) && workload.IsAvailable(pod, workload.MinReady(set), c.now())
	}
	for i := int(start); i < end; i++ {
		pod := byOrdinal[i]
		switch {
		case pod == nil:
			c.createOrdinal(set, i)
		case workload.IsFinished(pod) && !workload.IsLeaving(pod):
			c.removeOrdinal(set, pod)
		}
		if ordered && (pod == nil || !healthy(pod)) {
			return
		}
	}
	slices.SortFunc(pods, func(a, b Object) int { return workload.Ordinal(b) - workload.Ordinal(a) })
	for _, pod := range pods {
		if i := workload.Ordinal(pod); i >= int(start) && i < end {
			continue
		}
		if !workload.IsLeaving(pod) {
			c.removeOrdinal(set, pod)
		}
		if ordered {
			return
		}
	}
	c.updateOrdinals(set, pods, healthy)
}

// updateOrdinals replaces the highest pod of another template, if those above it are well.
func (c *Controllers) updateOrdinals(set Object, pods []Object, healthy func(Object) bool) {
	if workload.Text(set, "spec", "updateStrategy", "type") == "OnDelete" {
		return
	}
	partition, _ := workload.Int(set, "spec", "updateStrategy", "rollingUpdate", "partition")
	for _, pod := range pods {
		if workload.Ordinal(pod) < int(partition) {
			return
		}
		if !workload.IsOf(pod, workload.Text(set, "status", "updateRevision")) && !workload.IsLeaving(pod) {
			c.removeOrdinal(set, pod)
			return
		}
		if !healthy(pod) {
			return
		}
	}
}

func (c *Controllers) createOrdinal(set Object, i int) {
	name := fmt.Sprintf("%s-%d", nameOf(set), i)
	revision := workload.Text(set, "status", "updateRevision")
	if partition, _ := workload.Int(set, "spec", "updateStrategy", "rollingUpdate", "partition"); i < int(partition) {
		revision = workload.Text(set, "status", "currentRevision")
	}
	c.claim(set, name)
	c.newPod(c.templateOf(set, revision), name, func(pod Object) Object {
		for label, value := range map[string]string{
			"statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": strconv.Itoa(i), workload.RevisionLabel: revision,
		} {
			pod = workload.With(pod, value, "metadata", "labels", label)
		}
		pod = workload.With(pod, name, "spec", "hostname")
		if service := workload.Text(set, "spec", "serviceName"); service != "" {
			pod = workload.With(pod, service, "spec", "subdomain")
		}
		return withClaims(set, pod, name)
	})
	c.tell(set, note{from: "statefulset-controller", reason: "SuccessfulCreate"}, "Create Pod %s in StatefulSet %s successful", name, nameOf(set))
}

func (c *Controllers) removeOrdinal(set, pod Object) {
	c.remove(store.KeyOf("pods", pod), pod)
	c.tell(set, note{from: "statefulset-controller", reason: "SuccessfulDelete"}, "Delete Pod %s in StatefulSet %s successful", nameOf(pod), nameOf(set))
}

// claim makes the volume claims of a pod that it does not have from before. A simulated claim is bound at once.
func (c *Controllers) claim(set Object, pod string) {
	for _, template := range workload.Maps(set, "spec", "volumeClaimTemplates") {
		claim := workload.Clone(template)
		claim["apiVersion"], claim["kind"] = "v1", "PersistentVolumeClaim"
		claim = workload.With(claim, nameOf(template)+"-"+pod, "metadata", "name")
		claim = workload.With(claim, namespaceOf(set), "metadata", "namespace")
		claim = workload.With(claim, workload.Map(set, "spec", "selector", "matchLabels"), "metadata", "labels")
		claim = workload.With(claim, Object{"phase": "Bound"}, "status")
		if c.store.Get(store.KeyOf("persistentvolumeclaims", claim)) != nil {
			continue
		}
		c.create("persistentvolumeclaims", claim)
		c.tell(set, note{from: "statefulset-controller", reason: "SuccessfulCreate"}, "Create Claim %s Pod %s in StatefulSet %s success",
			nameOf(claim), pod, nameOf(set))
	}
}

func withClaims(set, pod Object, name string) Object {
	volumes, _ := workload.Dig(pod, "spec", "volumes").([]any)
	for _, template := range workload.Maps(set, "spec", "volumeClaimTemplates") {
		volumes = append(volumes, Object{
			"name": nameOf(template), "persistentVolumeClaim": Object{"claimName": nameOf(template) + "-" + name},
		})
	}
	if len(volumes) == 0 {
		return pod
	}
	return workload.With(pod, volumes, "spec", "volumes")
}
