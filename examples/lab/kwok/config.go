// Package kwok says how nodes and pods behave in the lab: the life of a pod in each scenario, what its log holds,
// and where a command runs that is executed in it.
//
// It never changes a pod itself; it writes what kwok reads. A pod's scenario is its label, so that whoever may label
// a pod can break it, and a pod that replaces a broken one is healthy.
//
// Read next: scenario.yaml, the scenarios; serving.yaml, logs and exec; podlogs.go, the log files.
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

// Scenarios are what the label may say, and Healthy, which is the label's absence.
var Scenarios = []string{Healthy, "crashloop", "oom", "never-ready"}

var (
	//go:embed serving.yaml
	serving string
	//go:embed scenario.yaml
	scenario string
)

// Write makes the files that kwok reads: its configuration, and the pods' logs as of now.
func Write(dir layout.Dir, now time.Time) error {
	for _, folder := range []string{dir.PodLogs(), dir.PodFiles()} {
		if err := os.MkdirAll(folder, layout.FolderMode); err != nil {
			return fmt.Errorf("make the folders of the pods: %w", err)
		}
	}
	paths := strings.NewReplacer("LAB_POD_LOGS", dir.PodLogs(), "LAB_POD_FILES", dir.PodFiles())
	config := strings.Join([]string{
		paths.Replace(serving),
		paths.Replace(scenario),
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
	return writePodLogs(dir.PodLogs(), now)
}
