package workload

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setStatus counts an owner's pods into its status, in the fields that its kind has.
func setStatus(owner Object, pods []Object) Object {
	total, ready := count(pods)
	fields := map[string]map[string]int64{
		"ReplicaSet":            {"replicas": total, "readyReplicas": ready, "availableReplicas": ready, "fullyLabeledReplicas": total},
		"ReplicationController": {"replicas": total, "readyReplicas": ready, "availableReplicas": ready, "fullyLabeledReplicas": total},
		"StatefulSet": {
			"replicas": total, "readyReplicas": ready, "availableReplicas": ready, "currentReplicas": total, "updatedReplicas": total,
		},
		"DaemonSet": {
			"currentNumberScheduled": total, "numberReady": ready, "numberAvailable": ready, "updatedNumberScheduled": total,
			"numberUnavailable": total - ready,
		},
	}[Text(owner, "kind")]
	return withCounts(owner, fields)
}

func deploymentStatus(owner Object, current, pods []Object, now time.Time) Object {
	total, ready := count(pods)
	updated, _ := count(current)
	owner = withCounts(owner, map[string]int64{
		"replicas": total, "updatedReplicas": updated, "readyReplicas": ready, "availableReplicas": ready,
		"unavailableReplicas": max(0, Replicas(owner)-ready),
	})
	available, reason := "False", "MinimumReplicasUnavailable"
	if ready >= Replicas(owner)-maxUnavailable(owner) {
		available, reason = "True", "MinimumReplicasAvailable"
	}
	owner = WithCondition(owner, "Available", available, reason, now)
	progress := "ReplicaSetUpdated"
	if updated == total && ready == Replicas(owner) {
		progress = "NewReplicaSetAvailable"
	}
	return WithCondition(owner, "Progressing", "True", progress, now)
}

// withCounts writes counts as the API server stores them, where most zeros are left out, and says that the controller has seen
// the present generation.
func withCounts(owner Object, counts map[string]int64) Object {
	for field, n := range counts {
		switch {
		case n != 0 || field == "replicas" && Text(owner, "kind") != "Deployment":
			owner = With(owner, n, "status", field)
		default:
			owner = With(owner, nil, "status", field)
		}
	}
	if generation, ok := Int(owner, "metadata", "generation"); ok {
		owner = With(owner, generation, "status", "observedGeneration")
	}
	return owner
}

// WithCondition returns o with that condition in its status. The time of its last transition moves only if its status does.
func WithCondition(o Object, kind, status, reason string, now time.Time) Object {
	fresh := Object{"type": kind, "status": status, "reason": reason, "lastTransitionTime": stamp(now)}
	old := Condition(o, kind)
	if old == nil {
		conditions, _ := Dig(o, "status", "conditions").([]any)
		return With(o, append(slices.Clone(conditions), fresh), "status", "conditions")
	}
	if old["status"] == status && old["reason"] == reason {
		return o
	}
	if old["status"] == status {
		fresh["lastTransitionTime"] = old["lastTransitionTime"]
	}
	conditions := []any{}
	for _, c := range Maps(o, "status", "conditions") {
		if c["type"] == kind {
			c = fresh
		}
		conditions = append(conditions, c)
	}
	return With(o, conditions, "status", "conditions")
}

func count(pods []Object) (total, ready int64) {
	for _, p := range pods {
		if !isActive(p) {
			continue
		}
		total++
		if IsReady(p) {
			ready++
		}
	}
	return total, ready
}

// maxUnavailable is how many pods a Deployment may lack and still be available: a number or a percentage, rounded down.
func maxUnavailable(owner Object) int64 {
	if Text(owner, "spec", "strategy", "type") == "Recreate" {
		return 0
	}
	path := []string{"spec", "strategy", "rollingUpdate", "maxUnavailable"}
	if n, ok := Int(owner, path...); ok {
		return n
	}
	percent, err := strconv.Atoi(strings.TrimSuffix(Text(owner, path...), "%"))
	if err != nil {
		percent = 25
	}
	return int64(math.Floor(float64(Replicas(owner)) * float64(percent) / 100))
}
