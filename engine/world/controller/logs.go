package controller

import (
	"fmt"
	"strings"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

// A Line is one line of a container's log.
type Line = struct {
	Time time.Time
	Text string
}

// between is the time between two lines of a log, unless the run is too short for it.
const between = 200 * time.Millisecond

// Logs are the lines that a container has written in its present or last run, or in the one before that. Which container is meant may be
// left out for a pod that has only one, or says which is its default. The errors read as the API server's.
func (c *Controllers) Logs(pod Object, name string, previous bool) ([]Line, error) {
	l := c.lives[uidOf(pod)]
	if l == nil || !l.begun {
		return nil, fmt.Errorf("pod %s does not have a host assigned", nameOf(pod))
	}
	k, err := l.container(pod, name)
	if err != nil {
		return nil, err
	}
	r, err := k.runToShow(nameOf(pod), previous)
	if err != nil {
		return nil, err
	}
	return c.lines(l, k, r), nil
}

func (l *life) container(pod Object, name string) (*container, error) {
	main := l.containers[l.inits:]
	if name == "" {
		name = workload.Text(pod, "metadata", "annotations", "kubectl.kubernetes.io/default-container")
	}
	if name == "" && len(main) == 1 {
		return main[0], nil
	}
	if name == "" {
		return nil, fmt.Errorf("a container name must be specified for pod %s, choose one of: [%s]%s", nameOf(pod), namesOf(main), l.initNames())
	}
	for _, k := range l.containers {
		if k.name == name {
			return k, nil
		}
	}
	return nil, fmt.Errorf("container %s is not valid for pod %s", name, nameOf(pod))
}

func (l *life) initNames() string {
	if l.inits == 0 {
		return ""
	}
	return " or one of the init containers: [" + namesOf(l.containers[:l.inits]) + "]"
}

func namesOf(containers []*container) string {
	names := make([]string, len(containers))
	for i, k := range containers {
		names[i] = k.name
	}
	return strings.Join(names, " ")
}

func (k *container) runToShow(pod string, previous bool) (run, error) {
	last := len(k.runs) - 1
	switch {
	case previous && (last < 0 || last < 1 && k.runs[last].to.IsZero() || k.restarts == 0 && k.last == nil):
		return run{}, fmt.Errorf("previous terminated container %q in pod %q not found", k.name, pod)
	case previous && k.state["waiting"] == nil:
		return k.runs[last-1], nil
	case last >= 0:
		return k.runs[last], nil
	}
	reason := workload.Text(k.state, "waiting", "reason")
	if reason == "ErrImagePull" || reason == "ImagePullBackOff" {
		return run{}, fmt.Errorf("container %q in pod %q is waiting to start: trying and failing to pull image", k.name, pod)
	}
	return run{}, fmt.Errorf("container %q in pod %q is waiting to start: %s", k.name, pod, reason)
}

// lines are what a run has written up to now. The last line of a run that has ended is written when it ends.
func (c *Controllers) lines(l *life, k *container, r run) []Line {
	texts := c.texts(l, k, r)
	step, end := between, c.now()
	if !r.to.IsZero() {
		end = r.to
		if n := len(texts) - 1; n > 0 {
			step = min(step, end.Sub(r.from)/time.Duration(n))
		}
	}
	var out []Line
	for i, text := range texts {
		at := r.from.Add(time.Duration(i) * step)
		if i == len(texts)-1 && !r.to.IsZero() {
			at = r.to
		}
		if at.After(end) {
			break
		}
		text = strings.ReplaceAll(text, "{time}", stampOf(at))
		out = append(out, Line{at, strings.ReplaceAll(text, "{pod}", l.key.Name)})
	}
	return out
}

func (c *Controllers) texts(l *life, k *container, r run) []string {
	if logs := strings.TrimRight(l.manner.Logs, "\n"); logs != "" && (k.how == l.how || k == l.containers[l.inits]) {
		return strings.Split(logs, "\n")
	}
	out := []string{fmt.Sprintf("{time} INFO starting %s (%s)", k.name, k.image)}
	if r.to.IsZero() {
		return append(out, "{time} INFO "+k.name+" is running")
	}
	why := l.manner.Message
	switch k.how {
	case scenario.OOM:
		return append(out, "{time} INFO "+k.name+" is loading its working set")
	case scenario.CrashLoop, scenario.Fails:
		code, _ := l.exit(k.how)
		if why == "" {
			why = "cannot go on"
		}
		return append(out, fmt.Sprintf("{time} FATAL %s: exiting with code %d", why, code))
	}
	return append(out, "{time} INFO "+k.name+" is done")
}
