// Package controller is what makes a simulated cluster live: what the controllers, the scheduler, the kubelets and the garbage collector
// of Kubernetes do, over virtual time, to the objects of engine/world/store.
//
// It is a discrete-event simulation without goroutines. React does at once what takes no time in this world: bookkeeping, which goes
// on until nothing changes any more. What takes time (starting, becoming ready, back-off, going away) is put on an agenda, and Advance
// does it when it is due. The arithmetic that a dry run shares (sizes, counts, conditions, who goes first) is engine/workload's; here are
// time, names, events, and how pods behave according to scenario.Behaviour. It knows no HTTP and decides nothing that an API server
// decides; nothing here is random, reads a clock or locks anything. Read next: react.go, then deployment.go, then kubelet.go.
package controller

import (
	"fmt"
	"time"

	"runbook/engine/workload"
	"runbook/engine/world/scenario"
	"runbook/engine/world/store"
)

// An Object is one Kubernetes object as decoded JSON.
type Object = workload.Object

// Controllers are those of one simulated cluster.
type Controllers struct {
	store   *store.Store
	section *scenario.Kubernetes
	agenda  agenda
	work    worklist
	index   index
	lives   map[string]*life // of pods, by uid
	notes   recorder
	made    map[string]int // how many names were made for an owner, by its uid
	hosts   int            // how many nodes were seen
	sandbox int            // how many pods ever got an address
	syncs   map[string]func(store.Key, Object)
}

// New makes the controllers of a cluster and lets them notice every change of its store from now on. A cluster whose scenario names no
// node gets three.
func New(s *store.Store, k *scenario.Kubernetes) *Controllers {
	c := &Controllers{store: s, section: k, index: newIndex(), lives: map[string]*life{}, notes: newRecorder(), made: map[string]int{}}
	c.syncs = map[string]func(store.Key, Object){
		"deployments.apps": c.syncDeployment, "replicasets.apps": c.syncReplicas, "replicationcontrollers": c.syncReplicas,
		"statefulsets.apps": c.syncStatefulSet, "daemonsets.apps": c.syncDaemonSet, "jobs.batch": c.syncJob, "cronjobs.batch": c.syncCronJob,
		"pods": c.syncPod, "nodes": c.syncNode, "namespaces": c.syncNamespace, "services": c.syncService, budgets: c.syncBudget,
	}
	s.OnChange(c.noticed)
	c.provideNodes()
	return c
}

// Advance does everything that is due up to a time, in order, each at its own time.
func (c *Controllers) Advance(to time.Time) {
	c.React()
	rounds := 0 // at one instant
	for {
		at, due := c.agenda.next()
		if !due || at.After(to) {
			break
		}
		if rounds++; at.After(c.now()) {
			rounds = 0
		} else if rounds > patience {
			panic(fmt.Sprintf("the simulated cluster does not get beyond %s: its agenda goes on with %v", c.stamp(), c.agenda.queue.Next().What.entry))
		}
		c.store.SetNow(at)
		for _, do := range c.agenda.take(at) {
			do()
		}
		c.React()
	}
	c.store.SetNow(to)
}

// Next is when the next thing is due, if anything is.
func (c *Controllers) Next() (time.Time, bool) { return c.agenda.next() }

func (c *Controllers) now() time.Time { return c.store.Now() }

// stamp is the present as Kubernetes writes it.
func (c *Controllers) stamp() string { return stampOf(c.now()) }

func stampOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func nameOf(o Object) string      { return workload.Text(o, "metadata", "name") }
func namespaceOf(o Object) string { return workload.Text(o, "metadata", "namespace") }
func uidOf(o Object) string       { return workload.Text(o, "metadata", "uid") }
