package kubernetes

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/bindings/kubernetes/printers"
	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/workload"
)

var unreadyFor = module.Param{
	Name: "unready_for", Kind: module.Duration, Default: 5 * time.Minute,
	Doc: "how long a pod may take to get a node, to start, to become ready, and to go away once its grace period is over",
}

func (b *binding) troubleFunc() module.Func {
	return module.Func{
		Name: "trouble",
		Doc: `Says what is the matter with a pod; nil if nothing is.

The result is { reason, text, message, container, since, restarts, last_exit }:

- reason: one word. What kubectl shows as STATUS where that is a failure (CrashLoopBackOff, ImagePullBackOff, ErrImagePull,
  InvalidImageName, CreateContainerConfigError, CreateContainerError, RunContainerError, OOMKilled, Error, ExitCode:3, Init:Error, Evicted,
  Failed, Unknown); else Unschedulable, SchedulingGated, Pending, ContainerCreating, Init:0/2 or NotReady for a pod that has been so
  for longer than unready_for, and Terminating for one that should have been gone that long ago
- text: a line for people: "OOMKilled 6 times, last 2m ago", "Unschedulable: 0/3 nodes are available: 3 Insufficient memory."
- message: what the cluster says about it; "" if nothing
- container: the one that is in trouble; nil where it is the pod
- since: since when, as "2026-11-24T03:00:00Z"; nil if that is not known
- restarts: of all containers
- last_exit: how that container last ended: { reason, exit_code, signal, finished_at }; nil if it has not`,
		Params: []module.Param{
			{Name: "pod", Kind: module.Object, Required: true, Doc: "a pod that came from the cluster"},
			{Name: "options", Kind: module.Object, Doc: "what counts", Fields: []module.Param{unreadyFor}},
		},
		Returns: module.Result{Type: "table?", Doc: "what is the matter, see above; nil if nothing is"},
		Examples: []string{
			`for _, pod in ipairs(kubernetes.list("pods")) do
  local trouble = kubernetes.trouble(pod)
  if trouble then log({ pod.metadata.name, trouble.text }) end
end`,
		},
		Pure: func(ctx context.Context, args module.Args) (any, error) {
			pod, err := podOf(args["pod"])
			if err != nil {
				return nil, err
			}
			if pod == nil {
				return nil, action.Errorf(action.CodeInvalid, "kubernetes.trouble: this is no pod")
			}
			bound, _ := args.Duration("unready_for")
			t := troubleOf(pod, bound, b.now(ctx))
			if t == nil {
				return nil, nil
			}
			return t.value(), nil
		},
	}
}

// podOf is a value from Lua as a pod, nil if it is something else.
func podOf(v any) (object, error) {
	raw, err := rawObject(v)
	if err != nil || raw == nil {
		return nil, err
	}
	pod, err := glance(raw)
	if err != nil || workload.Text(pod, "kind") != "Pod" {
		return nil, nil
	}
	return pod, nil
}

// A trouble is what is the matter with a pod.
type trouble struct {
	reason, text, message string
	container             string // empty where it is the pod
	since                 time.Time
	restarts              int64
	exit                  object // how the container last ended; nil if it has not
	curable               bool   // another pod in its stead may do better
}

func (t *trouble) value() map[string]any {
	out := map[string]any{"reason": t.reason, "text": t.text, "message": t.message, "restarts": t.restarts}
	if t.container != "" {
		out["container"] = t.container
	}
	if !t.since.IsZero() {
		out["since"] = t.since.UTC().Format(time.RFC3339)
	}
	if t.exit != nil {
		code, _ := workload.Int(t.exit, "exitCode")
		last := map[string]any{"reason": printers.Outcome(t.exit), "exit_code": code, "finished_at": workload.Text(t.exit, "finishedAt")}
		if signal, ok := workload.Int(t.exit, "signal"); ok && signal != 0 {
			last["signal"] = signal
		}
		out["last_exit"] = last
	}
	return out
}

// fine are the statuses of pods that work, have finished, or are on their way. Every other one is a failure that has a name.
var fine = []string{
	"Running", "Pending", "Succeeded", "Completed", "Terminating", "ContainerCreating", "PodInitializing", "SchedulingGated", "NotReady",
}

// troubleOf is nil for a pod that works, has finished, or has not been on its way for longer than bound.
func troubleOf(pod object, bound time.Duration, now time.Time) *trouble {
	summary := printers.PodStatus(pod)
	t := &trouble{reason: summary.Status, restarts: summary.Restarts, curable: true}
	switch {
	case t.reason == "Completed" || t.reason == "Succeeded":
		return nil
	case t.reason == "Terminating":
		return t.leaving(pod, bound, now)
	case !slices.Contains(fine, t.reason) && !isInitProgress(t.reason):
		return t.failed(pod, now)
	case workload.Text(pod, "spec", "nodeName") == "":
		return t.unscheduled(pod, bound, now)
	case !workload.IsReady(pod):
		return t.unready(pod, bound, now)
	}
	return nil
}

