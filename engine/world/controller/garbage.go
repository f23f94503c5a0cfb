package controller

import (
	"slices"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// The finalizers by which a deletion says what becomes of what the object owns.
const (
	foreground = "foregroundDeletion"
	orphan     = "orphan"
)

// collect is the garbage collector: it removes what belongs to nothing any more, and ends deletions that wait for what the object
// owns. It tells whether the object was changed or removed.
func (c *Controllers) collect(key store.Key, o Object) bool {
	if workload.IsLeaving(o) && c.finish(key, o) {
		return true
	}
	if key.Resource == "pods" && workload.IsLeaving(o) {
		return false
	}
	refs := workload.Maps(o, "metadata", "ownerReferences")
	var kept []any
	waited := false
	for _, ref := range refs {
		owner, known := c.index.byUID[workload.Text(ref, "uid")]
		if !known {
			continue
		}
		kept = append(kept, ref)
		above := c.store.Get(owner)
		waited = waited || workload.IsLeaving(above) && slices.Contains(finalizers(above), any(foreground))
	}
	switch {
	case len(refs) == 0 || len(kept) == len(refs) && !waited:
		return false
	case len(kept) == 0:
		c.remove(key, o)
		return !workload.IsLeaving(o)
	case waited && len(kept) == 1:
		return c.removeFirst(key, o)
	case len(kept) == len(refs):
		return false
	}
	c.store.Update(key.Resource, workload.With(o, kept, "metadata", "ownerReferences"))
	return true
}

// removeFirst deletes an object whose owner waits for that; it waits in turn for what it owns itself.
func (c *Controllers) removeFirst(key store.Key, o Object) bool {
	if workload.IsLeaving(o) {
		return false
	}
	if key.Resource != "pods" && len(c.index.childrenOf(uidOf(o))) > 0 {
		o = workload.With(o, append(slices.Clone(finalizers(o)), foreground), "metadata", "finalizers")
	}
	c.remove(key, o)
	return true
}

// finish goes on with a deletion that waits for what the object owns.
func (c *Controllers) finish(key store.Key, o Object) bool {
	children := c.index.childrenOf(uidOf(o))
	switch {
	case slices.Contains(finalizers(o), any(orphan)):
		for _, child := range children {
			c.disown(child, uidOf(o))
		}
		c.without(key, o, orphan)
		return true
	case slices.Contains(finalizers(o), any(foreground)):
		for _, child := range children {
			c.work.add(child)
		}
		if len(children) == 0 {
			c.without(key, o, foreground)
			return true
		}
	case len(finalizers(o)) == 0 && key.Resource != "pods" && key.Resource != "namespaces":
		c.store.Delete(key)
		return true
	}
	return false
}

// without takes a finalizer from an object that was deleted; with the last one the object goes, unless a kubelet has to stop it.
func (c *Controllers) without(key store.Key, o Object, finalizer string) {
	left := slices.DeleteFunc(slices.Clone(finalizers(o)), func(f any) bool { return f == finalizer })
	grace, _ := workload.Int(o, "metadata", "deletionGracePeriodSeconds")
	switch {
	case len(left) > 0:
		c.store.Update(key.Resource, workload.With(o, left, "metadata", "finalizers"))
	case key.Resource == "pods" && grace > 0:
		c.store.Update(key.Resource, workload.With(o, nil, "metadata", "finalizers"))
	default:
		c.store.Delete(key)
	}
}

func (c *Controllers) disown(key store.Key, owner string) {
	o := c.store.Get(key)
	var kept []any
	for _, ref := range workload.Maps(o, "metadata", "ownerReferences") {
		if ref["uid"] != owner {
			kept = append(kept, ref)
		}
	}
	if len(kept) == 0 {
		c.store.Update(key.Resource, workload.With(o, nil, "metadata", "ownerReferences"))
		return
	}
	c.store.Update(key.Resource, workload.With(o, kept, "metadata", "ownerReferences"))
}
