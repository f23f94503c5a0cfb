package kubernetes

import (
	"context"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

func (b *binding) failingFunc() module.Func {
	return module.Func{
		Name: "failing",
		Doc: `Picks the pods that need help out of a list of pods.

These are the pods that kubectl shows with a status such as CrashLoopBackOff, Error, OOMKilled, ImagePullBackOff, ErrImagePull,
CreateContainerConfigError, Evicted, Failed, Unknown, Init:Error or a non-zero exit code; and those that are scheduled and not
ready though they have existed for longer than unready_for. A pod that has completed or is going away is not failing.`,
		Params: []module.Param{
			{Name: "pods", Kind: module.List, Required: true, Doc: "pods, as list returns them"},
			{Name: "options", Kind: module.Object, Doc: "what counts", Fields: []module.Param{
				{Name: "unready_for", Kind: module.Duration, Default: 5 * time.Minute, Doc: "how long a pod may take to become ready"},
			}},
		},
		Returns: module.Result{Type: "kubernetes.Object[]", Doc: "those that fail, in the order of the list"},
		Examples: []string{
			`for _, pod in ipairs(kubernetes.failing(kubernetes.list("pods"))) do print(pod.metadata.name) end`,
			`local stuck = kubernetes.failing(pods, { unready_for = "30s" })`,
		},
		Pure: func(ctx context.Context, args module.Args) (any, error) {
			bound, _ := args.Duration("unready_for")
			return pickFailing(args.List("pods"), bound, b.now(ctx))
		},
	}
}

func pickFailing(pods []any, bound time.Duration, now time.Time) (any, error) {
	out := []any{}
	for i, item := range pods {
		raw, err := rawObject(item)
		if err != nil {
			return nil, err
		}
		pod, err := glance(raw)
		if err != nil || workload.Text(pod, "kind") != "Pod" {
			return nil, action.Errorf(action.CodeInvalid, "kubernetes.failing: element %d of the list is no pod", i+1)
		}
		if isFailing(pod, bound, now) {
			out = append(out, item)
		}
	}
	return out, nil
}

// fine are the statuses of pods that work, have finished, or are on their way. Every other one is a failure that has a name.
var fine = []string{
	"Running", "Pending", "Succeeded", "Completed", "Terminating", "ContainerCreating", "PodInitializing", "SchedulingGated", "NotReady",
}

func isFailing(pod object, bound time.Duration, now time.Time) bool {
	status := podStatus(pod).status
	if status == "Completed" || status == "Succeeded" || status == "Terminating" {
		return false
	}
	if !slices.Contains(fine, status) && !isInitProgress(status) {
		return true
	}
	created := timeOf(pod, "metadata", "creationTimestamp")
	return workload.Text(pod, "spec", "nodeName") != "" && !workload.IsReady(pod) && now.Sub(created) > bound
}

// isInitProgress tells Init:1/3 and Init:PodInitializing from a failure such as Init:Error.
func isInitProgress(status string) bool {
	rest, ok := strings.CutPrefix(status, "Init:")
	return ok && (strings.Contains(rest, "/") || rest == "ContainerCreating")
}
