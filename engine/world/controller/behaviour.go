package controller

import (
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

// behave says how a new pod behaves: as the first behaviour of the scenario says that fits it. Without one it is healthy, and a job's pod
// completes.
func (c *Controllers) behave(l *life, pod Object) {
	l.how, l.manner = scenario.Healthy, scenario.Manner{}
	if workload.Text(workload.Controller(pod), "kind") == "Job" {
		l.how = scenario.Completes
	}
	image := ""
	for _, b := range c.section.Behaviour {
		if fits(b, pod) {
			l.how, l.manner, image = b.Be, b.Manner, b.Image
			break
		}
	}
	if l.how == "" {
		l.how = scenario.Healthy
	}
	l.assign(image)
}

func fits(b scenario.Behaviour, pod Object) bool {
	if b.Namespace != "" && b.Namespace != namespaceOf(pod) || !matches(b.Pods, pod) {
		return false
	}
	if b.Image == "" {
		return true
	}
	for _, c := range containersOf(pod) {
		if glob(b.Image, workload.Text(c, "image")) {
			return true
		}
	}
	return false
}

// matches tells whether a written label selector takes the pod. The loader of scenarios has refused one that cannot be read.
func matches(selector string, pod Object) bool {
	s, err := labels.Parse(selector)
	return err == nil && s.Matches(labelsOf(pod))
}

// glob compares with a pattern in which * stands for anything.
func glob(pattern, s string) bool {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] != '*' {
			if i >= len(s) || s[i] != pattern[i] {
				return false
			}
			continue
		}
		for rest := i; rest <= len(s); rest++ {
			if glob(pattern[i+1:], s[rest:]) {
				return true
			}
		}
		return false
	}
	return len(s) == len(pattern)
}

// assign says which containers of the pod behave in its way; the others are healthy. They are those with such an image; without a
// pattern all of them end, if the pod ends by itself, and otherwise it is the first that goes wrong.
func (l *life) assign(image string) {
	for i, c := range l.containers {
		concerned := image == "" && i == l.inits || image != "" && glob(image, c.image)
		if image == "" && !c.init && (l.how == scenario.Completes || l.how == scenario.Fails) {
			concerned = true
		}
		c.how = scenario.Healthy
		if concerned {
			c.how = l.how
		}
	}
}

// ends tells whether a container of that behaviour ends by itself.
func (c *container) ends() bool {
	switch c.how {
	case scenario.CrashLoop, scenario.OOM, scenario.Completes, scenario.Fails:
		return true
	}
	return false
}

func or(d, usual time.Duration) time.Duration {
	if d == 0 {
		return usual
	}
	return d
}

func (l *life) starts() time.Duration { return or(l.manner.Starts, 2*time.Second) }
func (l *life) ready() time.Duration  { return or(l.manner.Ready, time.Second) }
func (l *life) runs() time.Duration   { return or(l.manner.Runs, 5*time.Second) }
func (l *life) stops() time.Duration  { return or(l.manner.Stops, time.Second) }

// exit is how a container of this pod ends that behaves so.
func (l *life) exit(how scenario.How) (code int64, reason string) {
	code = 1
	if l.manner.ExitCode != 0 {
		code = int64(l.manner.ExitCode)
	}
	switch how {
	case scenario.OOM:
		return 137, "OOMKilled"
	case scenario.CrashLoop, scenario.Fails:
		return code, "Error"
	}
	return 0, "Completed"
}
