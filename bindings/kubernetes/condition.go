package kubernetes

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// A condition is what a wait waits for.
type condition struct {
	text   string // as the script wrote it
	kind   string
	name   string // of a named condition: "Complete"
	status string // "True"
}

// The kinds of condition.
const (
	ready     = "ready"
	available = "available"
	deleted   = "deleted"
	evictable = "evictable"
	named     = "condition"
)

func parseCondition(text string) (condition, error) {
	switch text {
	case ready, available, deleted, evictable:
		return condition{text: text, kind: text}, nil
	}
	if rest, ok := strings.CutPrefix(text, named+"="); ok && rest != "" {
		name, value, given := strings.Cut(rest, "=")
		if !given {
			value = "True"
		}
		return condition{text: text, kind: named, name: name, status: value}, nil
	}
	return condition{}, action.Errorf(action.CodeInvalid,
		`kubernetes.wait: unknown condition %q; there is "ready", "available", "deleted", "evictable", "condition=TYPE" and "condition=TYPE=STATUS"`, text)
}

// check compares an object, nil if it does not exist, with the condition.
func (c condition) check(o object) (action.Progress, error) {
	switch {
	case c.kind == deleted && o == nil:
		return action.Progress{Met: true, Detail: "it is gone"}, nil
	case c.kind == deleted:
		return action.Progress{Detail: "it still exists"}, nil
	case o == nil:
		return action.Progress{Failed: true, Detail: "it does not exist"}, nil
	}
	if c.kind == ready {
		return checkReady(o)
	}
	progress := c.checkCondition(o)
	if why := cmp.Or(stuck(o), c.contradicted(o)); !progress.Met && why != "" {
		progress.Failed, progress.Detail = true, why
	}
	return progress, nil
}

// checkCondition is for "available" and named conditions. A condition counts only once the controller has seen the object's
// present generation.
func (c condition) checkCondition(o object) action.Progress {
	name, wanted := c.name, c.status
	if c.kind == available {
		name, wanted = "Available", "True"
	}
	if generation, ok := workload.Int(o, "metadata", "generation"); ok {
		if seen, ok := workload.Int(o, "status", "observedGeneration"); ok && seen < generation {
			return action.Progress{Detail: "its controller has not seen the change yet"}
		}
	}
	if have, want, ok := counts(o, "available"); ok && c.kind == available && workload.Text(o, "kind") != "Deployment" {
		return action.Progress{Met: have >= want, Detail: tally(o, "available")}
	}
	found := workload.Condition(o, name)
	if found == nil {
		return action.Progress{Detail: "it has no condition " + name + " yet"}
	}
	if seen, ok := workload.Int(found, "observedGeneration"); ok {
		if generation, _ := workload.Int(o, "metadata", "generation"); seen < generation {
			return action.Progress{Detail: "condition " + name + " is about what it was before the change"}
		}
	}
	met := strings.EqualFold(fmt.Sprint(found["status"]), wanted)
	detail := fmt.Sprintf("condition %s is %v", name, found["status"])
	if !met {
		detail += ", not " + wanted
	}
	if c.kind == available {
		detail = cmp.Or(tally(o, "available"), detail)
	}
	return action.Progress{Met: met, Detail: detail}
}

// stuck says why a rollout will not go on, "" if it may.
func stuck(o object) string {
	progressing := workload.Condition(o, "Progressing")
	if progressing["status"] == "False" && progressing["reason"] == "ProgressDeadlineExceeded" {
		return "its rollout exceeded its progress deadline: " + tally(o, "available")
	}
	return ""
}

// tally counts a workload's replicas: "2 of 5 replicas available"; "" for other objects.
func tally(o object, word string) string {
	have, want, ok := counts(o, word)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%d of %d replicas %s", have, want, word)
}

func counts(o object, word string) (have, want int64, ok bool) {
	switch workload.Text(o, "kind") {
	case "Deployment", "ReplicaSet", "StatefulSet", "ReplicationController":
		have, _ = workload.Int(o, "status", word+"Replicas")
	case "DaemonSet":
		have, _ = workload.Int(o, "status", map[string]string{"ready": "numberReady", "available": "numberAvailable"}[word])
	default:
		return 0, 0, false
	}
	return have, workload.Replicas(o), true
}

// assume is the workload in the state that the condition asks for, as far as our model has one.
func (c condition) assume(w workload.Workload, now time.Time) workload.Workload {
	kind := workload.Text(w.Owner, "kind")
	_, _, scalable := counts(w.Owner, "ready")
	wantsReady := c.kind == ready || c.kind == available || c.status == "True" && (c.name == "Available" || c.name == "Ready")
	switch {
	case wantsReady && scalable:
		return w.Ready(now)
	case wantsReady && kind == "Pod":
		w.Owner = workload.ReadyPod(w.Owner, now)
	case c.kind == ready && kind == "PersistentVolumeClaim":
		w.Owner = workload.With(w.Owner, "Bound", "status", "phase")
	case c.kind == ready && kind == "Job":
		w.Owner = workload.WithCondition(w.Owner, "Complete", "True", "Assumed", now)
	case c.kind == ready:
		w.Owner = workload.WithCondition(w.Owner, "Ready", "True", "Assumed", now)
	case c.kind == available:
		w.Owner = workload.WithCondition(w.Owner, "Available", "True", "Assumed", now)
	default:
		w.Owner = workload.WithCondition(w.Owner, c.name, c.status, "Assumed", now)
	}
	if generation, ok := workload.Int(w.Owner, "metadata", "generation"); ok {
		w.Owner = workload.With(w.Owner, generation, "status", "observedGeneration")
	}
	return w
}

// ownFirst lists the changes between two states of a workload, with the object that was waited for in front and as the purpose.
func ownFirst(of address, o object, before, after workload.Workload) []action.Change {
	own := action.Change{Target: of.target(), Before: o, After: after.Owner}
	before.Owner, after.Owner = nil, nil
	return append([]action.Change{own}, changes(workload.Diff(before, after))...)
}
