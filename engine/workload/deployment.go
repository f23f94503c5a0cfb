package workload

import (
	"fmt"
	"math"
	"time"
)

// Reasons of a Deployment's condition Progressing.
const (
	ReasonAvailable = "NewReplicaSetAvailable"
	ReasonTimedOut  = "ProgressDeadlineExceeded"
	ReasonPaused    = "DeploymentPaused"
	ReasonResumed   = "DeploymentResumed"
)

// DeploymentStatus sums up the statuses of a deployment's replica sets as its controller does, and says how its rollout goes. The
// index of the replica set of the present template is -1 while there is none.
func DeploymentStatus(owner Object, sets []Object, current int, now time.Time) Object {
	before := owner
	owner = Pausing(owner, now)
	if hasDeadline(owner) && current >= 0 && Condition(owner, "Progressing") == nil {
		owner = SetCondition(owner, "Progressing", "True", "NewReplicaSetCreated",
			fmt.Sprintf("Created new replica set %q", name(sets[current])), now)
	}
	owner = summed(owner, sets, current)
	owner = availability(owner, now)
	return progress(before, owner, sets, current, now)
}

// Pausing says that a deployment was paused or resumed, unless it was given up before.
func Pausing(owner Object, now time.Time) Object {
	reason := Condition(owner, "Progressing")["reason"]
	paused := Dig(owner, "spec", "paused") == true
	switch {
	case !hasDeadline(owner) || reason == ReasonTimedOut:
	case paused && reason != ReasonPaused:
		return SetCondition(owner, "Progressing", "Unknown", ReasonPaused, "Deployment is paused", now)
	case !paused && reason == ReasonPaused:
		return SetCondition(owner, "Progressing", "Unknown", ReasonResumed, "Deployment is resumed", now)
	}
	return owner
}

func summed(owner Object, sets []Object, current int) Object {
	sum := map[string]int64{}
	for i, set := range sets {
		for _, field := range []string{"replicas", "readyReplicas", "availableReplicas", "terminatingReplicas"} {
			n, _ := Int(set, "status", field)
			sum[field] += n
		}
		if i == current {
			sum["updatedReplicas"], _ = Int(set, "status", "replicas")
		}
	}
	return withCounts(owner, map[string]int64{
		"replicas": sum["replicas"], "updatedReplicas": sum["updatedReplicas"], "readyReplicas": sum["readyReplicas"],
		"availableReplicas": sum["availableReplicas"], "terminatingReplicas": sum["terminatingReplicas"],
		"unavailableReplicas": max(0, total(sets)-sum["availableReplicas"]),
	})
}

func availability(owner Object, now time.Time) Object {
	available, _ := Int(owner, "status", "availableReplicas")
	if available >= Replicas(owner)-MaxUnavailable(owner) {
		return SetCondition(owner, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
	}
	return SetCondition(owner, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now)
}

// progress follows syncRolloutStatus of Kubernetes' deployment controller: a rollout is complete, or went on, or takes too long.
func progress(before, owner Object, sets []Object, current int, now time.Time) Object {
	if !hasDeadline(owner) {
		return WithoutCondition(owner, "Progressing")
	}
	reason := Condition(owner, "Progressing")["reason"]
	if Dig(owner, "spec", "paused") == true || reason == ReasonAvailable && counted(owner, "replicas") == counted(owner, "updatedReplicas") {
		return owner
	}
	what := fmt.Sprintf("Deployment %q", name(owner))
	if current >= 0 {
		what = fmt.Sprintf("ReplicaSet %q", name(sets[current]))
	}
	switch {
	case Complete(owner):
		return SetCondition(owner, "Progressing", "True", ReasonAvailable, what+" has successfully progressed.", now)
	case wentOn(before, owner):
		return refreshed(owner, what+" is progressing.", now)
	case timedOut(owner, now):
		return SetCondition(owner, "Progressing", "False", ReasonTimedOut, what+" has timed out progressing.", now)
	}
	return owner
}

// refreshed notes progress: the time of the last update moves although nothing else changes.
func refreshed(owner Object, message string, now time.Time) Object {
	old := Condition(owner, "Progressing")
	owner = SetCondition(WithoutCondition(owner, "Progressing"), "Progressing", "True", "ReplicaSetUpdated", message, now)
	if old["status"] == "True" {
		Condition(owner, "Progressing")["lastTransitionTime"] = old["lastTransitionTime"] // it is fresh, so nobody else has it
	}
	return owner
}

// Complete tells whether all wanted pods of a deployment are of the present template and available, and no others are left.
func Complete(owner Object) bool {
	wanted := Replicas(owner)
	return counted(owner, "updatedReplicas") == wanted && counted(owner, "replicas") == wanted && counted(owner, "availableReplicas") == wanted
}

func wentOn(before, after Object) bool {
	old := func(o Object) int64 { return counted(o, "replicas") - counted(o, "updatedReplicas") }
	more := func(field string) bool { return counted(after, field) > counted(before, field) }
	return more("updatedReplicas") || more("readyReplicas") || more("availableReplicas") || old(after) < old(before)
}

func timedOut(owner Object, now time.Time) bool {
	c := Condition(owner, "Progressing")
	if c == nil || c["reason"] == ReasonAvailable {
		return false
	}
	deadline, _ := Deadline(owner)
	return c["reason"] == ReasonTimedOut || deadline.Before(now)
}

// Deadline is when a rollout that makes no more progress counts as failed, and whether that can happen.
func Deadline(owner Object) (time.Time, bool) {
	c := Condition(owner, "Progressing")
	seconds, _ := Int(owner, "spec", "progressDeadlineSeconds")
	since := Time(c, "lastUpdateTime")
	over := c["reason"] == ReasonAvailable || c["reason"] == ReasonTimedOut || c["reason"] == ReasonPaused || Complete(owner)
	if !hasDeadline(owner) || since.IsZero() || over {
		return time.Time{}, false
	}
	return since.Add(time.Duration(seconds) * time.Second), true
}

func hasDeadline(owner Object) bool {
	seconds, ok := Int(owner, "spec", "progressDeadlineSeconds")
	return ok && seconds != math.MaxInt32
}

func counted(o Object, field string) int64 {
	n, _ := Int(o, "status", field)
	return n
}
