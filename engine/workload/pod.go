package workload

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// placeholder makes the pod that a controller would add next: the owner's template under a made-up name, not started yet. A stateful
// set knows the mark of its revision by itself.
func placeholder(owner Object, active, rest []Object, taken []string, mark string, now time.Time) Object {
	pod := NewPod(owner, nextName(owner, append(slices.Clone(active), rest...), taken))
	if mark == "" {
		mark = Text(owner, "status", "updateRevision")
	}
	if mark != "" {
		pod = With(pod, mark, "metadata", "labels", RevisionLabel)
	}
	return Created(pod, now)
}

// NewPod makes a pod of the owner's template.
func NewPod(owner Object, name string) Object {
	template := Clone(Map(owner, "spec", "template"))
	metadata := Map(template, "metadata")
	if metadata == nil {
		metadata = Object{}
	}
	delete(metadata, "creationTimestamp")
	metadata["name"] = name
	metadata["namespace"] = Text(owner, "metadata", "namespace")
	metadata["ownerReferences"] = []any{OwnerReference(owner)}
	pod := Object{"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
	if spec := Map(template, "spec"); spec != nil {
		pod["spec"] = spec
	}
	return pod
}

// nextName is the lowest free ordinal for a stateful set, and otherwise a suffix that no pod of the owner ever had.
func nextName(owner Object, pods []Object, taken []string) string {
	base := name(owner)
	if Text(owner, "kind") == "StatefulSet" {
		return base + "-" + strconv.Itoa(freeOrdinal(pods))
	}
	base += "-new"
	last := 0
	for _, used := range append(names(pods), taken...) {
		if suffix, ok := strings.CutPrefix(used, base); ok {
			if n, err := strconv.Atoi(suffix); err == nil {
				last = max(last, n)
			}
		}
	}
	return base + strconv.Itoa(last+1)
}

func freeOrdinal(pods []Object) int {
	used := make(map[int]bool, len(pods))
	for _, p := range pods {
		used[Ordinal(p)] = true
	}
	n := 0
	for used[n] {
		n++
	}
	return n
}

// Ordinal is the number of a stateful set's pod, -1 if its name has none.
func Ordinal(pod Object) int {
	n := name(pod)
	i, err := strconv.Atoi(n[strings.LastIndex(n, "-")+1:])
	if err != nil {
		return -1
	}
	return i
}

func names(list []Object) []string {
	out := make([]string, len(list))
	for i, o := range list {
		out[i] = name(o)
	}
	return out
}

// ReadyPod returns the pod as it is once it runs and all its containers are ready. A pod that has finished or is going away is
// returned as it is.
func ReadyPod(pod Object, now time.Time) Object {
	if !IsActive(pod) || IsReady(pod) && Text(pod, "status", "phase") == "Running" {
		return pod
	}
	status := Clone(Map(pod, "status"))
	if status == nil {
		status = Object{}
	}
	status["phase"] = "Running"
	delete(status, "reason")
	delete(status, "message")
	if status["startTime"] == nil {
		status["startTime"] = stamp(now)
	}
	conditions := []any{}
	for _, kind := range []string{"PodScheduled", "Initialized", "ContainersReady", "Ready"} {
		conditions = append(conditions, Object{"type": kind, "status": "True", "lastTransitionTime": stamp(now)})
	}
	status["conditions"] = conditions
	status["containerStatuses"] = runningContainers(pod, now)
	delete(status, "initContainerStatuses")
	return With(pod, status, "status")
}

func runningContainers(pod Object, now time.Time) []any {
	before := byContainer(pod)
	out := []any{}
	for _, c := range Maps(pod, "spec", "containers") {
		restarts, _ := Int(before[Text(c, "name")], "restartCount")
		out = append(out, Object{
			"name": c["name"], "image": c["image"], "imageID": "", "restartCount": restarts, "ready": true, "started": true,
			"state": Object{"running": Object{"startedAt": stamp(now)}},
		})
	}
	return out
}

func byContainer(pod Object) map[string]Object {
	out := map[string]Object{}
	for _, s := range Maps(pod, "status", "containerStatuses") {
		out[Text(s, "name")] = s
	}
	return out
}

// IsReady tells whether a pod's Ready condition is true.
func IsReady(pod Object) bool { return Condition(pod, "Ready")["status"] == "True" }

// IsAvailable tells whether a pod has been ready for that long.
func IsAvailable(pod Object, pause time.Duration, now time.Time) bool {
	return IsReady(pod) && (pause == 0 || !ReadySince(pod).Add(pause).After(now))
}

// IsActive tells whether a controller counts the pod: neither finished nor going away.
func IsActive(pod Object) bool { return !IsFinished(pod) && !IsLeaving(pod) }

// IsFinished tells whether all containers of a pod have ended for good.
func IsFinished(pod Object) bool {
	phase := Text(pod, "status", "phase")
	return phase == "Succeeded" || phase == "Failed"
}

// IsLeaving tells whether an object was deleted and is still there.
func IsLeaving(o Object) bool { return Text(o, "metadata", "deletionTimestamp") != "" }
