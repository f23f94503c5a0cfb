package controller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

func only(w *world) Object {
	pods := w.s.List("pods", "shop")
	require.Len(w.t, pods, 1)
	return pods[0]
}

// The first restart comes at once; then the kubelet waits 10s, 20s, 40s and so on after each end, up to five minutes.
func TestACrashLoopBacksOff(t *testing.T) {
	for how, reason := range map[scenario.How]string{scenario.CrashLoop: "Error", scenario.OOM: "OOMKilled"} {
		t.Run(string(how), func(t *testing.T) {
			w := newWorld(t, scenario.Behaviour{Be: how, Manner: scenario.Manner{Message: "no database", ExitCode: 3}})
			w.deployment("web", 1, "")
			second := func(n int) time.Duration { return time.Duration(n) * time.Second }
			w.follow(t, []moment{
				{at: second(2), states: "1× 0/1 Running 0"}, {at: second(7), states: "1× 0/1 " + reason + " 0"},
				{at: second(8), states: "1× 0/1 Running 1"}, {at: second(13), states: "1× 0/1 " + reason + " 1"},
				{at: second(14), states: "1× 0/1 CrashLoopBackOff 1"}, {at: second(23), states: "1× 0/1 Running 2"},
				{at: second(29), states: "1× 0/1 CrashLoopBackOff 2"}, {at: second(48), states: "1× 0/1 Running 3"},
				{at: second(54), states: "1× 0/1 CrashLoopBackOff 3"}, {at: second(93), states: "1× 0/1 Running 4"},
				{at: second(99), states: "1× 0/1 CrashLoopBackOff 4", rollout: "0/1 1 0 ReplicaSetUpdated"},
			})
			pod := only(w)
			status := workload.Maps(pod, "status", "containerStatuses")[0]
			require.Equal(t, "back-off 1m20s restarting failed container=app pod="+nameOf(pod)+"_shop("+uidOf(pod)+")",
				workload.Text(status, "state", "waiting", "message"))
			code, _ := workload.Int(status, "lastState", "terminated", "exitCode")
			require.Equal(t, map[string]int64{"Error": 3, "OOMKilled": 137}[reason], code)
			require.Equal(t, "no database", workload.Text(status, "lastState", "terminated", "message"))
			require.Equal(t, "Running", workload.Text(pod, "status", "phase"))
			require.Contains(t, w.events(nameOf(pod)),
				"BackOff: Back-off restarting failed container app in pod "+nameOf(pod)+"_shop("+uidOf(pod)+") ×4")
			require.Contains(t, w.events(nameOf(pod)), "Started: Container started ×5")
			_, _, measured := w.Usage(pod)
			require.False(t, measured)

			w.after(24 * time.Hour)
			require.Equal(t, "5m0s", w.lives[uidOf(pod)].containers[0].delay.String())
		})
	}
}

func TestNeverReady(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Be: scenario.NeverReady, Manner: scenario.Manner{Message: "connection refused"}})
	w.deployment("web", 1, "")
	w.after(32 * time.Second)
	require.Equal(t, "1× 0/1 Running 0", w.states())
	require.Contains(t, w.events(nameOf(only(w))), "Unhealthy: Readiness probe failed: connection refused ×3")
	require.Equal(t, "containers with unready status: [app]", workload.Condition(only(w), "Ready")["message"])
	w.after(24 * time.Hour)
	require.LessOrEqual(t, len(w.s.List("events", "")), 10, "events expire after an hour")
}

func TestNoNodeTakesIt(t *testing.T) {
	pod := `
apiVersion: v1
kind: Pod
metadata: {name: big}
spec:
  nodeSelector: %s
  containers: [{name: app, image: "web:1", resources: {requests: {cpu: "%s"}}}]`
	for _, c := range []struct{ selector, cpu, why string }{
		{"{disk: ssd}", "1", "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector. " +
			"preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."},
		{"{}", "100", "0/3 nodes are available: 3 Insufficient cpu. " +
			"preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling."},
	} {
		w := newWorld(t)
		w.apply(sprintf(pod, c.selector, c.cpu))
		require.Equal(t, []string{"big 0/1 Pending 0"}, w.pods())
		require.Equal(t, []string{"FailedScheduling: " + c.why}, w.events("big"))
		require.Equal(t, c.why, workload.Condition(only(w), "PodScheduled")["message"])
		w.after(6 * time.Minute)
		require.Equal(t, []string{"FailedScheduling: " + c.why + " ×2"}, w.events("big"))
		_, err := w.Logs(only(w), "", false)
		require.EqualError(t, err, "pod big does not have a host assigned")

		w.apply("{apiVersion: v1, kind: Node, metadata: {name: huge, labels: {disk: ssd}}, status: {capacity: {cpu: 200, memory: 1Ti, pods: 10}}}")
		w.after(10 * time.Second)
		require.Equal(t, []string{"big 1/1 Running 0"}, w.pods())
		require.Equal(t, "huge", workload.Text(only(w), "spec", "nodeName"))
	}
}

