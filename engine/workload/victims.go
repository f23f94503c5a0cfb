package workload

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Victims are the pods that an owner gives up first, so many of its active ones. related are the pods of the whole workload: those that
// share a node are the first to go. A stateful set removes its highest ordinals, everything else its least useful pods.
func Victims(owner Object, active, related []Object, n int, now time.Time) []Object {
	sorted := slices.Clone(active)
	if Text(owner, "kind") == "StatefulSet" {
		slices.SortFunc(sorted, func(a, b Object) int { return Ordinal(b) - Ordinal(a) })
	} else {
		sortVictims(sorted, related, now)
	}
	return sorted[:n]
}

const deletionCostAnnotation = "controller.kubernetes.io/pod-deletion-cost"

// sortVictims puts the pods that a replica set removes first in front. The rules and their order are those of
// ActivePodsWithRanks in Kubernetes' controller_utils.go.
func sortVictims(pods, related []Object, now time.Time) {
	onNode := map[string]int{}
	for _, p := range related {
		if IsActive(p) {
			onNode[Text(p, "spec", "nodeName")]++
		}
	}
	rules := []func(a, b Object) int{
		func(a, b Object) int { return cmp.Compare(assigned(a), assigned(b)) },
		func(a, b Object) int { return cmp.Compare(phaseRank(a), phaseRank(b)) },
		func(a, b Object) int { return cmp.Compare(readyRank(a), readyRank(b)) },
		func(a, b Object) int { return cmp.Compare(deletionCost(a), deletionCost(b)) },
		func(a, b Object) int {
			return cmp.Compare(onNode[Text(b, "spec", "nodeName")], onNode[Text(a, "spec", "nodeName")])
		},
		func(a, b Object) int { return compareAges(ReadySince(a), ReadySince(b), a, b, now) },
		func(a, b Object) int { return cmp.Compare(restarts(b), restarts(a)) },
		func(a, b Object) int { return compareAges(created(a), created(b), a, b, now) },
		compareNames,
	}
	slices.SortFunc(pods, func(a, b Object) int {
		for _, rule := range rules {
			if c := rule(a, b); c != 0 {
				return c
			}
		}
		return 0
	})
}

func assigned(pod Object) int {
	if Text(pod, "spec", "nodeName") == "" {
		return 0
	}
	return 1
}

func phaseRank(pod Object) int {
	return map[string]int{"Pending": 0, "Unknown": 1, "Running": 2}[Text(pod, "status", "phase")]
}

func readyRank(pod Object) int {
	if IsReady(pod) {
		return 1
	}
	return 0
}

func deletionCost(pod Object) int {
	cost, err := strconv.ParseInt(Text(pod, "metadata", "annotations", deletionCostAnnotation), 10, 32)
	if err != nil {
		return 0
	}
	return int(cost)
}

// ReadySince is when a ready pod became ready; zero for one that is not.
func ReadySince(pod Object) time.Time {
	if !IsReady(pod) {
		return time.Time{}
	}
	return Time(Condition(pod, "Ready"), "lastTransitionTime")
}

func created(o Object) time.Time { return Time(o, "metadata", "creationTimestamp") }

// CompareCreated puts the older in front.
func CompareCreated(a, b Object) int {
	if c := created(a).Compare(created(b)); c != 0 {
		return c
	}
	return compareNames(a, b)
}

func restarts(pod Object) int64 {
	most := int64(0)
	for _, s := range Maps(pod, "status", "containerStatuses") {
		n, _ := Int(s, "restartCount")
		most = max(most, n)
	}
	return most
}

// compareAges puts the younger in front. Ages count in powers of two, so that old pods of about one age are equal and their
// uids, which are random, spread the removals.
func compareAges(ta, tb time.Time, a, b Object, now time.Time) int {
	if ta.Equal(tb) {
		return 0
	}
	if ta.IsZero() {
		return -1
	}
	if tb.IsZero() {
		return 1
	}
	if c := cmp.Compare(magnitude(now.Sub(ta)), magnitude(now.Sub(tb))); c != 0 {
		return c
	}
	return strings.Compare(uid(a), uid(b))
}

func magnitude(d time.Duration) int64 {
	if d <= 0 {
		return -1
	}
	return int64(math.Log2(float64(d)))
}
