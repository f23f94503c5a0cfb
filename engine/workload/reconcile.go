package workload

import (
	"slices"
	"strconv"
	"time"
)

const (
	revisionAnnotation = "deployment.kubernetes.io/revision"
	hashLabel          = "pod-template-hash"
)

// Reconcile returns the workload as its controllers would leave it: the wanted number of pods of the wanted revision, surplus
// ones removed in the controllers' own order, missing ones as Pending placeholders, and statuses that count them. Of a rollout it
// shows the end, with only the new revision left. A kind whose controller is not modelled is returned as it is.
func Reconcile(w Workload, now time.Time) Workload {
	switch Text(w.Owner, "kind") {
	case "Deployment":
		return deployment(w, now)
	case "ReplicaSet", "ReplicationController", "StatefulSet", "DaemonSet":
		w.Pods = converge(w.Owner, w.Pods, w.Pods, w.Taken, now)
		w.Owner = setStatus(w.Owner, w.Pods)
	}
	return w
}

func deployment(w Workload, now time.Time) Workload {
	w.Sets = slices.Clone(w.Sets)
	slices.SortFunc(w.Sets, compareNames)
	current := currentSet(w.Owner, w.Sets)
	if current < 0 {
		w.Sets = append(w.Sets, newSet(w.Owner, w.Sets, now))
		current = len(w.Sets) - 1
	}
	var pods []Object
	for i, set := range w.Sets {
		want := int64(0)
		if i == current {
			want = Replicas(w.Owner)
		}
		set = Scale(set, want)
		mine := converge(set, controlledBy(set, w.Pods), w.Pods, w.Taken, now)
		w.Sets[i] = setStatus(set, mine)
		pods = append(pods, mine...)
	}
	w.Pods = pods
	w.Owner = With(w.Owner, Text(w.Sets[current], "metadata", "annotations", revisionAnnotation),
		"metadata", "annotations", revisionAnnotation)
	w.Owner = deploymentStatus(w.Owner, controlledBy(w.Sets[current], pods), pods, now)
	return w
}

// converge removes surplus pods of an owner or adds placeholders, and leaves finished and terminating pods alone. related are
// the pods of the whole workload: those that share a node are the first to go.
func converge(owner Object, pods, related []Object, taken []string, now time.Time) []Object {
	var active, rest []Object
	for _, p := range pods {
		if isActive(p) {
			active = append(active, p)
		} else {
			rest = append(rest, p)
		}
	}
	surplus := len(active) - int(Replicas(owner))
	if surplus > 0 {
		active = afterScaleDown(owner, active, related, surplus, now)
	}
	for range -surplus {
		active = append(active, placeholder(owner, active, rest, taken, now))
	}
	all := append(rest, active...)
	slices.SortFunc(all, compareNames)
	return all
}

// afterScaleDown returns the pods that are left. A stateful set removes its highest ordinals, everything else its least useful pods.
func afterScaleDown(owner Object, active, related []Object, surplus int, now time.Time) []Object {
	active = slices.Clone(active)
	if Text(owner, "kind") == "StatefulSet" {
		slices.SortFunc(active, func(a, b Object) int { return ordinal(b) - ordinal(a) })
	} else {
		sortVictims(active, related, now)
	}
	return active[surplus:]
}

// currentSet finds the replica set of the owner's present template, -1 if there is none yet.
func currentSet(owner Object, sets []Object) int {
	wanted := Dig(owner, "spec", "template")
	return slices.IndexFunc(sets, func(set Object) bool {
		return Equal(wanted, withoutHash(Map(set, "spec", "template")))
	})
}

func withoutHash(template Object) Object {
	template = With(template, nil, "metadata", "labels", hashLabel)
	if labels := Map(template, "metadata", "labels"); labels != nil && len(labels) == 0 {
		template = With(template, nil, "metadata", "labels")
	}
	return template
}

// newSet makes the replica set of the owner's next revision.
func newSet(owner Object, sets []Object, now time.Time) Object {
	revision := 1
	for _, set := range sets {
		if r, err := strconv.Atoi(Text(set, "metadata", "annotations", revisionAnnotation)); err == nil {
			revision = max(revision, r+1)
		}
	}
	hash := "new" + strconv.Itoa(revision)
	template := With(Clone(Map(owner, "spec", "template")), hash, "metadata", "labels", hashLabel)
	set := Object{
		"apiVersion": "apps/v1", "kind": "ReplicaSet",
		"metadata": Object{
			"name": name(owner) + "-" + hash, "namespace": Text(owner, "metadata", "namespace"),
			"labels":          Clone(Map(template, "metadata", "labels")),
			"annotations":     Object{revisionAnnotation: strconv.Itoa(revision)},
			"ownerReferences": []any{ownerReference(owner)},
		},
		"spec": Object{
			"replicas": Replicas(owner), "template": template,
			"selector": With(Clone(Map(owner, "spec", "selector")), hash, "matchLabels", hashLabel),
		},
	}
	return Created(set, now)
}

func ownerReference(owner Object) Object {
	return Object{
		"apiVersion": Text(owner, "apiVersion"), "kind": Text(owner, "kind"), "name": name(owner), "uid": uid(owner),
		"controller": true, "blockOwnerDeletion": true,
	}
}

func controlledBy(owner Object, list []Object) []Object {
	var mine []Object
	for _, o := range list {
		if ControllerUID(o) == uid(owner) {
			mine = append(mine, o)
		}
	}
	return mine
}

func compareNames(a, b Object) int {
	if name(a) < name(b) {
		return -1
	}
	if name(a) > name(b) {
		return 1
	}
	return 0
}
