package controller

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/workload"
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
