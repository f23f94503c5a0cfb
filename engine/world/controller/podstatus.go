package controller

import (
	"strings"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// rendered is a pod with the status that its kubelet writes: phase, conditions, addresses, and how each container is.
func (c *Controllers) rendered(l *life, pod Object) Object {
	node := c.store.Get(store.Key{Resource: "nodes", Name: workload.Text(pod, "spec", "nodeName")})
	set := func(value any, path ...string) {
		pod = workload.With(pod, value, append([]string{"status"}, path...)...)
	}
	set(l.phase(), "phase")
	set(l.since, "startTime")
	set(qos(pod), "qosClass")
	if generation, ok := workload.Int(pod, "metadata", "generation"); ok {
		set(generation, "observedGeneration")
	}
	if host := hostAddress(node); host != "" {
		set(host, "hostIP")
		set([]any{Object{"ip": host}}, "hostIPs")
	}
	if l.address != "" {
		set(l.address, "podIP")
		set([]any{Object{"ip": l.address}}, "podIPs")
	}
	pod = c.withConditions(l, pod)
	set(statuses(l.containers[l.inits:]), "containerStatuses")
	if l.inits > 0 {
		set(statuses(l.containers[:l.inits]), "initContainerStatuses")
	}
	return pod
}

func statuses(containers []*container) []any {
	out := make([]any, len(containers))
	for i, k := range containers {
		s := Object{
			"name": k.name, "image": k.image, "imageID": "", "restartCount": k.restarts, "ready": k.ready || k.init && k.succeeded(),
			"started": k.started, "state": k.state, "lastState": Object{},
		}
		if k.last != nil {
			s["lastState"] = k.last
		}
		if k.ran() {
			s["image"] = canonical(k.image)
			s["imageID"] = imageID(k.image)
			s["containerID"] = k.runs[len(k.runs)-1].id
		}
		out[i] = s
	}
	return out
}

func imageID(image string) string {
	name, _, _ := strings.Cut(canonical(image), "@")
	if at := strings.LastIndex(name, ":"); at > strings.LastIndex(name, "/") {
		name = name[:at]
	}
	return name + "@sha256:" + digest(canonical(image))
}

// phase sums up the containers by the rules of the kubelet's getPhase.
func (l *life) phase() string {
	for _, k := range l.containers[:l.inits] {
		switch {
		case k.done():
		case k.state["terminated"] != nil && l.policy == "Never":
			return "Failed"
		default:
			return "Pending"
		}
	}
	running, waits, failed := 0, 0, 0
	for _, k := range l.containers[l.inits:] {
		switch {
		case k.state["running"] != nil:
			running++
		case k.state["waiting"] != nil && k.last == nil:
			waits++
		case k.state["terminated"] != nil && !k.succeeded():
			failed++
		}
	}
	switch {
	case waits > 0:
		return "Pending"
	case running > 0 || l.policy == "Always" || failed > 0 && l.policy == "OnFailure" || l.backingOff():
		return "Running"
	case failed > 0:
		return "Failed"
	}
	return "Succeeded"
}

func (l *life) backingOff() bool {
	for _, k := range l.containers[l.inits:] {
		if k.state["waiting"] != nil {
			return true
		}
	}
	return false
}

// A verdict is what a condition says.
type verdict struct{ status, reason, message string }

var holds = verdict{status: "True"}

// withConditions sets a pod's conditions, in the order in which a kubelet writes them.
func (c *Controllers) withConditions(l *life, pod Object) Object {
	ready := holds
	if unready := l.named(func(k *container) bool { return !k.init && !k.ready }); unready != "" {
		ready = verdict{"False", "ContainersNotReady", "containers with unready status: [" + unready + "]"}
	}
	initialized := holds
	if missing := l.named(func(k *container) bool { return k.init && !k.done() }); missing != "" {
		initialized = verdict{"False", "ContainersNotInitialized", "containers with incomplete status: [" + missing + "]"}
	}
	switch workload.Text(pod, "status", "phase") {
	case "Succeeded":
		ready, initialized = verdict{"False", "PodCompleted", ""}, verdict{"True", "PodCompleted", ""}
	case "Failed":
		ready = verdict{"False", "PodFailed", ""}
	}
	sandbox := holds
	if l.address == "" || workload.IsFinished(pod) {
		sandbox.status = "False"
	}
	conditions := []any{}
	kubelets := map[string]verdict{
		"PodReadyToStartContainers": sandbox, "Initialized": initialized, "Ready": ready, "ContainersReady": ready, "PodScheduled": holds,
	}
	for _, kind := range []string{"PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"} {
		conditions = append(conditions, podCondition(pod, kind, kubelets[kind], c.now()))
	}
	for _, other := range workload.Maps(pod, "status", "conditions") {
		if _, ours := kubelets[workload.Text(other, "type")]; !ours {
			conditions = append(conditions, other)
		}
	}
	return workload.With(pod, conditions, "status", "conditions")
}

// podCondition is a condition of a pod as it is now. The time of its last transition moves only if its status does.
func podCondition(pod Object, kind string, v verdict, now time.Time) Object {
	fresh := Object{"type": kind, "status": v.status, "lastProbeTime": nil, "lastTransitionTime": stampOf(now)}
	if old := workload.Condition(pod, kind); old != nil && old["status"] == v.status {
		fresh["lastTransitionTime"] = old["lastTransitionTime"]
	}
	if generation, ok := workload.Int(pod, "metadata", "generation"); ok {
		fresh["observedGeneration"] = generation
	}
	if v.reason != "" {
		fresh["reason"] = v.reason
	}
	if v.message != "" {
		fresh["message"] = v.message
	}
	return fresh
}

// named lists the containers of a kind by name, as conditions do.
func (l *life) named(of func(*container) bool) string {
	var out []string
	for _, k := range l.containers {
		if of(k) {
			out = append(out, k.name)
		}
	}
	return strings.Join(out, " ")
}

// done tells whether an init container no longer holds up the others.
func (k *container) done() bool { return k.succeeded() || k.sidecar && k.started }

func hostAddress(node Object) string {
	for _, address := range workload.Maps(node, "status", "addresses") {
		if address["type"] == "InternalIP" {
			return workload.Text(address, "address")
		}
	}
	return ""
}

// qos is a pod's class of service: which of them is evicted first when a node runs out of memory.
func qos(pod Object) string {
	none, guaranteed := true, true
	for _, k := range containersOf(pod) {
		for _, what := range []string{"cpu", "memory"} {
			limit, request := quantity(k, "resources", "limits", what), quantity(k, "resources", "requests", what)
			none = none && limit.IsZero() && request.IsZero()
			guaranteed = guaranteed && !limit.IsZero() && (request.IsZero() || request.Cmp(*limit) == 0)
		}
	}
	switch {
	case none:
		return "BestEffort"
	case guaranteed:
		return "Guaranteed"
	}
	return "Burstable"
}
