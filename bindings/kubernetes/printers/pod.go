package printers

import (
	"cmp"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/workload"
)

// A PodSummary is what kubectl's columns say about a pod.
type PodSummary struct {
	Status   string
	Ready    int
	Total    int
	Restarts int64
	Last     time.Time // of the last restart
}

// PodStatus summarises a pod by the rules, and in the order, of printPod in Kubernetes' pkg/printers: a script and kubectl must
// never show two different statuses for one pod.
func PodStatus(pod object) PodSummary {
	s := PodSummary{Status: cmp.Or(workload.Text(pod, "status", "reason"), workload.Text(pod, "status", "phase"))}
	s.Total = len(workload.Maps(pod, "spec", "containers"))
	for _, c := range workload.Maps(pod, "status", "conditions") {
		if c["type"] == "PodScheduled" && c["reason"] == "SchedulingGated" {
			s.Status = "SchedulingGated"
		}
	}
	sidecars := sidecarsOf(pod)
	s.Total += len(sidecars)
	initializing, sidecar := s.init(pod, sidecars)
	if !initializing || workload.Condition(pod, "Initialized")["status"] == "True" {
		s.Restarts, s.Last = sidecar.Restarts, sidecar.Last
		s.main(pod)
	}
	if workload.Text(pod, "metadata", "deletionTimestamp") != "" {
		s.leaving(pod)
	}
	return s
}

// sidecarsOf names the init containers that keep running.
func sidecarsOf(pod object) map[string]bool {
	out := map[string]bool{}
	for _, c := range workload.Maps(pod, "spec", "initContainers") {
		if c["restartPolicy"] == "Always" {
			out[workload.Text(c, "name")] = true
		}
	}
	return out
}

// init goes through the init containers up to the first that is not done. It returns whether there is one, and what the sidecars
// among them count on their own.
func (s *PodSummary) init(pod object, sidecars map[string]bool) (initializing bool, sidecar PodSummary) {
	total := len(workload.Maps(pod, "spec", "initContainers"))
	for i, c := range workload.Maps(pod, "status", "initContainerStatuses") {
		isSidecar := sidecars[workload.Text(c, "name")]
		s.count(c)
		if isSidecar {
			sidecar.count(c)
		}
		terminated, waiting := workload.Map(c, "state", "terminated"), workload.Text(c, "state", "waiting", "reason")
		code, _ := workload.Int(terminated, "exitCode")
		switch {
		case terminated != nil && code == 0:
			continue
		case isSidecar && c["started"] == true:
			if c["ready"] == true {
				s.Ready++
			}
			continue
		case terminated != nil:
			s.Status = "Init:" + Outcome(terminated)
		case waiting != "" && waiting != "PodInitializing":
			s.Status = "Init:" + waiting
		default:
			s.Status = fmt.Sprintf("Init:%d/%d", i, total)
		}
		return true, sidecar
	}
	return false, sidecar
}

// main goes through the containers from the last to the first, so that the first one's reason wins.
func (s *PodSummary) main(pod object) {
	containers := workload.Maps(pod, "status", "containerStatuses")
	running, failure := false, ""
	for i := len(containers) - 1; i >= 0; i-- {
		c := containers[i]
		s.count(c)
		terminated, waiting := workload.Map(c, "state", "terminated"), workload.Text(c, "state", "waiting", "reason")
		switch {
		case waiting != "":
			s.Status = waiting
		case terminated != nil:
			s.Status = Outcome(terminated)
			if code, _ := workload.Int(terminated, "exitCode"); code != 0 {
				failure = s.Status
			}
		case c["ready"] == true && workload.Map(c, "state", "running") != nil:
			running = true
			s.Ready++
		}
	}
	if s.Status == "Completed" {
		s.partly(pod, running, failure)
	}
}

// partly corrects "Completed" for a pod of which some containers still run or have failed.
func (s *PodSummary) partly(pod object, running bool, failure string) {
	switch {
	case running && workload.IsReady(pod):
		s.Status = "Running"
	case failure != "":
		s.Status = failure
	case running:
		s.Status = "NotReady"
	}
}

func (s *PodSummary) leaving(pod object) {
	phase := workload.Text(pod, "status", "phase")
	if workload.Text(pod, "status", "reason") == "NodeLost" {
		s.Status = "Unknown"
	} else if phase != "Succeeded" && phase != "Failed" {
		s.Status = "Terminating"
	}
}

func (s *PodSummary) count(container object) {
	n, _ := workload.Int(container, "restartCount")
	s.Restarts += n
	if t := workload.Time(container, "lastState", "terminated", "finishedAt"); t.After(s.Last) {
		s.Last = t
	}
}

// Outcome is why a container ended: its reason, else its signal or exit code.
func Outcome(terminated object) string {
	if reason := workload.Text(terminated, "reason"); reason != "" {
		return reason
	}
	if signal, _ := workload.Int(terminated, "signal"); signal != 0 {
		return fmt.Sprintf("Signal:%d", signal)
	}
	code, _ := workload.Int(terminated, "exitCode")
	return fmt.Sprintf("ExitCode:%d", code)
}

func (s PodSummary) restartText(now time.Time) string {
	if s.Restarts == 0 || s.Last.IsZero() {
		return fmt.Sprint(s.Restarts)
	}
	return fmt.Sprintf("%d (%s ago)", s.Restarts, duration.HumanDuration(now.Sub(s.Last)))
}
