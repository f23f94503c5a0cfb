package kubernetes

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/workload"
)

// A contest is a change of an object that somebody else may want to be otherwise. after is nil if the object is deleted; paths are the
// fields that are written.
type contest struct {
	of            address
	before, after object
	paths         []fieldPath
}

// contested adds to a prediction who will undo it: somebody who goes to and fro with a controller at three in the morning takes its doing for
// the fault. What cannot be looked up is a note, and no reason against the action.
func (b *binding) contested(ctx context.Context, view action.View, p action.Prediction, c contest) action.Prediction {
	if c.before == nil {
		return p
	}
	p.Warnings = append(p.Warnings, c.reconcilers()...)
	p.Warnings = append(p.Warnings, c.owner()...)
	if c.scales() {
		found, err := b.autoscalers(ctx, view, c)
		p = rivals(p, "horizontalpodautoscalers", found, err)
	}
	if len(c.resources()) > 0 {
		found, err := b.verticalAutoscalers(ctx, view, c)
		p = rivals(p, verticalScalers.resource, found, err)
	}
	return p
}

// rivals adds the autoscalers of a kind that will undo what is predicted, or that they could not be looked up.
func rivals(p action.Prediction, resource string, warnings []string, err error) action.Prediction {
	p.Warnings = append(p.Warnings, warnings...)
	if err == nil {
		return p
	}
	why := err.Error()
	if action.CodeOf(err) == action.CodeForbidden {
		why = "you may not list " + resource
	}
	p.Note = appendNote(p.Note, "whether an autoscaler changes it again is not known: "+why)
	if p.Missed == nil {
		p.Missed = err
	}
	return p
}

// owner warns of the object from which the target is made, where its controller restores what is written.
func (c contest) owner() []string {
	ref := workload.Controller(c.before)
	if ref == nil || !c.restored(ref) {
		return nil
	}
	owner := workload.Text(ref, "kind") + " " + workload.Text(ref, "name")
	if c.after == nil {
		return []string{"it is made from the " + owner + ", whose controller will make it again: change that instead"}
	}
	return []string{"it is made from the " + owner + ", whose controller may put " + spelt(c.specified()) + " back: change that instead"}
}

// restored tells whether an owner's controller restores what is written. Of Kubernetes' own controllers few do; an operator most likely
// does. A pod that is deleted is replaced by whoever owns it, which is often what it is deleted for.
func (c contest) restored(ref object) bool {
	kind, owner := workload.Text(c.before, "kind"), workload.Text(ref, "kind")
	_, builtin := builtinKind(wordFor(workload.Text(ref, "apiVersion"), owner))
	switch {
	case c.after == nil:
		return !builtin && kind != "Pod"
	case len(c.specified()) == 0:
		return false
	case builtin:
		return kind == "ReplicaSet" && owner == "Deployment"
	}
	return true
}

// specified are the written fields beside metadata: nobody minds another label.
func (c contest) specified() (out []fieldPath) {
	for _, path := range c.paths {
		if path[0].name != "metadata" && path[0].name != "status" {
			out = append(out, path)
		}
	}
	return out
}

// scales tells whether another number of pods is wanted then.
func (c contest) scales() bool {
	return c.after != nil && workload.Dig(c.before, "spec", "replicas") != nil &&
		workload.Replicas(c.before) != workload.Replicas(c.after)
}
