package controller

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

// again is how long the scheduler leaves a pod alone that no node took, if nothing changes.
const again = 5 * time.Minute

// schedule gives a pod the least loaded node that may take it, or says why none does.
func (c *Controllers) schedule(l *life, pod Object) {
	if name := workload.Text(pod, "spec", "schedulerName"); name != "" && name != "default-scheduler" {
		return // another scheduler's, which is not there
	}
	if len(workload.Maps(pod, "spec", "schedulingGates")) > 0 {
		c.store.Update("pods", unscheduled(pod, "SchedulingGated", "Scheduling is blocked due to non-empty scheduling gates", c.now()))
		return
	}
	node, why := c.choose(l, pod)
	if node == nil {
		c.refuse(l, pod, why)
		return
	}
	c.agenda.drop(l.uid, "schedule")
	pod = workload.With(pod, nameOf(node), "spec", "nodeName")
	pod = withScheduled(pod, holds, c.now())
	pod = c.store.Update("pods", pod)
	c.tell(pod, note{from: "default-scheduler", reason: "Scheduled", action: "Binding"}, "Successfully assigned %s/%s to %s", namespaceOf(pod), nameOf(pod), nameOf(node))
}

// refuse leaves a pod pending. It says so at once, and from time to time.
func (c *Controllers) refuse(l *life, pod Object, why string) {
	old := workload.Condition(pod, "PodScheduled")
	c.store.Update("pods", unscheduled(pod, "Unschedulable", why, c.now()))
	if old["message"] == why && !l.due {
		return
	}
	l.due = false
	c.tell(pod, note{from: "default-scheduler", reason: "FailedScheduling", action: "Scheduling", warning: true}, "%s", why)
	c.agenda.put(l.uid, "schedule", c.now().Add(again), func() {
		l.due = true
		c.work.add(l.key)
	})
}

func unscheduled(pod Object, reason, message string, now time.Time) Object {
	return withScheduled(workload.With(pod, "Pending", "status", "phase"), verdict{"False", reason, message}, now)
}

// withScheduled says whether a pod has a node. It is the only condition while no kubelet has seen the pod.
func withScheduled(pod Object, v verdict, now time.Time) Object {
	return workload.With(pod, []any{podCondition(pod, "PodScheduled", v, now)}, "status", "conditions")
}

func (c *Controllers) choose(l *life, pod Object) (node Object, why string) {
	nodes := c.index.hosts()
	if len(nodes) == 0 {
		return nil, "no nodes available to schedule pods"
	}
	if l.how == scenario.Unschedulable {
		return nil, unschedulable(l.manner.Message, len(nodes))
	}
	reasons, helpful := map[string]int{}, 0
	cpu, memory := requests(pod)
	var best *load
	for _, l := range nodes {
		reason, hopeless := objection(l.node, pod), true
		lacks := []string{reason}
		if reason == "" {
			lacks, hopeless = l.lacks(cpu, memory)
		}
		if !hopeless && len(lacks) > 0 {
			helpful++
		}
		for _, reason := range lacks {
			reasons[reason]++
		}
		switch {
		case len(lacks) > 0:
		case best == nil || l.pods < best.pods:
			best = l
		}
	}
	if best == nil {
		return nil, refusal(len(nodes), reasons, helpful)
	}
	return best.node, ""
}

func unschedulable(message string, nodes int) string {
	if message != "" {
		return message
	}
	return refusal(nodes, map[string]int{"Insufficient cpu": nodes}, nodes)
}

// refusal is what the scheduler says when no node fits. helpful are the nodes on which the eviction of others could have helped.
func refusal(nodes int, reasons map[string]int, helpful int) string {
	histogram := func(counts map[string]int) string {
		var out []string
		for _, reason := range slices.Sorted(maps.Keys(counts)) {
			if counts[reason] > 0 {
				out = append(out, fmt.Sprintf("%d %s", counts[reason], reason))
			}
		}
		slices.Sort(out)
		return fmt.Sprintf("0/%d nodes are available: %s.", nodes, strings.Join(out, ", "))
	}
	return histogram(reasons) + " preemption: " + histogram(map[string]int{
		"No preemption victims found for incoming pod": helpful, "Preemption is not helpful for scheduling": nodes - helpful,
	})
}

// objection is why a node takes no such pod, "" if it does.
func objection(node, pod Object) string {
	ready := workload.Condition(node, "Ready")
	switch {
	case workload.Dig(node, "spec", "unschedulable") == true && !tolerates(pod, Object{"key": unschedulableTaint, "effect": "NoSchedule"}):
		return "node(s) were unschedulable"
	case !toleratesAll(pod, node) || ready != nil && ready["status"] != "True":
		return "node(s) had untolerated taint(s)"
	case !wantsNode(pod, node):
		return "node(s) didn't match Pod's node affinity/selector"
	}
	return ""
}

// lacks is what a node has too little of, nothing if there is room. It is hopeless if that was so without any other pod, too.
func (l *load) lacks(cpu, memory int64) (reasons []string, hopeless bool) {
	if l.pods >= l.mostPods {
		reasons = append(reasons, "Too many pods")
	}
	if cpu > 0 && l.cpu+cpu > l.mostCPU {
		reasons = append(reasons, "Insufficient cpu")
	}
	if memory > 0 && l.memory+memory > l.mostByte {
		reasons = append(reasons, "Insufficient memory")
	}
	return reasons, cpu > l.mostCPU || memory > l.mostByte
}

func toleratesAll(pod, node Object) bool {
	for _, taint := range workload.Maps(node, "spec", "taints") {
		if (taint["effect"] == "NoSchedule" || taint["effect"] == "NoExecute") && !tolerates(pod, taint) {
			return false
		}
	}
	return true
}

func tolerates(pod, taint Object) bool {
	return slices.ContainsFunc(workload.Maps(pod, "spec", "tolerations"), func(t Object) bool {
		key, effect := workload.Text(t, "key"), workload.Text(t, "effect")
		if effect != "" && effect != workload.Text(taint, "effect") || key != "" && key != workload.Text(taint, "key") {
			return false
		}
		return t["operator"] == "Exists" || key != "" && workload.Text(t, "value") == workload.Text(taint, "value")
	})
}

// wantsNode tells whether a pod's node selector and required node affinity take the node.
func wantsNode(pod, node Object) bool {
	set := labelsOf(node)
	for key, value := range textsOf(workload.Map(pod, "spec", "nodeSelector")) {
		if set[key] != value {
			return false
		}
	}
	terms := workload.Map(pod, "spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
	return terms == nil || slices.ContainsFunc(workload.Maps(terms, "nodeSelectorTerms"), func(term Object) bool {
		requirements, err := requirementsOf(workload.Maps(term, "matchExpressions"))
		if err != nil {
			return false
		}
		byName, err := requirementsOf(workload.Maps(term, "matchFields"))
		if err != nil || len(requirements)+len(byName) == 0 {
			return false
		}
		refuses := func(of labels.Set) func(labels.Requirement) bool {
			return func(r labels.Requirement) bool { return !r.Matches(of) }
		}
		return !slices.ContainsFunc(requirements, refuses(set)) && !slices.ContainsFunc(byName, refuses(labels.Set{"metadata.name": nameOf(node)}))
	})
}