func TestACordonedNodeTakesNothingNew(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 3, "")
	w.edit("nodes", "node-1", true, "spec", "unschedulable")
	require.Equal(t, "node.kubernetes.io/unschedulable", workload.Text(workload.Maps(w.get("nodes", "node-1"), "spec", "taints")[0], "key"))
	w.edit("deployments.apps", "web", int64(9), "spec", "replicas")
	on := map[string]int{}
	for _, pod := range w.s.List("pods", "shop") {
		on[workload.Text(pod, "spec", "nodeName")]++
	}
	require.Equal(t, map[string]int{"node-1": 1, "node-2": 4, "node-3": 4}, on)
	w.edit("nodes", "node-1", nil, "spec", "unschedulable")
	require.Nil(t, workload.Dig(w.get("nodes", "node-1"), "spec", "taints"))
}

func TestAPodThatIsStuckGoesOnlyByForce(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Pods: "app=web", Be: scenario.Stuck})
	w.deployment("web", 1, "")
	w.after(10 * time.Second)
	stuck := only(w)
	w.drop("pods", nameOf(stuck))
	w.after(10 * time.Minute)
	require.Equal(t, "1× 1/1 Running 0, 1× 1/1 Terminating 0", w.states())
	pod := w.get("pods", nameOf(stuck))
	w.s.Update("pods", workload.With(pod, int64(0), "metadata", "deletionGracePeriodSeconds"))
	w.React()
	require.Equal(t, "1× 1/1 Running 0", w.states())
	require.NotEqual(t, nameOf(stuck), nameOf(only(w)))
}

func TestStoppingTakesAtMostTheGracePeriod(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Be: scenario.Healthy, Manner: scenario.Manner{Stops: time.Minute}})
	w.apply(`{apiVersion: v1, kind: Pod, metadata: {name: slow}, spec: {terminationGracePeriodSeconds: 20, containers: [{name: app, image: "web:1"}]}}`)
	w.after(10 * time.Second)
	w.drop("pods", "slow")
	w.after(19 * time.Second)
	require.Equal(t, []string{"slow 1/1 Terminating 0"}, w.pods())
	w.after(time.Second)
	require.Empty(t, w.pods())
}

func TestInitContainersComeFirst(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Be: scenario.Healthy, Manner: scenario.Manner{Starts: 6 * time.Second}})
	w.apply(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {initContainers: [{name: a, image: i}, {name: b, image: i}],
		containers: [{name: app, image: "web:1"}]}}`)
	w.follow(t, []moment{
		{at: 0, states: "1× 0/1 Init:0/2 0"}, {at: 2 * time.Second, states: "1× 0/1 Init:1/2 0"},
		{at: 4 * time.Second, states: "1× 0/1 PodInitializing 0"}, {at: 6 * time.Second, states: "1× 0/1 Running 0"},
		{at: 7 * time.Second, states: "1× 1/1 Running 0"},
	})
}

func TestBecome(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 3, "")
	w.after(10 * time.Second)
	first := w.podNames()[0]
	require.NoError(t, w.Become(scenario.Event{Become: scenario.CrashLoop, Pods: "app=web", Count: 1, Manner: scenario.Manner{ExitCode: 9}}))
	require.Equal(t, first+" 0/1 Error 0", w.pods()[0])
	require.Equal(t, "2/3 3 2 NewReplicaSetAvailable", w.rollout("web"))
	w.after(30 * time.Second)
	require.Equal(t, first+" 0/1 CrashLoopBackOff 2", w.pods()[0])

	require.NoError(t, w.Become(scenario.Event{Become: scenario.Healthy, Pods: "app=web"}))
	require.Equal(t, first+" 0/1 CrashLoopBackOff 2", w.pods()[0], "it recovers at its next start")
	w.after(20 * time.Second)
	require.Equal(t, first+" 1/1 Running 3", w.pods()[0])
	w.after(time.Hour)
	require.Equal(t, first+" 1/1 Running 3", w.pods()[0])

	require.NoError(t, w.Become(scenario.Event{Become: scenario.NeverReady, Pods: "app=web", Count: 1}))
	require.Equal(t, "2/3 3 2 NewReplicaSetAvailable", w.rollout("web"))
	w.drop("pods", first)
	w.after(10 * time.Second)
	require.Equal(t, "3/3 3 3 NewReplicaSetAvailable", w.rollout("web"), "what replaces it does not inherit it")

	err := w.Become(scenario.Event{Become: scenario.OOM, Pods: "app=wbe"})
	require.ErrorContains(t, err, `no pod in namespace "shop" fits the selector "app=wbe"`)
	require.ErrorContains(t, w.Become(scenario.Event{Become: scenario.OOM, Namespace: "other"}), "there are pods in shop")
	require.ErrorContains(t, w.Become(scenario.Event{Become: scenario.Unschedulable, Pods: "app=web"}), "has its node already")
}

// Two things that happen to a pod each happen to two pods, and who heals one does not heal one that is well.
func TestBecomeTakesThoseThatAreWellFirst(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 3, "")
	w.after(10 * time.Second)
	names := w.podNames()
	for range 2 {
		require.NoError(t, w.Become(scenario.Event{Become: scenario.NeverReady, Pods: "app=web", Count: 1}))
	}
	w.after(time.Minute)
	require.Equal(t, []string{names[0] + " 0/1 Running 0", names[1] + " 0/1 Running 0", names[2] + " 1/1 Running 0"}, w.pods())
	require.NoError(t, w.Become(scenario.Event{Become: scenario.Healthy, Pods: "app=web", Count: 2}))
	w.after(time.Minute)
	require.Equal(t, "3/3 3 3 NewReplicaSetAvailable", w.rollout("web"))
	require.NoError(t, w.Become(scenario.Event{Become: scenario.OOM, Pods: "app=web", Count: 3}), "all of them, if so many are asked for")
}

func TestLogs(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Be: scenario.CrashLoop, Manner: scenario.Manner{Logs: "{time} {pod} up\nworking\nFATAL: no database\n"}})
	w.apply(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {containers: [{name: app, image: "web:1"}, {name: side, image: s}]}}`)
	_, err := w.Logs(only(w), "app", false)
	require.EqualError(t, err, `container "app" in pod "p" is waiting to start: ContainerCreating`)
	w.after(2 * time.Second)
	_, err = w.Logs(only(w), "app", true)
	require.EqualError(t, err, `previous terminated container "app" in pod "p" not found`)
	_, err = w.Logs(only(w), "", false)
	require.EqualError(t, err, "a container name must be specified for pod p, choose one of: [app side]")
	_, err = w.Logs(only(w), "ap", false)
	require.EqualError(t, err, "container ap is not valid for pod p")

	w.after(5 * time.Second)
	lines, err := w.Logs(only(w), "app", false)
	require.NoError(t, err)
	require.Equal(t, []Line{
		{began.Add(2 * time.Second), "2026-11-24T03:00:02Z p up"}, {began.Add(2200 * time.Millisecond), "working"},
		{began.Add(7 * time.Second), "FATAL: no database"},
	}, lines)
	w.after(time.Second) // started again
	now, err := w.Logs(only(w), "app", false)
	require.NoError(t, err)
	require.Equal(t, []Line{{began.Add(8 * time.Second), "2026-11-24T03:00:08Z p up"}}, now)
	before, err := w.Logs(only(w), "app", true)
	require.NoError(t, err)
	require.Equal(t, lines, before)
	side, err := w.Logs(only(w), "side", false)
	require.NoError(t, err)
	require.Contains(t, side[0].Text, "starting side")
}

