package controller

import (
	"runbook/engine/workload"
	"runbook/engine/world/store"
)

const revisions = "controllerrevisions.apps"

// revisionOf is the mark that pods of an owner's present template get. Its revision is recorded, as what kubectl rollout history and
// undo go by, and is the newest.
func (c *Controllers) revisionOf(owner Object) string {
	all := c.owned(owner, revisions)
	i := workload.CurrentRevision(owner, all)
	if i < 0 {
		made := workload.NewRevision(owner, all, hashOf(workload.Map(owner, "spec", "template"), 0))
		return workload.RevisionMark(owner, c.create(revisions, made))
	}
	if newest := workload.NextRevision(all); workload.RevisionNumber(all[i])+1 < newest {
		all[i] = c.store.Update(revisions, workload.With(all[i], newest, "revision"))
	}
	return workload.RevisionMark(owner, all[i])
}

// templateOf is the owner with the template of one of its revisions; with its present one if that is not recorded.
func (c *Controllers) templateOf(owner Object, revision string) Object {
	recorded := c.store.Get(store.Key{Resource: revisions, Namespace: namespaceOf(owner), Name: revision})
	template := workload.RecordedTemplate(recorded)
	if template == nil {
		return owner
	}
	return workload.With(owner, template, "spec", "template")
}

// expire removes the oldest revisions that nobody uses, beyond the owner's limit.
func (c *Controllers) expire(owner Object, pods []Object) {
	for _, old := range workload.ExpiredRevisions(owner, c.owned(owner, revisions), pods) {
		c.remove(store.KeyOf(revisions, old), old)
	}
}
