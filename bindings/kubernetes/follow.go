package kubernetes

import (
	"context"
	"strconv"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// gather collects what a workload's controllers keep for it, as intended. A kind without such controllers has nothing.
func (b *binding) gather(ctx context.Context, view action.View, owner object) (workload.Workload, error) {
	w := workload.Workload{Owner: owner}
	selector, ok := podSelector(owner)
	if !ok {
		return w, nil
	}
	var err error
	owners := map[string]bool{uidOf(owner): true}
	namespace := namespaceOf(owner)
	if workload.Text(owner, "kind") == "Deployment" {
		sets, err := b.objects(ctx, view, listing{kind: mustBuiltin("replicasets"), namespace: namespace, labels: selector})
		if err != nil {
			return w, err
		}
		w.Sets = ownedBy(owners, sets)
		for _, set := range w.Sets {
			owners[uidOf(set)] = true
		}
	}
	if w.Revisions, err = b.recorded(ctx, view, owner, selector); err != nil {
		return w, err
	}
	pods, err := b.objects(ctx, view, listing{kind: mustBuiltin("pods"), namespace: namespace, labels: selector})
	if err != nil {
		return w, err
	}
	w.Pods = ownedBy(owners, pods)
	for _, t := range view.Intended(system, "pods", namespace) {
		w.Taken = append(w.Taken, t.Name)
	}
	return w, nil
}

// recorded are the revisions that a stateful or daemon set keeps. Who may not list them sees what follows of anything but a new template.
func (b *binding) recorded(ctx context.Context, view action.View, owner object, selector labels.Selector) ([]object, error) {
	switch workload.Text(owner, "kind") {
	case "StatefulSet", "DaemonSet":
	default:
		return nil, nil
	}
	kept, err := b.objects(ctx, view, listing{kind: mustBuiltin("controllerrevisions"), namespace: namespaceOf(owner), labels: selector})
	if err != nil && action.CodeOf(err) == action.CodeForbidden {
		return nil, nil
	}
	return ownedBy(map[string]bool{uidOf(owner): true}, kept), err
}

// podSelector is how a workload's controller finds its pods.
func podSelector(owner object) (labels.Selector, bool) {
	switch workload.Text(owner, "kind") {
	case "ReplicationController":
		set := labels.Set{}
		for key := range workload.Map(owner, "spec", "selector") {
			set[key] = workload.Text(owner, "spec", "selector", key)
		}
		return labels.SelectorFromSet(set), len(set) > 0
	case "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job":
	default:
		return nil, false
	}
	var written metav1.LabelSelector
	raw, err := encode(workload.Map(owner, "spec", "selector"))
	if err != nil || fromJSON(raw, &written) != nil {
		return nil, false
	}
	selector, err := metav1.LabelSelectorAsSelector(&written)
	return selector, err == nil && !selector.Empty()
}

func ownedBy(owners map[string]bool, list []object) []object {
	var out []object
	for _, o := range list {
		if owners[workload.ControllerUID(o)] {
			out = append(out, o)
		}
	}
	return out
}

// objects is a list as decoded objects.
func (b *binding) objects(ctx context.Context, view action.View, l listing) ([]object, error) {
	raws, err := b.listRaw(ctx, view, l)
	if err != nil {
		return nil, err
	}
	out := make([]object, len(raws))
	for i, raw := range raws {
		if out[i], err = decode(raw); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// root climbs from a pod or a replica set to the workload that it belongs to in the end.
func (b *binding) root(ctx context.Context, view action.View, o object) (object, error) {
	for range 3 { // a pod, its replica set, its deployment
		ref := workload.Controller(o)
		k, known := builtinKind(wordFor(workload.Text(ref, "apiVersion"), workload.Text(ref, "kind")))
		if ref == nil || !known {
			return o, nil
		}
		above, err := b.look(ctx, view, address{kind: k, namespace: namespaceOf(o), name: workload.Text(ref, "name")}, "read")
		if err != nil {
			return nil, err
		}
		if above.object == nil || uidOf(above.object) != workload.Text(ref, "uid") {
			return o, nil
		}
		o = above.object
	}
	return o, nil
}

// A follower works out what controllers do after an action. Failing to is no reason to fail the action: a caller who may delete
// a pod need not be allowed to list replica sets. A failure that passes is for the gate to look again, which then sees it as missed: a
// dry run that knew less for it would show another course than the real run takes.
type follower func() ([]action.Change, error)

// follows adds to a prediction what f finds out, or a note that it could not be found out.
func follows(p action.Prediction, f follower) action.Prediction {
	derived, err := f()
	if err != nil {
		p.Missed, p.Note = err, appendNote(p.Note, "what follows of it is not known: "+err.Error())
		return p
	}
	p.Changes = append(p.Changes, derived...)
	p.Note = appendNote(p.Note, countPods(derived))
	return p
}

func countPods(derived []action.Change) string {
	added, removed := 0, 0
	for _, c := range derived {
		switch {
		case c.Target.Kind != "pods":
		case c.Before == nil:
			added++
		case c.After == nil:
			removed++
		}
	}
	switch {
	case added > 0 && removed > 0:
		return plural(removed) + " replaced"
	case added > 0:
		return plural(added) + " to start"
	case removed > 0:
		return plural(removed) + " to stop"
	}
	return ""
}

func plural(pods int) string {
	if pods == 1 {
		return "1 pod"
	}
	return strconv.Itoa(pods) + " pods"
}

func appendNote(note, more string) string {
	switch {
	case note == "":
		return more
	case more == "":
		return note
	}
	return note + "; " + more
}
