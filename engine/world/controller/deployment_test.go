package controller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

func TestADeploymentComesUp(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 3, "")
	w.follow(t, []moment{
		{at: 0, states: "3× 0/1 ContainerCreating 0", rollout: "0/3 3 0 ReplicaSetUpdated"},
		{at: 1 * time.Second, states: "3× 0/1 ContainerCreating 0", rollout: "0/3 3 0 ReplicaSetUpdated"},
		{at: 2 * time.Second, states: "3× 0/1 Running 0", rollout: "0/3 3 0 ReplicaSetUpdated"},
		{at: 3 * time.Second, states: "3× 1/1 Running 0", rollout: "3/3 3 3 NewReplicaSetAvailable"},
		{at: time.Hour - time.Second, states: "3× 1/1 Running 0", rollout: "3/3 3 3 NewReplicaSetAvailable"},
	})
	sets := w.s.List("replicasets.apps", "shop")
	require.Len(t, sets, 1)
	require.Regexp(t, `^web-[bcdfghjklmnpqrstvwxz2456789]{8,10}$`, nameOf(sets[0]))
	require.Regexp(t, `^`+nameOf(sets[0])+`-[bcdfghjklmnpqrstvwxz2456789]{5}$`, w.podNames()[0])
	require.Equal(t, []string{"ScalingReplicaSet: Scaled up replica set " + nameOf(sets[0]) + " from 0 to 3"}, w.events("web"))
	var created []string
	for _, name := range w.podNames() {
		created = append(created, "SuccessfulCreate: Created pod: "+name)
	}
	require.ElementsMatch(t, created, w.events(nameOf(sets[0])))
	pod := w.get("pods", w.podNames()[0])
	require.Equal(t, []string{
		"Scheduled: Successfully assigned shop/" + nameOf(pod) + " to " + workload.Text(pod, "spec", "nodeName"),
		`Pulled: Container image "web:1" already present on machine`, "Created: Container created", "Started: Container started",
	}, w.events(nameOf(pod)))
}

func TestScalingUpAndDown(t *testing.T) {
	scale := func(n int64) func(*world) {
		return func(w *world) { w.edit("deployments.apps", "web", n, "spec", "replicas") }
	}
	w := newWorld(t)
	w.deployment("web", 3, "")
	w.follow(t, []moment{
		{at: 10 * time.Second, do: scale(5), states: "2× 0/1 ContainerCreating 0, 3× 1/1 Running 0", rollout: "3/5 5 3 NewReplicaSetAvailable"},
		{at: 13 * time.Second, states: "5× 1/1 Running 0", rollout: "5/5 5 5 NewReplicaSetAvailable"},
		{at: 20 * time.Second, do: scale(1), states: "1× 1/1 Running 0, 4× 1/1 Terminating 0", rollout: "1/1 1 1 NewReplicaSetAvailable"},
		{at: 21 * time.Second, states: "1× 1/1 Running 0"},
		{at: 30 * time.Second, do: scale(0), states: "1× 1/1 Terminating 0"},
		{at: 31 * time.Second, states: "", rollout: "0/0 0 0 NewReplicaSetAvailable"},
	})
	set := w.s.List("replicasets.apps", "shop")[0]
	require.Equal(t, []string{
		"ScalingReplicaSet: Scaled up replica set " + nameOf(set) + " from 0 to 3", "ScalingReplicaSet: Scaled up replica set " + nameOf(set) + " from 3 to 5",
		"ScalingReplicaSet: Scaled down replica set " + nameOf(set) + " from 5 to 1", "ScalingReplicaSet: Scaled down replica set " + nameOf(set) + " from 1 to 0",
	}, w.events("web"))
	require.Equal(t, "0", workload.Text(set, "metadata", "annotations", "deployment.kubernetes.io/desired-replicas"))
}

func restart(w *world) {
	w.edit("deployments.apps", "web", w.stamp(), "spec", "template", "metadata", "annotations", "kubectl.kubernetes.io/restartedAt")
}

