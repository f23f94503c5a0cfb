package controller

import (
	"maps"
	"strings"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// rendered is a pod with the status that its kubelet writes: phase, conditions, addresses, and how each container is.
func (c *Controllers) rendered(l *life, pod Object) Object {
	node := c.store.Get(store.Key{Resource: "nodes", Name: workload.Text(pod, "spec", "nodeName")})
	status := maps.Clone(workload.Map(pod, "status"))
	if status == nil {
		status = Object{}
	}
	status["phase"], status["startTime"], status["qosClass"] = l.phase(), l.since, workload.QOSClass(pod)
	if generation, ok := workload.Int(pod, "metadata", "generation"); ok {
		status["observedGeneration"] = generation
	}
	if host := hostAddress(node); host != "" {
		status["hostIP"], status["hostIPs"] = host, []any{Object{"ip": host}}
	}
	if l.address != "" {
		status["podIP"], status["podIPs"] = l.address, []any{Object{"ip": l.address}}
	}
	status["conditions"] = c.conditions(l, pod, l.phase())
	status["containerStatuses"] = statuses(l.containers[l.inits:])
	if l.inits > 0 {
		status["initContainerStatuses"] = statuses(l.containers[:l.inits])
	}
	return workload.With(pod, status, "status")
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

// conditions are a pod's in a phase, in the order in which a kubelet writes them.
func (c *Controllers) conditions(l *life, pod Object, phase string) []any {
	ready := holds
	if unready := l.named(func(k *container) bool { return !k.init && !k.ready }); unready != "" {
		ready = verdict{"False", "ContainersNotReady", "containers with unready status: [" + unready + "]"}
	}
	initialized := holds
	if missing := l.named(func(k *container) bool { return k.init && !k.done() }); missing != "" {
		initialized = verdict{"False", "ContainersNotInitialized", "containers with incomplete status: [" + missing + "]"}
	}
	switch phase {
	case "Succeeded":
		ready, initialized = verdict{"False", "PodCompleted", ""}, verdict{"True", "PodCompleted", ""}
	case "Failed":
		ready = verdict{"False", "PodFailed", ""}
	}
	sandbox := holds
	if l.address == "" || phase == "Succeeded" || phase == "Failed" {
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
	return conditions
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
