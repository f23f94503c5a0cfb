package kubernetes

import (
	"cmp"
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"runbook/bindings/kubernetes/printers"
	"runbook/engine/action"
	"runbook/engine/workload"
)

// checkReady tells whether the controllers are done with an object. kstatus knows that of any kind, but takes a job that has begun for
// done, and a pod that crashes, or has no node yet, for one that will never be ready.
func checkReady(o object) (action.Progress, error) {
	switch wordFor(workload.Text(o, "apiVersion"), workload.Text(o, "kind")) {
	case "Pod":
		return checkPod(o), nil
	case "Job.batch":
		return checkJob(o), nil
	}
	return checkByStatus(o)
}

func checkPod(pod object) action.Progress {
	summary := printers.PodStatus(pod)
	detail := fmt.Sprintf("%s, %d of %d containers ready", summary.Status, summary.Ready, summary.Total)
	switch {
	case workload.Text(pod, "metadata", "deletionTimestamp") != "":
		return action.Progress{Failed: true, Detail: "it is going away"}
	case workload.Text(pod, "status", "phase") == "Failed":
		return action.Progress{Failed: true, Detail: withMessage(summary.Status, workload.Text(pod, "status", "message"))}
	case workload.IsReady(pod), workload.Text(pod, "status", "phase") == "Succeeded":
		return action.Progress{Met: true, Detail: detail}
	}
	return action.Progress{Detail: detail}
}

func checkJob(job object) action.Progress {
	if workload.Condition(job, "Complete")["status"] == "True" {
		return action.Progress{Met: true, Detail: "it is complete"}
	}
	if why := jobFailure(job); why != "" {
		return action.Progress{Failed: true, Detail: why}
	}
	active, _ := workload.Int(job, "status", "active")
	failed, _ := workload.Int(job, "status", "failed")
	return action.Progress{Detail: fmt.Sprintf("%s completions, %d active, %d failed", printers.JobCompletions(job), active, failed)}
}

// jobFailure says why a job has failed, or is about to: "" if it has not.
func jobFailure(job object) string {
	for _, name := range []string{"Failed", "FailureTarget"} {
		if failed := workload.Condition(job, name); failed["status"] == "True" {
			return withMessage("the job failed: "+cmp.Or(workload.Text(failed, "reason"), "Failed"), workload.Text(failed, "message"))
		}
	}
	return ""
}

// contradicted says why a named condition cannot come true any more, "" if it may: a job ends in one way only.
func (c condition) contradicted(o object) string {
	if workload.Text(o, "kind") != "Job" || c.kind != named || c.status != "True" {
		return ""
	}
	switch c.name {
	case "Complete", "SuccessCriteriaMet":
		return jobFailure(o)
	case "Failed", "FailureTarget":
		if workload.Condition(o, "Complete")["status"] == "True" {
			return "the job is complete"
		}
	}
	return ""
}

func checkByStatus(o object) (action.Progress, error) {
	// kstatus wants whole numbers as int64, whatever decoder the object went through.
	raw, err := encode(o)
	if err != nil {
		return action.Progress{}, err
	}
	if o, err = decode(raw); err != nil {
		return action.Progress{}, err
	}
	result, err := status.Compute(&unstructured.Unstructured{Object: o})
	if err != nil {
		return action.Progress{}, action.Errorf(action.CodeInternal, "its status cannot be understood: %w", err)
	}
	detail := cmp.Or(tally(o, "ready"), result.Message)
	switch result.Status {
	case status.CurrentStatus:
		return action.Progress{Met: true, Detail: detail}, nil
	case status.FailedStatus, status.TerminatingStatus:
		return action.Progress{Failed: true, Detail: cmp.Or(stuck(o), result.Message)}, nil
	}
	return action.Progress{Detail: detail}, nil
}