// The steps are those that a deployment of 4 takes in a real cluster: 25% more and 25% fewer are allowed, which is one pod each way.
func TestARestartRollsThePodsOver(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 4, "")
	w.follow(t, []moment{
		{at: 10 * time.Second, do: restart, states: "1× 1/1 Terminating 0, 2× 0/1 ContainerCreating 0, 3× 1/1 Running 0", rollout: "3/4 2 3 ReplicaSetUpdated"},
		{at: 11 * time.Second, states: "2× 0/1 ContainerCreating 0, 3× 1/1 Running 0"},
		{at: 12 * time.Second, states: "2× 0/1 Running 0, 3× 1/1 Running 0"},
		{at: 13 * time.Second, states: "2× 0/1 ContainerCreating 0, 2× 1/1 Terminating 0, 3× 1/1 Running 0", rollout: "3/4 4 3 ReplicaSetUpdated"},
		{at: 16 * time.Second, states: "1× 1/1 Terminating 0, 4× 1/1 Running 0", rollout: "4/4 4 4 NewReplicaSetAvailable"},
		{at: 17 * time.Second, states: "4× 1/1 Running 0"},
	})
	sets := w.s.List("replicasets.apps", "shop")
	first, second := sets[1], sets[0]
	if workload.Revision(first) == 2 {
		first, second = second, first
	}
	a, b := nameOf(first), nameOf(second)
	scaled := func(text string) string { return "ScalingReplicaSet: Scaled " + text }
	require.Equal(t, []string{
		scaled("up replica set " + a + " from 0 to 4"), scaled("up replica set " + b + " from 0 to 1"), scaled("down replica set " + a + " from 4 to 3"),
		scaled("up replica set " + b + " from 1 to 2"), scaled("down replica set " + a + " from 3 to 1"), scaled("up replica set " + b + " from 2 to 4"),
		scaled("down replica set " + a + " from 1 to 0"),
	}, w.events("web"))
	require.Equal(t, "2", workload.Text(w.get("deployments.apps", "web"), "metadata", "annotations", "deployment.kubernetes.io/revision"))
}

func TestABadImageStopsARolloutUntilItIsUndone(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Image: "*:nope", Be: scenario.BadImage})
	w.deployment("web", 3, "  progressDeadlineSeconds: 60")
	spoil := func(w *world) { w.image("web", "registry.example/web:nope") }
	w.follow(t, []moment{
		{at: 10 * time.Second, do: spoil, states: "1× 0/1 ContainerCreating 0, 3× 1/1 Running 0", rollout: "3/3 1 3 ReplicaSetUpdated"},
		{at: 12 * time.Second, states: "1× 0/1 ErrImagePull 0, 3× 1/1 Running 0"},
		{at: 15 * time.Second, states: "1× 0/1 ImagePullBackOff 0, 3× 1/1 Running 0"},
		{at: 22 * time.Second, states: "1× 0/1 ErrImagePull 0, 3× 1/1 Running 0"},
		{at: 25 * time.Second, states: "1× 0/1 ImagePullBackOff 0, 3× 1/1 Running 0"},
		{at: 70 * time.Second, rollout: "3/3 1 3 ReplicaSetUpdated", states: "1× 0/1 ImagePullBackOff 0, 3× 1/1 Running 0"},
		{at: 71 * time.Second, rollout: "3/3 1 3 ProgressDeadlineExceeded", states: "1× 0/1 ImagePullBackOff 0, 3× 1/1 Running 0"},
	})
	progressing := workload.Condition(w.get("deployments.apps", "web"), "Progressing")
	require.Equal(t, "False", progressing["status"])
	require.Regexp(t, `^ReplicaSet "web-\w+" has timed out progressing\.$`, progressing["message"])
	bad := ""
	for _, pod := range w.s.List("pods", "shop") {
		if !workload.IsReady(pod) {
			bad = nameOf(pod)
			_, err := w.Logs(pod, "", false)
			require.EqualError(t, err, `container "app" in pod "`+bad+`" is waiting to start: trying and failing to pull image`)
		}
	}
	events := w.events(bad)
	require.Contains(t, events, `Pulling: Pulling image "registry.example/web:nope" ×3`)
	require.Contains(t, events, "Failed: Error: ErrImagePull ×3")
	require.Contains(t, events, "Failed: Error: ImagePullBackOff ×3")
	require.Contains(t, events, `BackOff: Back-off pulling image "registry.example/web:nope" ×3`)

	w.image("web", "web:1")
	require.Equal(t, "3/3 3 3 NewReplicaSetAvailable", w.rollout("web"))
	w.after(time.Second)
	require.Equal(t, "3× 1/1 Running 0", w.states())
	require.Equal(t, int64(3), workload.Revision(w.get("deployments.apps", "web")), "going back is another revision")
	for _, set := range w.s.List("replicasets.apps", "shop") {
		if workload.Revision(set) == 3 {
			require.Equal(t, "1", workload.Text(set, "metadata", "annotations", "deployment.kubernetes.io/revision-history"))
		}
	}
}

