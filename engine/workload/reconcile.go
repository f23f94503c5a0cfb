package workload

import (
	"slices"
	"strconv"
	"time"
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
		w.Owner = SetStatus(w.Owner, staying(w.Pods), now)
	}
	return w
}

func deployment(w Workload, now time.Time) Workload {
	w.Sets = slices.Clone(w.Sets)
	slices.SortFunc(w.Sets, compareNames)
	current := CurrentSet(w.Owner, w.Sets)
	if current < 0 {
		w.Sets = append(w.Sets, Created(NewSet(w.Owner, w.Sets, nextHash(w.Sets)), now))
		current = len(w.Sets) - 1
	}
	w.Sets[current] = Renumbered(w.Owner, w.Sets[current], w.Sets)
	var pods []Object
	for i, set := range w.Sets {
		want := int64(0)
		if i == current {
			want = Replicas(w.Owner)
		}
		if Replicas(set) != want {
			set = annotated(w.Owner, Scale(set, want))
		}
		mine := converge(set, controlledBy(set, w.Pods), w.Pods, w.Taken, now)
		w.Sets[i] = SetStatus(set, staying(mine), now)
		pods = append(pods, mine...)
	}
	w.Pods = pods
	w.Owner = OfRevision(w.Owner, w.Sets[current])
	w.Owner = DeploymentStatus(w.Owner, w.Sets, current, now)
	return w
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

// converge removes surplus pods of an owner or adds placeholders, and leaves finished and terminating pods alone.
func converge(owner Object, pods, related []Object, taken []string, now time.Time) []Object {
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
		active = append(active, placeholder(owner, active, rest, taken, now))
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
