package screen

import (
	"strings"

	"runbook/engine/journal"
)

// blame is the reason for a failure that was not told yet.
type blame struct {
	indent  string
	message string
}

// blame tells why an operation failed, unless that ends the run: then the summary tells it, and telling such a text twice within a
// few lines would only hide the rest. Which of the two it is, the next record says. Branches go on beside each other, so they tell
// at once.
func (t *Text) blame(r *journal.Record, indent string) {
	if r.Outcome.Error == nil {
		return
	}
	t.untold = &blame{indent: indent, message: r.Outcome.Error.Message}
	if r.Branch != "" {
		t.tell()
	}
}

// tellBefore tells an untold reason unless the record says that the step, and with it the run, ended for that reason.
func (t *Text) tellBefore(r *journal.Record) {
	if t.untold == nil {
		return
	}
	if r.Kind == journal.KindStepEnd && strings.Contains(r.Step.Reason, t.untold.message) {
		t.untold = nil
		return
	}
	t.tell()
}

func (t *Text) tell() {
	if t.untold != nil {
		t.say(t.untold.indent, red, t.untold.message)
		t.untold = nil
	}
}
