package workload

import "time"

// SetStatus counts an owner's pods into its status, in the fields that its kind has.
func SetStatus(owner Object, pods []Object, now time.Time) Object {
	n := count(owner, pods, now)
	fields := map[string]map[string]int64{
		"ReplicaSet": {
			"replicas": n.active, "readyReplicas": n.ready, "availableReplicas": n.available,
			"fullyLabeledReplicas": n.active, "terminatingReplicas": n.leaving,
		},
		"ReplicationController": {
			"replicas": n.active, "readyReplicas": n.ready, "availableReplicas": n.available, "fullyLabeledReplicas": n.active,
		},
		"StatefulSet": {
			"replicas": n.active + n.leaving, "readyReplicas": n.ready, "availableReplicas": n.available,
			"currentReplicas": n.current, "updatedReplicas": n.updated,
		},
		"DaemonSet": {
			"currentNumberScheduled": n.active, "numberReady": n.ready, "numberAvailable": n.available,
			"updatedNumberScheduled": n.updated, "numberUnavailable": max(0, Replicas(owner)-n.available),
		},
	}[Text(owner, "kind")]
	return withCounts(owner, fields)
}

// whole names the counts that the API server stores even if they are zero, by kind.
var whole = map[string]map[string]bool{
	"Deployment":            {"terminatingReplicas": true},
	"ReplicaSet":            {"replicas": true, "terminatingReplicas": true},
	"ReplicationController": {"replicas": true},
	"StatefulSet":           {"replicas": true, "availableReplicas": true},
	"DaemonSet":             {"currentNumberScheduled": true, "numberReady": true},
}

// withCounts writes counts as the API server stores them, where most zeros are left out, and says that the controller has seen
// the present generation.
func withCounts(owner Object, counts map[string]int64) Object {
	for field, n := range counts {
		var value any
		if n != 0 || whole[Text(owner, "kind")][field] {
			value = n
		}
		owner = With(owner, value, "status", field)
	}
	if generation, ok := Int(owner, "metadata", "generation"); ok {
		owner = With(owner, generation, "status", "observedGeneration")
	}
	return owner
}

type counts struct{ active, ready, available, leaving, current, updated int64 }

func count(owner Object, pods []Object, now time.Time) (n counts) {
	pause := MinReady(owner)
	for _, p := range pods {
		switch {
		case IsActive(p):
			n.active++
		case !IsFinished(p):
			n.leaving++
			continue
		default:
			continue
		}
		if IsReady(p) {
			n.ready++
		}
		if IsAvailable(p, pause, now) {
			n.available++
		}
		n.current += ofRevision(owner, p, "currentRevision")
		n.updated += ofRevision(owner, p, "updateRevision")
	}
	return n
}

// ofRevision is 1 for a pod of that revision, and for every pod while the owner knows of no revisions.
func ofRevision(owner, pod Object, which string) int64 {
	wanted := Text(owner, "status", which)
	if wanted == "" || IsOf(pod, wanted) {
		return 1
	}
	return 0
}

// MinReady is how long a pod of the owner has to be ready before it counts as available.
func MinReady(owner Object) time.Duration {
	seconds, _ := Int(owner, "spec", "minReadySeconds")
	return time.Duration(seconds) * time.Second
}
