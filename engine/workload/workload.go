// Package workload models what Kubernetes' own controllers do to the objects below a workload: a Deployment keeps a replica set
// per revision, a replica set keeps pods. Given the objects, Reconcile says how the controllers would leave them.
//
// A dry run lays these consequences over the live cluster, so that a script which scales to zero sees no pods afterwards; a
// simulated world uses them to behave like one. Both share this model, so they cannot disagree.
//
// Everything here is a pure function of JSON objects: no client, no clock but the time passed in, no randomness. Objects that
// come in are never modified. What is made up is recognisable: names end in "-new1", uids begin with eight zeros. It never
// guesses whether a pod starts: a placeholder stays Pending until Ready is asked for. Read next: reconcile.go.
package workload

import (
	"slices"
	"time"
)

// An Object is one Kubernetes object as decoded JSON.
type Object = map[string]any

// A Workload is one owner with everything that its controllers keep for it.
type Workload struct {
	Owner Object   // a Deployment, ReplicaSet, StatefulSet, DaemonSet or ReplicationController; nil once deleted
	Sets  []Object // a Deployment's replica sets, of every revision
	// Revisions are those that a StatefulSet or DaemonSet keeps; empty where they are not known.
	Revisions []Object
	Pods      []Object // the pods that the owner or its sets control
	Taken     []string // names of pods that were here before and must not come back
}

// A Delta is a difference between two states of one object: nil Before for one that appeared, nil After for one that is gone.
type Delta struct {
	Before, After Object
}

// Without returns the workload after one of its pods or replica sets was deleted, before any controller noticed. A replica set
// takes its pods with it.
func (w Workload) Without(o Object) Workload {
	dropped := func(other Object) bool { return uid(other) == uid(o) || ControllerUID(other) == uid(o) }
	w.Sets = slices.DeleteFunc(slices.Clone(w.Sets), dropped)
	w.Pods = slices.DeleteFunc(slices.Clone(w.Pods), dropped)
	w.Taken = append(slices.Clone(w.Taken), name(o))
	return w
}

// Ready returns the workload once every wanted pod runs, is ready, and has been so for as long as its owner asks: a rollout is at its
// end.
func (w Workload) Ready(now time.Time) Workload {
	w = Reconcile(w, now)
	for {
		ready := w
		ready.Pods = mapped(w.Pods, func(p Object) Object { return ReadyPod(p, now.Add(-MinReady(w.Owner))) })
		next := Reconcile(ready, now)
		if len(Diff(w, next)) == 0 {
			return next
		}
		w = next
	}
}

// Diff lists what differs between two states of a workload: its owner first, then its sets or revisions, then its pods, each by name.
func Diff(before, after Workload) []Delta {
	var deltas []Delta
	for _, pair := range [][2][]Object{
		{one(before.Owner), one(after.Owner)}, {before.Sets, after.Sets}, {before.Revisions, after.Revisions}, {before.Pods, after.Pods},
	} {
		deltas = append(deltas, diff(pair[0], pair[1])...)
	}
	return deltas
}

func diff(before, after []Object) []Delta {
	old, now := byName(before), byName(after)
	var deltas []Delta
	for _, n := range sortedUnion(old, now) {
		if !Equal(old[n], now[n]) {
			deltas = append(deltas, Delta{old[n], now[n]})
		}
	}
	return deltas
}

func one(o Object) []Object {
	if o == nil {
		return nil
	}
	return []Object{o}
}

func mapped(list []Object, f func(Object) Object) []Object {
	out := make([]Object, len(list))
	for i, o := range list {
		out[i] = f(o)
	}
	return out
}

// Scale returns o with another wish for the number of its pods, and counts a generation if that changes anything. No controller
// has noticed yet: Reconcile does that.
func Scale(o Object, n int64) Object {
	if Replicas(o) == n {
		return o
	}
	o = With(o, n, "spec", "replicas")
	generation, _ := Int(o, "metadata", "generation")
	return With(o, generation+1, "metadata", "generation")
}

// Replicas is how many pods o wants; the API server's default is one.
func Replicas(o Object) int64 {
	if Text(o, "kind") == "DaemonSet" {
		n, _ := Int(o, "status", "desiredNumberScheduled")
		return n
	}
	if n, ok := Int(o, "spec", "replicas"); ok {
		return n
	}
	return 1
}
