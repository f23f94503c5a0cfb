package controller

import (
	"fmt"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// patience is how often React looks at one object before it gives up: controllers that take so many steps at one instant
// undo each other's work.
const patience = 1000

// A worklist holds what has to be looked at, each object once, in the order in which it was first put down.
type worklist struct {
	keys   []store.Key
	listed map[store.Key]bool
}

func (w *worklist) add(key store.Key) {
	if w.listed == nil {
		w.listed = map[store.Key]bool{}
	}
	if !w.listed[key] {
		w.listed[key] = true
		w.keys = append(w.keys, key)
	}
}

func (w *worklist) take() (store.Key, bool) {
	if len(w.keys) == 0 {
		w.keys = nil
		return store.Key{}, false
	}
	key := w.keys[0]
	w.keys = w.keys[1:]
	delete(w.listed, key)
	return key, true
}

// React lets the controllers do whatever follows at once from what was changed, until nothing changes any more.
func (c *Controllers) React() {
	looked := map[store.Key]int{}
	for {
		key, more := c.work.take()
		if !more {
			return
		}
		if looked[key]++; looked[key] > patience {
			panic(fmt.Sprintf("the simulated controllers do not come to rest at %s: %s %s/%s was looked at %d times, and is now %v",
				c.stamp(), key.Resource, key.Namespace, key.Name, patience, c.store.Get(key)))
		}
		c.sync(key)
	}
}

func (c *Controllers) sync(key store.Key) {
	o := c.store.Get(key)
	if o == nil || c.collect(key, o) {
		return
	}
	if sync := c.syncs[key.Resource]; sync != nil {
		sync(key, o)
	}
}

// noticed puts down who has to look at a change: the object's own controller, the one of its owner, and those who select it.
func (c *Controllers) noticed(e store.Event) {
	if e.Key.Resource == "events" {
		return
	}
	c.index.update(e)
	if e.Type != store.Deleted {
		c.work.add(e.Key)
	} else {
		c.gone(e)
	}
	for _, o := range []Object{e.Before, e.Object} {
		if owner, known := c.index.byUID[workload.ControllerUID(o)]; known {
			c.work.add(owner)
		}
	}
	switch e.Key.Resource {
	case "pods":
		c.podChanged(e)
	case "nodes":
		c.nodeChanged()
	}
}

// gone puts down who cares that an object is no more: what it owned, who waited for it, and the namespace that is being emptied.
func (c *Controllers) gone(e store.Event) {
	for _, key := range c.index.childrenOf(uidOf(e.Object)) {
		c.work.add(key)
	}
	for _, ref := range workload.Maps(e.Object, "metadata", "ownerReferences") {
		if owner, known := c.index.byUID[workload.Text(ref, "uid")]; known {
			c.work.add(owner)
		}
	}
	if e.Key.Resource == "services" {
		c.store.Delete(store.Key{Resource: "endpoints", Namespace: e.Key.Namespace, Name: e.Key.Name})
	}
	if c.isTerminating(e.Key.Namespace) {
		c.work.add(store.Key{Resource: "namespaces", Name: e.Key.Namespace})
	}
}

func (c *Controllers) podChanged(e store.Event) {
	if e.Type == store.Deleted {
		c.forget(uidOf(e.Object))
		c.nodeChanged() // there is room again
	}
	for _, resource := range []string{"services", budgets} {
		for _, key := range c.index.all(resource, e.Key.Namespace) {
			if selects(c.store.Get(key), e.Object) || e.Before != nil && selects(c.store.Get(key), e.Before) {
				c.work.add(key)
			}
		}
	}
	if workload.Controller(e.Object) == nil && (e.Before == nil || workload.Controller(e.Before) != nil) {
		c.seekOwner(e.Key.Namespace, "replicasets.apps", "replicationcontrollers", "statefulsets.apps", "daemonsets.apps")
	}
}

// nodeChanged lets the scheduler try pods again that no node took, and daemon sets look for nodes.
func (c *Controllers) nodeChanged() {
	for _, key := range c.index.waiting() {
		c.work.add(key)
	}
	for _, key := range c.index.all("daemonsets.apps", "") {
		c.work.add(key)
	}
}

// seekOwner lets the controllers of a namespace look for something without a controller that they may adopt.
func (c *Controllers) seekOwner(namespace string, resources ...string) {
	for _, resource := range resources {
		for _, key := range c.index.all(resource, namespace) {
			c.work.add(key)
		}
	}
}
