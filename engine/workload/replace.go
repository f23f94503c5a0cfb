package workload

import (
	"math"
	"slices"
	"time"
)

// revisioned is the workload of a stateful or daemon set as its controller would leave it for the moment.
func revisioned(w Workload, now time.Time) Workload {
	w, mark := w.revised(w.Owner, func(o Object) Object { return Created(o, now) })
	stateful := Text(w.Owner, "kind") == "StatefulSet"
	if stateful && mark != "" {
		w.Owner = With(w.Owner, mark, "status", "updateRevision")
		if Text(w.Owner, "status", "currentRevision") == "" {
			w.Owner = With(w.Owner, mark, "status", "currentRevision")
		}
	}
	w.Pods = converge(w.Owner, w.Pods, w.Pods, w.Taken, mark, now)
	if mark != "" {
		w.Pods = replaced(w.Owner, w.Pods, w.Taken, mark, now)
	}
	w.Owner = SetStatus(w.Owner, staying(w.Pods), now)
	if stateful && mark != "" && rolledOut(w.Owner) {
		w.Owner = SetStatus(With(w.Owner, mark, "status", "currentRevision"), staying(w.Pods), now)
	}
	if !stateful && mark != "" {
		w.Owner = WithUpdated(w.Owner, staying(w.Pods), mark)
	}
	return w
}

func rolledOut(set Object) bool {
	n := Replicas(set)
	return counted(set, "updatedReplicas") == n && counted(set, "readyReplicas") == n && counted(set, "replicas") == n
}

// WithUpdated counts those of a daemon set's pods that are of the revision with that mark.
func WithUpdated(set Object, pods []Object, mark string) Object {
	updated := int64(0)
	for _, pod := range pods {
		if IsActive(pod) && IsOf(pod, mark) {
			updated++
		}
	}
	return withCounts(set, map[string]int64{"updatedNumberScheduled": updated})
}

// replaced puts placeholders in the place of those pods of other revisions that may go now.
func replaced(owner Object, pods []Object, taken []string, mark string, now time.Time) []Object {
	if Text(owner, "spec", "updateStrategy", "type") == "OnDelete" {
		return pods
	}
	outdated := outdatedDaemons
	if Text(owner, "kind") == "StatefulSet" {
		outdated = outdatedOrdinal
	}
	for _, old := range outdated(owner, pods, mark, now) {
		pods = slices.DeleteFunc(slices.Clone(pods), func(p Object) bool { return uid(p) == uid(old) })
		pod := placeholder(owner, pods, nil, append(slices.Clone(taken), name(old)), mark, now)
		if node := Text(old, "spec", "nodeName"); node != "" && Text(owner, "kind") == "DaemonSet" {
			pod = With(pod, node, "spec", "nodeName")
		}
		pods = append(pods, pod)
	}
	slices.SortFunc(pods, compareNames)
	return pods
}

// outdatedOrdinal is the pod of another revision with the highest number, if those above it are well; where the pods come in order, all
// of them have to be.
func outdatedOrdinal(owner Object, pods []Object, mark string, now time.Time) []Object {
	well := func(pod Object) bool { return IsActive(pod) && IsAvailable(pod, MinReady(owner), now) }
	ordered := Text(owner, "spec", "podManagementPolicy") != "Parallel"
	if ordered && slices.ContainsFunc(pods, func(p Object) bool { return !well(p) }) {
		return nil
	}
	partition, _ := Int(owner, "spec", "updateStrategy", "rollingUpdate", "partition")
	sorted := slices.Clone(pods)
	slices.SortFunc(sorted, func(a, b Object) int { return Ordinal(b) - Ordinal(a) })
	for _, pod := range sorted {
		switch {
		case Ordinal(pod) < int(partition):
			return nil
		case !IsOf(pod, mark) && !IsLeaving(pod):
			return []Object{pod}
		case !well(pod):
			return nil
		}
	}
	return nil
}

// outdatedDaemons are the pods of another revision that may go now: those that are of no use anyway, and as many others as the set can
// spare.
func outdatedDaemons(owner Object, pods []Object, mark string, now time.Time) (out []Object) {
	active := slices.DeleteFunc(slices.Clone(pods), func(p Object) bool { return !IsActive(p) })
	spare := DaemonsToSpare(owner, Replicas(owner))
	var useful []Object
	for _, pod := range active {
		available := IsAvailable(pod, MinReady(owner), now)
		if !available {
			spare--
		}
		switch {
		case IsOf(pod, mark):
		case available:
			useful = append(useful, pod)
		default:
			out = append(out, pod)
		}
	}
	return append(out, useful[:max(0, min(int(spare), len(useful)))]...)
}

// DaemonsToSpare is how many of so many nodes a daemon set may leave without a pod while it replaces them.
func DaemonsToSpare(set Object, nodes int64) int64 {
	return max(1, Share(Dig(set, "spec", "updateStrategy", "rollingUpdate", "maxUnavailable"), 1, nodes, math.Ceil))
}
