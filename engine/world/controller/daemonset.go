package controller

import (
	"slices"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// syncDaemonSet keeps a pod on every node that takes it, and moves them to the present template a few at a time.
func (c *Controllers) syncDaemonSet(key store.Key, set Object) {
	c.reclaim(set, "pods")
	hash := c.revisionOf(set)
	pods := map[string]Object{} // by node
	var surplus []Object
	for _, pod := range c.owned(set, "pods") {
		if node := nodeOf(pod); pods[node] == nil || workload.IsLeaving(pods[node]) {
			pods[node] = pod
		} else {
			surplus = append(surplus, pod)
		}
	}
	wanted := c.nodesFor(set)
	if !workload.IsLeaving(set) && !c.isTerminating(key.Namespace) {
		c.keepDaemons(set, hash, wanted, pods, surplus)
	}
	c.store.Update(key.Resource, c.daemonStatus(set, hash, wanted))
	c.expire(set, c.owned(set, "pods"))
	c.watchAvailable(key, set)
}

func (c *Controllers) keepDaemons(set Object, hash string, wanted []string, pods map[string]Object, surplus []Object) {
	from := note{from: "daemonset-controller", reason: "SuccessfulCreate"}
	for _, node := range wanted {
		if pods[node] != nil {
			continue
		}
		pod := c.newPod(set, "", func(pod Object) Object {
			return daemon(workload.With(pod, hash, "metadata", "labels", workload.RevisionLabel), node)
		})
		c.tell(set, from, "Created pod: %s", nameOf(pod))
	}
	from.reason = "SuccessfulDelete"
	remove := func(pod Object) {
		if !workload.IsLeaving(pod) {
			c.remove(store.KeyOf("pods", pod), pod)
			c.tell(set, from, "Deleted pod: %s", nameOf(pod))
		}
	}
	for _, pod := range surplus {
		remove(pod)
	}
	for _, pod := range c.owned(set, "pods") {
		if !slices.Contains(wanted, nodeOf(pod)) || workload.IsFinished(pod) {
			remove(pod)
		}
	}
	for _, pod := range c.outdated(set, hash, wanted, pods) {
		remove(pod)
	}
}

// outdated are the pods of another template that may go now: those that are of no use anyway, and as many others as the set can spare.
func (c *Controllers) outdated(set Object, hash string, wanted []string, pods map[string]Object) (out []Object) {
	if workload.Text(set, "spec", "updateStrategy", "type") == "OnDelete" {
		return nil
	}
	spare := workload.DaemonsToSpare(set, int64(len(wanted)))
	var useful []Object
	for _, node := range wanted {
		pod := pods[node]
		available := pod != nil && workload.IsActive(pod) && workload.IsAvailable(pod, workload.MinReady(set), c.now())
		if !available {
			spare--
		}
		switch {
		case pod == nil || workload.IsOf(pod, hash):
		case available:
			useful = append(useful, pod)
		default:
			out = append(out, pod)
		}
	}
	return append(out, useful[:max(0, min(int(spare), len(useful)))]...)
}

// daemon is a pod that only one node takes, and stays there whatever becomes of the node.
func daemon(pod Object, node string) Object {
	pod = workload.With(pod, Object{"nodeSelectorTerms": []any{Object{"matchFields": []any{
		Object{"key": "metadata.name", "operator": "In", "values": []any{node}},
	}}}}, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
	tolerations, _ := workload.Dig(pod, "spec", "tolerations").([]any)
	tolerations = slices.Clone(tolerations)
	for _, taint := range []struct{ state, effect string }{
		{"not-ready", "NoExecute"}, {"unreachable", "NoExecute"}, {"disk-pressure", "NoSchedule"}, {"memory-pressure", "NoSchedule"},
		{"pid-pressure", "NoSchedule"}, {"unschedulable", "NoSchedule"},
	} {
		tolerations = append(tolerations, Object{"key": "node.kubernetes.io/" + taint.state, "operator": "Exists", "effect": taint.effect})
	}
	return workload.With(pod, tolerations, "spec", "tolerations")
}

// nodeOf is the node of a daemon's pod, which is certain before the scheduler says so.
func nodeOf(pod Object) string {
	if node := workload.Text(pod, "spec", "nodeName"); node != "" {
		return node
	}
	for _, term := range workload.Maps(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms") {
		for _, field := range workload.Maps(term, "matchFields") {
			if values, _ := field["values"].([]any); len(values) == 1 {
				node, _ := values[0].(string)
				return node
			}
		}
	}
	return ""
}

// nodesFor are the nodes that take the set's pods.
func (c *Controllers) nodesFor(set Object) (out []string) {
	pod := Object{"spec": workload.Map(set, "spec", "template", "spec")}
	for _, node := range c.store.List("nodes", "") {
		if toleratesAll(daemon(pod, nameOf(node)), node) && wantsNode(pod, node) {
			out = append(out, nameOf(node))
		}
	}
	return out
}

func (c *Controllers) daemonStatus(set Object, hash string, wanted []string) Object {
	set = workload.With(set, int64(len(wanted)), "status", "desiredNumberScheduled")
	pods := c.owned(set, "pods")
	set = workload.SetStatus(set, pods, c.now())
	misplaced := int64(0)
	for _, pod := range pods {
		if !workload.IsActive(pod) {
			continue
		}
		if !slices.Contains(wanted, nodeOf(pod)) {
			misplaced++
		}
	}
	set = workload.With(set, misplaced, "status", "numberMisscheduled")
	return workload.WithUpdated(set, pods, hash)
}
