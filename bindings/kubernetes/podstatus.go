package kubernetes

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/workload"
)

// A podSummary is what kubectl's columns say about a pod.
type podSummary struct {
	status   string
	ready    int
	total    int
	restarts int64
	last     time.Time // of the last restart
}

// podStatus summarises a pod by the rules, and in the order, of printPod in Kubernetes' pkg/printers: a script and kubectl must
// never show two different statuses for one pod.
func podStatus(pod object) podSummary {
	s := podSummary{status: orElse(workload.Text(pod, "status", "reason"), workload.Text(pod, "status", "phase"))}
	s.total = len(workload.Maps(pod, "spec", "containers"))
	for _, c := range workload.Maps(pod, "status", "conditions") {
		if c["type"] == "PodScheduled" && c["reason"] == "SchedulingGated" {
			s.status = "SchedulingGated"
		}
	}
	sidecars := sidecarsOf(pod)
	s.total += len(sidecars)
	initializing, sidecar := s.init(pod, sidecars)
	if !initializing || workload.Condition(pod, "Initialized")["status"] == "True" {
		s.restarts, s.last = sidecar.restarts, sidecar.last
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
func (s *podSummary) init(pod object, sidecars map[string]bool) (initializing bool, sidecar podSummary) {
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
				s.ready++
			}
			continue
		case terminated != nil:
			s.status = "Init:" + outcome(terminated)
		case waiting != "" && waiting != "PodInitializing":
			s.status = "Init:" + waiting
		default:
			s.status = fmt.Sprintf("Init:%d/%d", i, total)
		}
		return true, sidecar
	}
	return false, sidecar
}

// main goes through the containers from the last to the first, so that the first one's reason wins.
func (s *podSummary) main(pod object) {
	containers := workload.Maps(pod, "status", "containerStatuses")
	running, failure := false, ""
	for i := len(containers) - 1; i >= 0; i-- {
		c := containers[i]
		s.count(c)
		terminated, waiting := workload.Map(c, "state", "terminated"), workload.Text(c, "state", "waiting", "reason")
		switch {
		case waiting != "":
			s.status = waiting
		case terminated != nil:
			s.status = outcome(terminated)
			if code, _ := workload.Int(terminated, "exitCode"); code != 0 {
				failure = s.status
			}
		case c["ready"] == true && workload.Map(c, "state", "running") != nil:
			running = true
			s.ready++
		}
	}
	if s.status == "Completed" {
		s.partly(pod, running, failure)
	}
}

// partly corrects "Completed" for a pod of which some containers still run or have failed.
func (s *podSummary) partly(pod object, running bool, failure string) {
	switch {
	case running && workload.IsReady(pod):
		s.status = "Running"
	case failure != "":
		s.status = failure
	case running:
		s.status = "NotReady"
	}
}

func (s *podSummary) leaving(pod object) {
	phase := workload.Text(pod, "status", "phase")
	if workload.Text(pod, "status", "reason") == "NodeLost" {
		s.status = "Unknown"
	} else if phase != "Succeeded" && phase != "Failed" {
		s.status = "Terminating"
	}
}

func (s *podSummary) count(container object) {
	n, _ := workload.Int(container, "restartCount")
	s.restarts += n
	if t := timeOf(container, "lastState", "terminated", "finishedAt"); t.After(s.last) {
		s.last = t
	}
}

// outcome is why a container ended: its reason, else its signal or exit code.
func outcome(terminated object) string {
	if reason := workload.Text(terminated, "reason"); reason != "" {
		return reason
	}
	if signal, _ := workload.Int(terminated, "signal"); signal != 0 {
		return fmt.Sprintf("Signal:%d", signal)
	}
	code, _ := workload.Int(terminated, "exitCode")
	return fmt.Sprintf("ExitCode:%d", code)
}

func (s podSummary) restartText(now time.Time) string {
	if s.restarts == 0 || s.last.IsZero() {
		return fmt.Sprint(s.restarts)
	}
	return fmt.Sprintf("%d (%s ago)", s.restarts, duration.HumanDuration(now.Sub(s.last)))
}

// timeOf reads a timestamp; the zero time if there is none that can be read.
func timeOf(o object, path ...string) time.Time {
	t, err := time.Parse(time.RFC3339, workload.Text(o, path...))
	if err != nil {
		return time.Time{}
	}
	return t
}
