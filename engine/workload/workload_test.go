package workload

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"pgregory.net/rapid"
)

var now = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// owner is a new workload of that kind, as the API server would store it.
func owner(kind string, replicas int64) Object {
	labels := Object{"app": "web"}
	return Created(Object{
		"apiVersion": "apps/v1", "kind": kind,
		"metadata": Object{"name": "web", "namespace": "shop"},
		"spec": Object{
			"replicas": replicas, "selector": Object{"matchLabels": labels},
			"template": Object{
				"metadata": Object{"labels": labels},
				"spec":     Object{"containers": []any{Object{"name": "app", "image": "web:1"}}},
			},
		},
	}, now.Add(-time.Hour))
}

// everyKind that has replicas.
var everyKind = []string{"Deployment", "ReplicaSet", "StatefulSet"}

// running is a workload of a few pods in states as they come, of one of those kinds.
func running(t *rapid.T, kinds ...string) Workload {
	kind := rapid.SampledFrom(kinds).Draw(t, "kind")
	w := Reconcile(Workload{Owner: owner(kind, rapid.Int64Range(0, 6).Draw(t, "replicas"))}, now.Add(-time.Hour))
	for i, pod := range w.Pods {
		w.Pods[i] = drawState(t, pod)
	}
	return Reconcile(w, now)
}

func drawState(t *rapid.T, pod Object) Object {
	switch rapid.SampledFrom([]string{"ready", "ready", "pending", "failed", "leaving"}).Draw(t, "state") {
	case "ready":
		since := now.Add(-time.Duration(rapid.IntRange(0, 3000).Draw(t, "seconds")) * time.Second)
		return With(ReadyPod(pod, since), rapid.SampledFrom([]string{"n1", "n2"}).Draw(t, "node"), "spec", "nodeName")
	case "failed":
		return With(pod, "Failed", "status", "phase")
	case "leaving":
		return With(pod, stamp(now), "metadata", "deletionTimestamp")
	}
	return pod
}

func active(pods []Object) []Object {
	return slices.DeleteFunc(slices.Clone(pods), func(p Object) bool { return !IsActive(p) })
}

func ready(pods []Object) []Object {
	return slices.DeleteFunc(active(pods), func(p Object) bool { return !IsReady(p) })
}

func TestReconcileConverges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := running(t, everyKind...)
		w.Owner = Scale(w.Owner, rapid.Int64Range(0, 8).Draw(t, "wanted"))
		before := fmt.Sprint(w)
		after := Reconcile(w, now)

		require.Equal(t, before, fmt.Sprint(w), "what comes in is not modified")
		require.Len(t, active(after.Pods), int(Replicas(w.Owner)))
		require.Empty(t, Diff(after, Reconcile(after, now)), "there is nothing left to do")
		unique := names(after.Pods)
		slices.Sort(unique)
		require.Len(t, slices.Compact(unique), len(after.Pods))

		slices.Reverse(w.Pods)
		require.Empty(t, Diff(after, Reconcile(w, now)), "the order of the pods does not matter")
	})
}

// Going up and down again leaves alone whatever runs: of the pods that run nowhere yet, one is as good as another.
func TestScalingUpAndDownIsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := running(t, everyKind...)
		up := w
		up.Owner = Scale(w.Owner, Replicas(w.Owner)+rapid.Int64Range(1, 4).Draw(t, "more"))
		up = Reconcile(up, now)
		up.Owner = Scale(up.Owner, Replicas(w.Owner))
		down := Reconcile(up, now)
		require.Len(t, down.Pods, len(w.Pods))
		require.Subset(t, names(down.Pods), names(ready(w.Pods)))
	})
}

// A replica set never gives up a ready pod while it keeps one that is not.
func TestScaleDownKeepsTheUsefulPods(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := running(t, "Deployment", "ReplicaSet") // a stateful set goes by ordinals
		smaller := w
		smaller.Owner = Scale(w.Owner, rapid.Int64Range(0, Replicas(w.Owner)).Draw(t, "wanted"))
		smaller = Reconcile(smaller, now)
		kept := byName(smaller.Pods)
		lostReady, keptUnready := false, false
		for _, pod := range active(w.Pods) {
			_, stays := kept[name(pod)]
			lostReady = lostReady || !stays && IsReady(pod)
			keptUnready = keptUnready || stays && !IsReady(pod)
		}
		require.False(t, lostReady && keptUnready)
	})
}

// What is assumed ready is what kstatus, by which a wait decides, calls ready.
func TestReadyIsWhatAWaitWaitsFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := running(t, everyKind...).Ready(now)
		require.Equal(t, status.CurrentStatus, computed(t, w.Owner))
		for _, pod := range active(w.Pods) {
			require.Equal(t, status.CurrentStatus, computed(t, pod))
		}
		if Text(w.Owner, "kind") == "Deployment" {
			require.Equal(t, "True", Condition(w.Owner, "Available")["status"])
		}
	})
}

func computed(t *rapid.T, o Object) status.Status {
	result, err := status.Compute(&unstructured.Unstructured{Object: Clone(o)})
	require.NoError(t, err)
	return result.Status
}

