package kubernetes

import "runbook/engine/action"

// bookkeeping are the fields that the server keeps for itself. A person who is asked about a change does not look for them, and would
// have to find the change between them.
var bookkeeping = []string{
	"metadata.generation", "metadata.managedFields", "metadata.resourceVersion", "metadata.uid", "metadata.creationTimestamp",
	"metadata.selfLink", "status.observedGeneration",
}

// own is what an action does to its target.
func own(target action.Target, before, after object) []action.Change {
	return []action.Change{{Target: target, Before: optional(before), After: optional(after), Bookkeeping: bookkeeping}}
}
