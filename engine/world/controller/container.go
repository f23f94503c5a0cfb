package controller

import (
	"fmt"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
)

// The kubelet's restart back-off: the first restart comes at once.
const (
	firstDelay = 10 * time.Second
	mostDelay  = 5 * time.Minute
)

// pause is how long a kubelet takes to notice that a container has ended.
const pause = time.Second

// A container is one of a pod's, in all its runs.
type container struct {
	name, image    string
	init, sidecar  bool
	probed         bool // has a readiness probe
	startup        bool // has a startup probe
	always         bool // its image is pulled for each start
	how            scenario.How
	state, last    Object // as the status shows them
	ready, started bool
	restarts       int64
	delay          time.Duration // before the next restart
	delayed        time.Time     // when it was last made longer
	pull           time.Duration // before the next try to pull its image
	probes         int           // of readiness, that failed in this run
	runs           []run
}

// A run is one start of a container.
type run struct {
	id       string
	from, to time.Time // to is zero while it runs
}

func newContainer(spec Object, init bool) *container {
	image := workload.Text(spec, "image")
	return &container{
		name: workload.Text(spec, "name"), image: image, init: init,
		sidecar: init && spec["restartPolicy"] == "Always",
		probed:  spec["readinessProbe"] != nil, startup: spec["startupProbe"] != nil,
		always: spec["imagePullPolicy"] == "Always",
	}
}

func waiting(reason, message string) Object {
	inner := Object{"reason": reason}
	if message != "" {
		inner["message"] = message
	}
	return Object{"waiting": inner}
}

func (k *container) ran() bool { return len(k.runs) > 0 }

func (k *container) succeeded() bool {
	code, ended := workload.Int(k.state, "terminated", "exitCode")
	return ended && code == 0
}

// field is how an event names the container.
func (k *container) field() string {
	if k.init {
		return "spec.initContainers{" + k.name + "}"
	}
	return "spec.containers{" + k.name + "}"
}

// start starts a container, unless its image is not to be had.
func (c *Controllers) start(l *life, k *container) {
	if k.how == scenario.BadImage {
		c.pullFails(l, k)
		return
	}
	c.pulled(l, k)
	if k.ran() {
		k.restarts++
	}
	k.probes = 0
	k.runs = append(k.runs, run{id: "containerd://" + digest(l.uid, k.name, len(k.runs)), from: c.now()})
	k.state = Object{"running": Object{"startedAt": c.stamp()}}
	k.ready, k.started = false, !k.startup
	if l.address == "" {
		c.sandbox++
		l.address = fmt.Sprintf("10.%d.%d.%d", 244+c.sandbox/62500, c.sandbox/250%250, c.sandbox%250+2)
	}
	c.say(l, k, false, "Created", "Container created")
	c.say(l, k, false, "Started", "Container started")
	c.plan(l, k)
	c.show(l)
	if k.sidecar {
		c.startNext(l)
	}
}

// plan puts down what a container that has just started will do.
func (c *Controllers) plan(l *life, k *container) {
	switch {
	case k.init && !k.sidecar && !k.ends():
		c.later(l, k, "end", l.starts()/time.Duration(l.inits+1), func() { c.ended(l, k, 0, "Completed") })
		return
	case k.ends():
		code, reason := l.exit(k.how)
		c.later(l, k, "end", l.runs(), func() { c.ended(l, k, code, reason) })
	case k.how == scenario.NeverReady:
		c.later(l, k, "probe", l.ready(), func() { c.probe(l, k) })
	}
	if c.comesReady(l, k) {
		c.later(l, k, "ready", l.ready(), func() { c.becomesReady(l, k) })
	}
}

// comesReady tells whether a container becomes ready in its run. One that goes wrong does so only if the scenario says after how long:
// it fails while it starts.
func (c *Controllers) comesReady(l *life, k *container) bool {
	switch k.how {
	case scenario.NeverReady:
		return false
	case scenario.CrashLoop, scenario.OOM, scenario.Fails:
		return l.manner.Ready != 0 && l.manner.Ready < l.runs()
	}
	return true
}

func (c *Controllers) becomesReady(l *life, k *container) {
	k.ready, k.started = true, true
	c.show(l)
}

// probe is a readiness probe that fails, and those that follow: as often as it is asked for, as long as its events are not held back.
func (c *Controllers) probe(l *life, k *container) {
	text := l.manner.Message
	if text == "" {
		text = "HTTP probe failed with statuscode: 503"
	}
	c.say(l, k, true, "Unhealthy", "Readiness probe failed: %s", text)
	k.probes++
	next := 10 * time.Second
	if k.probes >= burst {
		next = refill
	}
	k.started = true
	c.later(l, k, "probe", next, func() { c.probe(l, k) })
	c.show(l)
}

// ended is a container whose process has ended, as its kubelet sees it first.
func (c *Controllers) ended(l *life, k *container, code int64, reason string) {
	for _, what := range []string{"ready ", "end ", "probe "} {
		c.agenda.drop(l.uid, what+k.name)
	}
	message := ""
	if code != 0 {
		message = l.manner.Message
	}
	k.end(c.now(), code, reason, message)
	restarts := l.restarts(k, code)
	c.show(l)
	switch {
	case restarts:
		c.later(l, k, "sync", pause, func() { c.restart(l, k) })
	case k.init:
		c.startNext(l)
	}
}

func (k *container) end(now time.Time, code int64, reason, message string) {
	r := &k.runs[len(k.runs)-1]
	r.to = now
	ended := Object{
		"exitCode": code, "reason": reason, "containerID": r.id, "startedAt": stampOf(r.from), "finishedAt": stampOf(now),
	}
	if message != "" {
		ended["message"] = message
	}
	k.state = Object{"terminated": ended}
	k.ready = false
	k.started = false
}

// restarts tells whether a container is started again after it has ended with that code.
func (l *life) restarts(k *container, code int64) bool {
	switch {
	case k.sidecar:
		return true
	case l.policy == "Never":
		return false
	case l.policy == "OnFailure" || k.init:
		return code != 0
	}
	return true
}

// restart starts a container again that has ended, or holds it back if it did so before.
func (c *Controllers) restart(l *life, k *container) {
	finished := k.runs[len(k.runs)-1].to
	recovered := finished.Sub(k.delayed) > 2*mostDelay
	if k.delay == 0 || recovered {
		k.delay, k.delayed = firstDelay, c.now()
		k.last = k.state
		c.start(l, k)
		return
	}
	pod := fmt.Sprintf("%s_%s(%s)", l.key.Name, l.key.Namespace, l.uid)
	k.last = k.state
	k.state = waiting("CrashLoopBackOff", fmt.Sprintf("back-off %s restarting failed container=%s pod=%s", k.delay, k.name, pod))
	c.say(l, k, true, "BackOff", "Back-off restarting failed container %s in pod %s", k.name, pod)
	c.show(l)
	c.later(l, k, "start", finished.Add(k.delay).Sub(c.now()), func() {
		k.delay, k.delayed = min(2*k.delay, mostDelay), c.now()
		c.start(l, k)
	})
}