func TestRecreateHasNoTwoRevisionsAtOnce(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 2, "  strategy: {type: Recreate}")
	w.follow(t, []moment{
		{at: 10 * time.Second, do: restart, states: "2× 1/1 Terminating 0"},
		{at: 11 * time.Second, states: "2× 0/1 ContainerCreating 0"},
		{at: 14 * time.Second, states: "2× 1/1 Running 0", rollout: "2/2 2 2 NewReplicaSetAvailable"},
	})
}

func TestAPausedDeploymentScalesAndDoesNotRoll(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 2, "")
	w.after(10 * time.Second)
	w.edit("deployments.apps", "web", true, "spec", "paused")
	restart(w)
	w.edit("deployments.apps", "web", int64(3), "spec", "replicas")
	w.after(10 * time.Second)
	require.Equal(t, "3× 1/1 Running 0", w.states())
	require.Equal(t, "3/3 0 3 DeploymentPaused", w.rollout("web"))
	w.edit("deployments.apps", "web", nil, "spec", "paused")
	w.after(time.Minute)
	require.Equal(t, "3/3 3 3 NewReplicaSetAvailable", w.rollout("web"))
	require.Len(t, w.s.List("replicasets.apps", "shop"), 2)
}

func TestMinReadySecondsDelayAvailability(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 1, "  minReadySeconds: 20")
	w.follow(t, []moment{
		{at: 3 * time.Second, states: "1× 1/1 Running 0", rollout: "1/1 1 0 ReplicaSetUpdated"},
		{at: 22 * time.Second, states: "1× 1/1 Running 0", rollout: "1/1 1 0 ReplicaSetUpdated"},
		{at: 23 * time.Second, states: "1× 1/1 Running 0", rollout: "1/1 1 1 NewReplicaSetAvailable"},
	})
}

func TestOldReplicaSetsAreKeptUpToALimit(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 1, "  revisionHistoryLimit: 1")
	for range 4 {
		w.after(time.Minute)
		restart(w)
	}
	w.after(time.Minute)
	require.Len(t, w.s.List("replicasets.apps", "shop"), 2)
	require.Equal(t, int64(5), workload.Revision(w.get("deployments.apps", "web")))
}

// Scaled in the middle of a rollout, old and new pods grow in proportion, as kubectl's documentation shows it.
func TestScalingDuringARolloutIsProportional(t *testing.T) {
	w := newWorld(t, scenario.Behaviour{Image: "*:nope", Be: scenario.BadImage})
	w.deployment("web", 10, "  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 3, maxUnavailable: 2}}")
	w.after(10 * time.Second)
	w.image("web", "web:nope")
	w.after(10 * time.Second)
	require.Equal(t, "8/10 5 8 ReplicaSetUpdated", w.rollout("web"))
	w.edit("deployments.apps", "web", int64(15), "spec", "replicas")
	var sizes []int64
	for _, set := range w.s.List("replicasets.apps", "shop") {
		sizes = append(sizes, workload.Replicas(set))
	}
	require.ElementsMatch(t, []int64{11, 7}, sizes)
}

func TestADeletedPodIsReplaced(t *testing.T) {
	w := newWorld(t)
	w.deployment("web", 2, "")
	w.after(10 * time.Second)
	gone := w.podNames()[0]
	w.drop("pods", gone)
	require.Equal(t, "1× 0/1 ContainerCreating 0, 1× 1/1 Running 0, 1× 1/1 Terminating 0", w.states())
	require.Equal(t, "1/2 2 1 NewReplicaSetAvailable", w.rollout("web"))
	require.Contains(t, w.events(gone), "Killing: Stopping container app")
	w.after(time.Second)
	require.NotContains(t, w.podNames(), gone)
	w.after(2 * time.Second)
	require.Equal(t, "2× 1/1 Running 0", w.states())
	require.Equal(t, "2/2 2 2 NewReplicaSetAvailable", w.rollout("web"))
}
