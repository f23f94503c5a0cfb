package controller

import (
	"crypto/sha256"
	"fmt"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

// A life is what the kubelet of its node knows of a pod, and how the scenario wants it to be.
type life struct {
	key        store.Key
	uid        string
	how        scenario.How
	manner     scenario.Manner
	containers []*container // the init containers first
	inits      int          // how many of them there are
	policy     string       // restartPolicy
	begun      bool         // the kubelet has taken it
	address    string
	since      string // when it was begun
	going      bool   // it is being stopped
	grace      int64
	due        bool // the scheduler tries it again and says so
}

// syncPod does what a change of a pod makes the scheduler or its kubelet do at once.
func (c *Controllers) syncPod(key store.Key, pod Object) {
	l := c.lifeOf(key, pod)
	switch {
	case workload.IsLeaving(pod):
		c.stop(l, pod)
	case workload.IsFinished(pod):
	case workload.Text(pod, "spec", "nodeName") == "":
		c.schedule(l, pod)
	case !l.begun:
		c.begin(l)
	}
}

func (c *Controllers) lifeOf(key store.Key, pod Object) *life {
	if l := c.lives[uidOf(pod)]; l != nil {
		return l
	}
	l := &life{key: key, uid: uidOf(pod), policy: workload.Text(pod, "spec", "restartPolicy")}
	for _, spec := range workload.Maps(pod, "spec", "initContainers") {
		l.containers = append(l.containers, newContainer(spec, true))
	}
	l.inits = len(l.containers)
	for _, spec := range workload.Maps(pod, "spec", "containers") {
		l.containers = append(l.containers, newContainer(spec, false))
	}
	c.behave(l, pod)
	c.lives[l.uid] = l
	return l
}

func containersOf(pod Object) []Object {
	return append(workload.Maps(pod, "spec", "initContainers"), workload.Maps(pod, "spec", "containers")...)
}

// forget drops what was planned for a pod that is no more.
func (c *Controllers) forget(uid string) {
	l := c.lives[uid]
	if l == nil {
		return
	}
	c.cancel(l)
	c.agenda.drop(uid, "schedule")
	c.agenda.drop(uid, "stopped")
	delete(c.lives, uid)
}

// cancel drops what was planned for the containers of a pod.
func (c *Controllers) cancel(l *life) {
	c.agenda.drop(l.uid, "start")
	for _, k := range l.containers {
		for _, what := range []string{"start ", "ready ", "end ", "sync ", "probe "} {
			c.agenda.drop(l.uid, what+k.name)
		}
	}
}

// later plans something for a container.
func (c *Controllers) later(l *life, k *container, what string, after time.Duration, do func()) {
	c.agenda.put(l.uid, what+" "+k.name, c.now().Add(after), do)
}

// begin is a kubelet that finds a new pod on its node.
func (c *Controllers) begin(l *life) {
	l.begun = true
	l.since = c.stamp()
	waits := "ContainerCreating"
	if l.inits > 0 {
		waits = "PodInitializing"
	}
	for _, k := range l.containers {
		k.state = waiting(waits, "")
	}
	c.show(l)
	c.startNext(l)
}

// startNext starts what comes after the init containers that are done: each of them takes its share of the time that the pod needs to
// start, and the others start together at the end of it.
func (c *Controllers) startNext(l *life) {
	share := l.starts() / time.Duration(l.inits+1)
	for _, k := range l.containers[:l.inits] {
		if k.done() {
			continue
		}
		if k.state["waiting"] != nil && !k.ran() {
			c.start(l, k)
		}
		return
	}
	after := share
	if l.inits == 0 {
		after = l.starts()
	}
	c.agenda.put(l.uid, "start", c.now().Add(after), func() {
		for _, k := range l.containers[l.inits:] {
			if !k.ran() {
				c.start(l, k)
			}
		}
	})
}

// show writes down a pod's status as its kubelet sees it.
func (c *Controllers) show(l *life) {
	pod := c.store.Get(l.key)
	if pod == nil || uidOf(pod) != l.uid {
		return
	}
	c.store.Update("pods", c.rendered(l, pod))
}

// pod is the object of a life, nil once it is gone.
func (c *Controllers) pod(l *life) Object {
	if pod := c.store.Get(l.key); pod != nil && uidOf(pod) == l.uid {
		return pod
	}
	return nil
}

// say records an event of a kubelet about a container, or about the whole pod if there is none.
func (c *Controllers) say(l *life, k *container, warning bool, reason, format string, args ...any) {
	pod := c.pod(l)
	if pod == nil {
		return
	}
	n := note{from: "kubelet", host: workload.Text(pod, "spec", "nodeName"), reason: reason, warning: warning}
	if k != nil {
		n.field = k.field()
	}
	c.tell(pod, n, format, args...)
}

// stop ends a pod that was deleted, when its containers have stopped or its grace is over.
func (c *Controllers) stop(l *life, pod Object) {
	grace, _ := workload.Int(pod, "metadata", "deletionGracePeriodSeconds")
	if !l.begun || grace == 0 || workload.IsFinished(pod) {
		c.stopped(l)
		return
	}
	if l.going && grace >= l.grace {
		return
	}
	if !l.going {
		c.cancel(l)
		for _, k := range l.containers {
			if k.state["running"] != nil {
				c.say(l, k, false, "Killing", "Stopping container %s", k.name)
			}
		}
	}
	l.going, l.grace = true, grace
	if l.how == scenario.Stuck {
		return
	}
	after := min(l.stops(), time.Duration(grace)*time.Second)
	if !l.running() {
		after = 0
	}
	c.agenda.put(l.uid, "stopped", c.now().Add(after), func() { c.stopped(l) })
}

func (l *life) running() bool {
	for _, k := range l.containers {
		if k.state["running"] != nil {
			return true
		}
	}
	return false
}

// stopped removes a pod whose containers have stopped; if something else holds it, it stays, finished.
func (c *Controllers) stopped(l *life) {
	pod := c.pod(l)
	if pod == nil {
		return
	}
	c.cancel(l)
	killed := l.stops() > time.Duration(l.grace)*time.Second
	for _, k := range l.containers {
		switch {
		case k.state["running"] == nil:
		case killed:
			k.end(c.now(), 137, "Error", "")
		default:
			k.end(c.now(), 0, "Completed", "")
		}
	}
	if l.begun && !workload.IsFinished(pod) {
		l.policy = "Never" // nothing starts again
		pod = c.store.Update("pods", c.rendered(l, pod))
	}
	if len(finalizers(pod)) == 0 {
		c.store.Delete(l.key)
		return
	}
	c.store.Update("pods", workload.With(pod, int64(0), "metadata", "deletionGracePeriodSeconds"))
}

// digest is a long hexadecimal number that follows from what it is for.
func digest(parts ...any) string {
	return fmt.Sprintf("%x", sha256.Sum256([]byte(fmt.Sprint(parts...))))
}
