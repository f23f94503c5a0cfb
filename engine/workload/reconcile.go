package workload

import (
	"slices"
	"strconv"
	"time"
)

// Reconcile returns the workload as its controllers would leave it for the moment: the wanted number of pods of the wanted revisions,
// surplus ones removed in the controllers' own order, missing ones as Pending placeholders, and statuses that count them. A rollout stops
// where it waits for pods to become ready; Ready goes on from there. A kind whose controller is not modelled is returned as it is.
func Reconcile(w Workload, now time.Time) Workload {
	switch Text(w.Owner, "kind") {
	case "Deployment":
		return deployment(w, now)
	case "StatefulSet", "DaemonSet":
		return revisioned(w, now)
	case "ReplicaSet", "ReplicationController":
		w.Pods = converge(w.Owner, w.Pods, w.Pods, w.Taken, "", now)
		w.Owner = SetStatus(w.Owner, staying(w.Pods), now)
	}
	return w
}

func deployment(w Workload, now time.Time) Workload {
	w.Sets = slices.Clone(w.Sets)
	slices.SortFunc(w.Sets, compareNames)
	for {
		current := CurrentSet(w.Owner, w.Sets)
		if current < 0 && WantsNewSet(w.Owner, w.Sets, w.oldPods(current)) {
			w.Sets = append(w.Sets, madeUpSet(w.Owner, w.Sets, now))
			current = len(w.Sets) - 1
		}
		if current >= 0 {
			w.Sets[current] = Renumbered(w.Owner, w.Sets[current], w.Sets)
			w.Owner = OfRevision(w.Owner, w.Sets[current])
		}
		w = w.filled(now)
		sized := NextSizes(w.Owner, w.Sets, current, w.oldPods(current))
		if len(sized) == 0 {
			w.Owner = DeploymentStatus(w.Owner, w.Sets, current, now)
			return w
		}
		for _, set := range sized {
			w.Sets[slices.IndexFunc(w.Sets, func(s Object) bool { return uid(s) == uid(set) })] = set
		}
	}
}

// madeUpSet is a replica set for the owner's present template. It has the owner's template as it is, by which it is found again; the
// server fills in what the owner lacks there.
func madeUpSet(owner Object, sets []Object, now time.Time) Object {
	set := NewSet(owner, sets, nextHash(sets))
	return With(Created(set, now), Dig(set, "spec", "template"), "spec", "template")
}

// filled is a deployment's workload once each of its sets has the pods that it wants.
func (w Workload) filled(now time.Time) Workload {
	w.Sets = slices.Clone(w.Sets)
	var pods []Object
	for i, set := range w.Sets {
		mine := converge(set, controlledBy(set, w.Pods), w.Pods, w.Taken, "", now)
		w.Sets[i] = SetStatus(set, staying(mine), now)
		pods = append(pods, mine...)
	}
	w.Pods = pods
	return w
}

// oldPods tells whether pods of other revisions than the current one are still there.
func (w Workload) oldPods(current int) bool {
	for i, set := range w.Sets {
		if i != current && slices.ContainsFunc(controlledBy(set, w.Pods), func(p Object) bool { return !IsFinished(p) }) {
			return true
		}
	}
	return false
}

// staying are the pods that are left when those that go have gone: the end, which Reconcile shows, does not count the others.
func staying(pods []Object) []Object { return slices.DeleteFunc(slices.Clone(pods), IsLeaving) }

// nextHash makes up the hash of a template that no server has seen.
func nextHash(sets []Object) string {
	newest := int64(0)
	for _, set := range sets {
		newest = max(newest, Revision(set))
	}
	return "new" + strconv.FormatInt(newest+1, 10)
}

// converge removes surplus pods of an owner or adds placeholders, which get the mark of their revision, and leaves finished and
// terminating pods alone.
func converge(owner Object, pods, related []Object, taken []string, mark string, now time.Time) []Object {
	var active, rest []Object
	for _, p := range pods {
		if IsActive(p) {
			active = append(active, p)
		} else {
			rest = append(rest, p)
		}
	}
	surplus := len(active) - int(Replicas(owner))
	if surplus > 0 {
		victims := byName(Victims(owner, active, related, surplus, now))
		active = slices.DeleteFunc(active, func(p Object) bool { return victims[name(p)] != nil })
	}
	for range -surplus {
		active = append(active, placeholder(owner, active, rest, taken, mark, now))
	}
	all := append(rest, active...)
	slices.SortFunc(all, compareNames)
	return all
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
