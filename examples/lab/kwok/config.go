// Package kwok says how nodes and pods behave in the lab: the life of a pod in each scenario, what its log holds,
// and where a command runs that is executed in it.
//
// It never changes a pod itself; it writes what kwok reads. A pod's scenario is its label, so that whoever may label
// a pod can break it, and a pod that replaces a broken one is healthy.
//
// Read next: scenario.yaml, the scenarios; serving.yaml, logs and exec; usage.yaml, what pods use; podlogs.go and
// podfiles.go, what is in them.
package kwok

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"time"

	node "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	heartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	pod "sigs.k8s.io/kwok/kustomize/stage/pod/fast"

	"runbook/examples/lab/layout"
)

// ScenarioLabel is the pod label that chooses a scenario. The lab's YAML files spell it out.
const ScenarioLabel = "lab.runbook/scenario"

// Healthy is the scenario of a pod without the label.
const Healthy = "healthy"

// Hot is the scenario of a pod that works and uses nearly all that it may.
const Hot = "hot"

// The scenarios of a new version, which come with the Deployment's template only: one that never gets ready, and one
// whose image is not there.
const (
	BadRollout = "bad-rollout"
	BadImage   = "bad-image"
)

// Scenarios are what the label may say, and Healthy, which is the label's absence.
var Scenarios = []string{Healthy, "crashloop", "oom", "never-ready", Hot, BadRollout, BadImage}

var (
	//go:embed serving.yaml
	serving string
	//go:embed scenario.yaml
	scenario string
	//go:embed usage.yaml
	usage string
)

// Write makes the files that kwok reads: its configuration, the pods' logs as of now, and the files in a pod.
func Write(dir layout.Dir, now time.Time) error {
	paths := strings.NewReplacer("LAB_POD_LOGS", dir.PodLogs(), "LAB_POD_FILES", dir.PodFiles())
	config := strings.Join([]string{
		paths.Replace(serving),
		paths.Replace(scenario),
		usage,
		// kwok has these built in, yet exits at once when no file names any.
		node.DefaultNodeInit,
		heartbeat.DefaultNodeHeartbeatWithLease,
		pod.DefaultPodReady,
		pod.DefaultPodComplete,
		pod.DefaultPodDelete,
	}, "\n---\n")
	if err := os.WriteFile(dir.Kwok(), []byte(config), 0o600); err != nil {
		return fmt.Errorf("write kwok's configuration: %w", err)
	}
	if err := writePodFiles(dir.PodFiles(), now); err != nil {
		return err
	}
	return WriteLogs(dir, now)
}