func TestUsage(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Pods: "app=web", Manner: scenario.Manner{Usage: scenario.Usage{CPU: "250m"}}})
	w.deployment("web", 1, "")
	_, _, measured := w.Usage(only(w))
	require.False(t, measured)
	w.after(10 * time.Second)
	cpu, memory, measured := w.Usage(only(w))
	require.True(t, measured)
	require.Equal(t, "250m", cpu.String())
	require.Positive(t, memory.Value())
}

// An init container that goes wrong holds up the pod, in kubectl's words.
func TestAnInitContainerGoesWrong(t *testing.T) {
	for how, states := range map[scenario.How][]string{
		scenario.CrashLoop: {"p 0/1 Init:0/1 0", "p 0/1 Init:Error 0", "p 0/1 Init:CrashLoopBackOff 0"},
		scenario.BadImage:  {"p 0/1 Init:ErrImagePull 0", "p 0/1 Init:ImagePullBackOff 0", "p 0/1 Init:ErrImagePull 0"},
	} {
		w := newWorld(t, scenario.Behaviour{Image: "migrate*", Be: how})
		w.apply(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {initContainers: [{name: migrate, image: "migrate:2"}],
			containers: [{name: app, image: "web:1"}]}}`)
		for i, second := range []int{0, 5, 12} {
			w.Advance(began.Add(time.Duration(second) * time.Second))
			require.Equal(t, states[i:i+1], w.pods(), "%s at %ds", how, second)
		}
		require.Equal(t, "containers with incomplete status: [migrate]", workload.Condition(only(w), "Initialized")["message"])
		require.NoError(t, w.Become(scenario.Event{Become: scenario.Healthy}))
		w.after(time.Minute)
		require.Equal(t, "True", workload.Condition(only(w), "Ready")["status"])
	}
}

// A sidecar goes on beside the containers that it was started before.
func TestASidecarRunsOn(t *testing.T) {
	w := newWorld(t)
	w.apply(`{apiVersion: v1, kind: Pod, metadata: {name: p}, spec: {initContainers: [{name: proxy, image: proxy, restartPolicy: Always}],
		containers: [{name: app, image: "web:1"}]}}`)
	w.after(10 * time.Second)
	proxy := workload.Maps(only(w), "status", "initContainerStatuses")[0]
	require.Equal(t, true, proxy["ready"])
	require.NotNil(t, workload.Map(proxy, "state", "running"))
	require.Equal(t, "True", workload.Condition(only(w), "Ready")["status"])
}
