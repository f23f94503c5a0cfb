package cluster

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"runbook/engine/workload"
	"runbook/engine/world/store"
)

// The ways in which what an object owns goes with it.
const (
	background = metav1.DeletePropagationBackground
	foreground = metav1.DeletePropagationForeground
	orphan     = metav1.DeletePropagationOrphan
)

// lasting are the namespaces without which there is no cluster.
var lasting = []string{"default", "kube-public", "kube-system"}

// delete answers with a Status for what is gone, and with the object for what is on its way; for some kinds always with the object.
func (c *Cluster) delete(q *request) (answer, error) {
	d, err := q.deletion()
	if err != nil {
		return answer{}, err
	}
	last, gone, err := c.removeKnown(q.kind, q.key(), d)
	if err != nil {
		return answer{}, err
	}
	if !gone || q.kind.is(returnedTrait) {
		return q.found(http.StatusOK, last), nil
	}
	return answer{code: http.StatusOK, object: metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}, Status: metav1.StatusSuccess,
		Details: &metav1.StatusDetails{
			Name: q.call.Name, Group: q.kind.group, Kind: q.kind.resource, UID: types.UID(uidOf(last)),
		},
	}}, nil
}

// remove deletes an object, or marks it for who has to do something first.
func (c *Cluster) remove(k *kind, key store.Key, d deletion) (Object, error) {
	last, _, err := c.removeKnown(k, key, d)
	return last, err
}

func (c *Cluster) removeKnown(k *kind, key store.Key, d deletion) (last Object, gone bool, err error) {
	live := c.store.Get(key)
	if live == nil {
		return nil, false, apierrors.NewNotFound(k.groupResource(), key.Name)
	}
	if k.canonical() == "namespaces" && slices.Contains(lasting, key.Name) {
		return nil, false, apierrors.NewForbidden(k.groupResource(), key.Name, errors.New("this namespace may not be deleted"))
	}
	if err := k.stillMeant(live, d); err != nil {
		return nil, false, err
	}
	marked, gone := k.marked(live, d, c.store.Now())
	if d.dryRun {
		return marked, gone, nil
	}
	last = c.store.Update(k.canonical(), marked)
	if gone {
		last = c.store.Delete(key)
	}
	if gone || !workload.Equal(live, last) {
		c.written(k, key)
	}
	return last, gone, nil
}

func (k *kind) stillMeant(live Object, d deletion) error {
	gr := schema.GroupResource{Group: k.group, Resource: k.name} // the server says the kind here
	if uid := uidOf(live); d.uid != "" && d.uid != uid {
		return apierrors.NewConflict(gr, nameOf(live), fmt.Errorf("the UID in the precondition (%s) does not match the UID in record (%s). "+
			"The object might have been deleted and then recreated", d.uid, uid))
	}
	if version := workload.Text(live, "metadata", "resourceVersion"); d.version != "" && d.version != version {
		return apierrors.NewConflict(gr, nameOf(live), fmt.Errorf("the ResourceVersion in the precondition (%s) does not match the "+
			"ResourceVersion in record (%s). The object might have been modified", d.version, version))
	}
	return nil
}

// marked is the object as a deletion leaves it, and whether nothing keeps it any more.
func (k *kind) marked(live Object, d deletion, now time.Time) (Object, bool) {
	deleting := workload.Text(live, "metadata", "deletionTimestamp") != ""
	if k.canonical() == "namespaces" && workload.Dig(live, "spec", "finalizers") != nil {
		if deleting {
			return live, false
		}
		return workload.With(asDeleted(live, 0, now), "Terminating", "status", "phase"), false
	}
	o := live
	if !deleting || k.canonical() != "pods" {
		o = workload.With(live, propagated(finalizers(live), d.propagation), "metadata", "finalizers")
	}
	grace := int64(0)
	if k.canonical() == "pods" {
		grace = podGrace(live, d.grace)
		if old, _ := workload.Int(live, "metadata", "deletionGracePeriodSeconds"); deleting && old > 0 && (d.grace == nil || grace >= old) {
			return live, false // it is on its way, and sooner than this asks for
		}
	}
	if grace == 0 && len(finalizers(o)) == 0 {
		if k.canonical() == "pods" {
			o = asDeleted(o, 0, now) // who watches sees how it went
		}
		return o, true
	}
	if deleting && k.canonical() != "pods" {
		return o, false
	}
	return asDeleted(o, grace, now), false
}

// asDeleted is the object with the time until which it may take to go.
func asDeleted(o Object, grace int64, now time.Time) Object {
	if generation, ok := workload.Int(o, "metadata", "generation"); ok && workload.Text(o, "metadata", "deletionTimestamp") == "" {
		o = workload.With(o, generation+1, "metadata", "generation")
	}
	until := now.Add(time.Duration(grace) * time.Second).UTC().Format(time.RFC3339)
	return workload.With(workload.With(o, until, "metadata", "deletionTimestamp"), grace, "metadata", "deletionGracePeriodSeconds")
}

// podGrace is how many seconds a pod may take to stop. One that runs nowhere takes none.
func podGrace(pod Object, wanted *int64) int64 {
	grace, _ := workload.Int(pod, "spec", "terminationGracePeriodSeconds")
	if wanted != nil {
		grace = *wanted
	}
	phase := workload.Text(pod, "status", "phase")
	switch {
	case workload.Text(pod, "spec", "nodeName") == "", phase == "Failed", phase == "Succeeded":
		return 0
	case grace < 0:
		return 1
	}
	return grace
}

// propagated are the finalizers by which the garbage collector knows what to do with what the object owns; nil for none.
func propagated(names []string, policy metav1.DeletionPropagation) any {
	names = slices.Clone(names)
	drop := func(name string) {
		names = slices.DeleteFunc(names, func(n string) bool { return n == name })
	}
	switch policy {
	case background:
		drop(metav1.FinalizerOrphanDependents)
		drop(metav1.FinalizerDeleteDependents)
	case orphan:
		drop(metav1.FinalizerDeleteDependents)
		if !slices.Contains(names, metav1.FinalizerOrphanDependents) {
			names = append(names, metav1.FinalizerOrphanDependents)
		}
	case foreground:
		drop(metav1.FinalizerOrphanDependents)
		if !slices.Contains(names, metav1.FinalizerDeleteDependents) {
			names = append(names, metav1.FinalizerDeleteDependents)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return texts(names)
}

// texts is a list as decoded JSON has it.
func texts(list []string) []any {
	out := make([]any, len(list))
	for i, text := range list {
		out[i] = text
	}
	return out
}

// deleteCollection deletes what a list request would list, and answers with that.
func (c *Cluster) deleteCollection(q *request) (answer, error) {
	opts, err := q.listOptions()
	if err != nil {
		return answer{}, err
	}
	chosen, err := q.kind.selector(opts, q.call)
	if err != nil {
		return answer{}, err
	}
	d, err := q.deletion()
	if err != nil {
		return answer{}, err
	}
	p, err := c.page(q, opts, chosen)
	if err != nil {
		return answer{}, err
	}
	for i, o := range p.items {
		last, _, err := c.removeKnown(q.kind, store.KeyOf(q.kind.canonical(), o), d)
		if err != nil && !apierrors.IsNotFound(err) { // what another one of them took with it
			return answer{}, err
		}
		if err == nil {
			p.items[i] = last
		}
	}
	return answer{code: http.StatusOK, object: q.form.many(q.kind, p.items, p.meta)}, nil
}