func TestADeletedPodIsReplacedUnderANewName(t *testing.T) {
	w := Workload{Owner: owner("Deployment", 2)}.Ready(now)
	require.Equal(t, []string{"web-new1-new1", "web-new1-new2"}, names(w.Pods))
	for i := 3; i < 5; i++ {
		w = Reconcile(w.Without(w.Pods[0]), now)
		require.Equal(t, fmt.Sprintf("web-new1-new%d", i), name(w.Pods[1]))
		require.Equal(t, "Pending", Text(w.Pods[1], "status", "phase"))
	}
	set := Workload{Owner: owner("StatefulSet", 2)}.Ready(now)
	set = Reconcile(set.Without(set.Pods[0]), now.Add(time.Minute))
	require.Equal(t, []string{"web-0", "web-1"}, names(set.Pods))
	require.False(t, IsReady(set.Pods[0]))
}

func TestANewTemplateIsANewRevision(t *testing.T) {
	w := Workload{Owner: owner("Deployment", 2)}.Ready(now)
	containers := []any{Object{"name": "app", "image": "web:2"}}
	w.Owner = With(w.Owner, containers, "spec", "template", "spec", "containers")
	halfway := Reconcile(w, now)
	require.Equal(t, []string{"web-new1", "web-new2"}, names(halfway.Sets))
	require.Equal(t, []string{"web-new1-new1", "web-new1-new2", "web-new2-new1"}, names(halfway.Pods), "the rollout waits for its first pod")
	w = halfway.Ready(now)
	require.Len(t, w.Pods, 2)
	for _, pod := range w.Pods {
		require.Equal(t, uid(w.Sets[1]), ControllerUID(pod))
	}
	require.Equal(t, "2", Text(w.Owner, "metadata", "annotations", revisionAnnotation))
	require.Equal(t, "web:2", Text(Maps(w.Pods[0], "spec", "containers")[0], "image"))
	require.Equal(t, int64(0), Replicas(w.Sets[0]))
}

// Deleting a pod of a release that does not start is no reason for what serves to go.
func TestARolloutThatIsStuckStaysSo(t *testing.T) {
	w := Workload{Owner: owner("Deployment", 3)}.Ready(now)
	w.Owner = With(w.Owner, []any{Object{"name": "app", "image": "web:2"}}, "spec", "template", "spec", "containers")
	stuck := Reconcile(w, now)
	serving := controlledBy(stuck.Sets[0], stuck.Pods)
	require.Len(t, serving, 3, "a quarter of three may be missing: none")
	starting := controlledBy(stuck.Sets[1], stuck.Pods)
	require.Len(t, starting, 1)
	after := Reconcile(stuck.Without(starting[0]), now)
	require.Equal(t, names(serving), names(controlledBy(after.Sets[0], after.Pods)))
	require.Len(t, controlledBy(after.Sets[1], after.Pods), 1)
	require.Equal(t, Map(stuck.Owner, "status"), Map(after.Owner, "status"))
}

func TestWhoGoesFirst(t *testing.T) {
	pod := func(name, node, phase string, ready bool, age time.Duration) Object {
		p := Object{
			"metadata": Object{"name": name, "uid": name, "creationTimestamp": stamp(now.Add(-age))},
			"spec":     Object{"nodeName": node}, "status": Object{"phase": phase},
		}
		if ready {
			p = WithCondition(p, "Ready", "True", "", now.Add(-age))
		}
		return p
	}
	want := []Object{
		pod("unassigned", "", "Pending", false, time.Hour),
		pod("pending", "n1", "Pending", false, time.Hour),
		pod("unready", "n1", "Running", false, time.Hour),
		With(pod("cheap", "n9", "Running", true, time.Hour), "-5", "metadata", "annotations", deletionCostAnnotation),
		pod("crowded", "n1", "Running", true, time.Hour),
		pod("young", "n2", "Running", true, time.Minute),
		pod("old", "n3", "Running", true, time.Hour),
	}
	shuffled := slices.Clone(want)
	slices.Reverse(shuffled)
	sortVictims(shuffled, want, now)
	require.Equal(t, names(want), names(shuffled))
}

func TestCreatedFillsInDefaults(t *testing.T) {
	d := Created(Object{"kind": "Deployment", "metadata": Object{"name": "web"}}, now)
	require.True(t, IsMadeUp(d))
	require.Regexp(t, `^00000000-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`, uid(d))
	require.Equal(t, int64(1), Replicas(d))
	ns := Created(Object{"kind": "Namespace", "metadata": Object{"name": "shop"}}, now)
	require.Equal(t, "Active", Text(ns, "status", "phase"))
	require.Equal(t, "shop", Text(ns, "metadata", "labels", "kubernetes.io/metadata.name"))
	require.NotEqual(t, uid(ns), uid(Created(ns, now.Add(time.Second))), "created again it is another object")
}

func TestEqualIsEqualityOfJSON(t *testing.T) {
	values := []any{
		nil, "", "3", int64(3), 3.0, int32(3), 3.5, true, false, json.Number("3"), Object(nil), Object{}, Object{"a": int64(1)}, Object{"a": 1.0},
		Object{"a": nil}, Object{"b": int64(1)}, []any(nil), []any{}, []any{int64(1)}, []any{1.0}, []any{int64(1), int64(2)}, []string{"a"}, []any{"a"},
	}
	for _, a := range values {
		for _, b := range values {
			x, errX := json.Marshal(a)
			y, errY := json.Marshal(b)
			require.NoError(t, errors.Join(errX, errY))
			require.Equal(t, string(x) == string(y), Equal(a, b), "%#v and %#v", a, b)
		}
	}
}
