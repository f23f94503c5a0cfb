package cluster

import (
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"runbook/engine/workload"
)

// containerNames are those of a pod in one of its fields.
func containerNames(pod Object, field string) []string {
	var names []string
	for _, c := range workload.Maps(pod, "spec", field) {
		names = append(names, workload.Text(c, "name"))
	}
	return names
}

// container is the one that a request means: the only one, if it names none.
func container(pod Object, name string) (string, error) {
	all := slices.Concat(containerNames(pod, "initContainers"), containerNames(pod, "containers"), containerNames(pod, "ephemeralContainers"))
	switch {
	case name != "" && slices.Contains(all, name):
		return name, nil
	case name != "":
		return "", apierrors.NewBadRequest(fmt.Sprintf("container %s is not valid for pod %s", name, nameOf(pod)))
	case len(all) == 1:
		return all[0], nil
	}
	return "", apierrors.NewBadRequest(fmt.Sprintf("a container name must be specified for pod %s, choose one of: [%s]", nameOf(pod),
		strings.Join(all, " ")))
}

// containerStatus is what the kubelet says of a container; nil if it says nothing.
func containerStatus(pod Object, name string) Object {
	for _, field := range []string{"containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses"} {
		for _, s := range workload.Maps(pod, "status", field) {
			if workload.Text(s, "name") == name {
				return s
			}
		}
	}
	return nil
}

// instance tells which instance of a container a log is asked of: the present one, or the last one before it. It refuses, in the
// kubelet's words, where there is none.
func instance(pod Object, name string, previous bool) (last bool, err error) {
	status := containerStatus(pod, name)
	state := workload.Map(status, "state")
	ended := workload.Map(status, "lastState", "terminated") != nil
	switch {
	case previous && !ended:
		err = fmt.Errorf("previous terminated container %q in pod %q not found", name, nameOf(pod))
	case previous:
		return true, nil
	case state["running"] != nil, state["terminated"] != nil:
		return false, nil
	case ended:
		return true, nil
	case state["waiting"] == nil && status == nil:
		err = fmt.Errorf("container %q in pod %q is not available", name, nameOf(pod))
	case state["waiting"] == nil:
		err = fmt.Errorf("container %q in pod %q is waiting to start - no logs yet", name, nameOf(pod))
	default:
		err = fmt.Errorf("container %q in pod %q is waiting to start: %s", name, nameOf(pod), waitingFor(workload.Text(state, "waiting", "reason")))
	}
	return false, apierrors.NewBadRequest(err.Error())
}

func waitingFor(reason string) string {
	switch reason {
	case "ErrImagePull":
		return "image can't be pulled"
	case "ImagePullBackOff":
		return "trying and failing to pull image"
	}
	return reason
}