// isInitProgress tells Init:1/3 and Init:PodInitializing from a failure such as Init:Error.
func isInitProgress(status string) bool {
	rest, ok := strings.CutPrefix(status, "Init:")
	return ok && (strings.Contains(rest, "/") || rest == "ContainerCreating")
}

// failed is a failure that has a name: of the container that it is about, or of the pod.
func (t *trouble) failed(pod object, now time.Time) *trouble {
	t.message = workload.Text(pod, "status", "message")
	c := t.culprit(pod)
	if c == nil {
		t.text = withMessage(t.reason, t.message)
		return t
	}
	t.container = workload.Text(c, "name")
	t.exit = workload.Map(c, "state", "terminated")
	if t.exit == nil {
		t.exit = workload.Map(c, "lastState", "terminated")
	}
	t.message = cmp.Or(cmp.Or(workload.Text(c, "state", "waiting", "message"), workload.Text(c, "state", "terminated", "message")), t.message)
	if t.exit == nil {
		t.text = withMessage(t.reason, t.message)
		return t
	}
	t.since = workload.Time(t.exit, "finishedAt")
	t.text = exitText(t.exit, c, now)
	return t
}

// culprit is the status of the container whose state the pod's status is taken from; nil if it is that of none.
func (t *trouble) culprit(pod object) object {
	status := strings.TrimPrefix(t.reason, "Init:")
	for _, field := range []string{"initContainerStatuses", "containerStatuses"} {
		for _, c := range workload.Maps(pod, "status", field) {
			ended := workload.Map(c, "state", "terminated")
			if workload.Text(c, "state", "waiting", "reason") == status || ended != nil && printers.Outcome(ended) == status {
				return c
			}
		}
	}
	return nil
}

// exitText says how a container ended, how often, and how long ago the last time was.
func exitText(exit, container object, now time.Time) string {
	text := printers.Outcome(exit)
	if code, _ := workload.Int(exit, "exitCode"); text == "Error" {
		text = fmt.Sprintf("exited with %d", code)
	}
	n, _ := workload.Int(container, "restartCount")
	if workload.Map(container, "state", "terminated") != nil {
		n++
	}
	ago := ""
	if at := workload.Time(exit, "finishedAt"); !at.IsZero() {
		ago = duration.HumanDuration(now.Sub(at)) + " ago"
	}
	switch {
	case n > 1 && ago != "":
		return fmt.Sprintf("%s %d times, last %s", restartsOf(text), n, ago)
	case n > 1:
		return fmt.Sprintf("%s %d times", restartsOf(text), n)
	}
	return strings.TrimSpace(text + " " + ago)
}

// restartsOf puts a comma where "exited with 1 6 times" would be hard to read.
func restartsOf(text string) string {
	if strings.HasPrefix(text, "exited with") {
		return text + ","
	}
	return text
}

// unscheduled is a pod that waits for a node. Another one in its stead would wait, too.
func (t *trouble) unscheduled(pod object, bound time.Duration, now time.Time) *trouble {
	scheduled := workload.Condition(pod, "PodScheduled")
	t.since = workload.Time(pod, "metadata", "creationTimestamp")
	if now.Sub(t.since) <= bound {
		return nil
	}
	t.curable = false
	t.reason = cmp.Or(workload.Text(scheduled, "reason"), t.reason)
	t.message = workload.Text(scheduled, "message")
	t.text = withMessage(t.reason, t.message)
	return t
}

// unready is a pod that has a node, and does not start or become ready.
func (t *trouble) unready(pod object, bound time.Duration, now time.Time) *trouble {
	condition := workload.Condition(pod, "Ready")
	t.since, t.message = workload.Time(condition, "lastTransitionTime"), workload.Text(condition, "message")
	if t.since.IsZero() {
		t.since = workload.Time(pod, "metadata", "creationTimestamp")
	}
	if now.Sub(t.since) <= bound { // one that has served for days may miss a probe
		return nil
	}
	if t.reason == "Running" {
		t.reason = "NotReady"
	}
	t.text = withMessage(fmt.Sprintf("%s for %s", t.reason, duration.HumanDuration(now.Sub(t.since))), t.message)
	return t
}

// leaving is a pod that should have been gone. What holds it is a node that does not answer, or a finalizer.
func (t *trouble) leaving(pod object, bound time.Duration, now time.Time) *trouble {
	t.since = workload.Time(pod, "metadata", "deletionTimestamp") // when its grace period ends
	if now.Sub(t.since) <= bound {
		return nil
	}
	t.curable = false
	if holders := workload.Texts(pod, "metadata", "finalizers"); len(holders) > 0 {
		t.message = "held by " + strings.Join(holders, ", ")
	}
	t.text = withMessage(fmt.Sprintf("Terminating, should have been gone %s ago", duration.HumanDuration(now.Sub(t.since))), t.message)
	return t
}

func withMessage(text, message string) string {
	if message == "" {
		return text
	}
	return text + ": " + strings.Join(strings.Fields(message), " ")
}
