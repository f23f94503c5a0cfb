package tape

import (
	"fmt"
	"strings"

	"runbook/engine/journal"
)

// A Divergence says that a script asked for something else than the recording has at that place.
type Divergence struct {
	Call     Call            // what the script asks for
	Recorded *journal.Record // what comes next in the recording; nil at its end
}

func (d *Divergence) Error() string {
	now := describe(d.Call.Kind, d.Call.Name)
	if d.Call.Where != "" {
		now += " at " + d.Call.Where
	}
	if d.Recorded == nil {
		return fmt.Sprintf("the script went another way than recorded: it asks for %s, where the recording ends", now)
	}
	return fmt.Sprintf("the script went another way than recorded: it asks for %s, where the recording has %s", now, d.recorded())
}

func (d *Divergence) recorded() string {
	text := describe(d.Recorded.Kind, name(d.Recorded))
	if d.Recorded.Call != nil && d.Recorded.Call.Where != "" {
		text += " at " + d.Recorded.Call.Where
	}
	return text
}

// Diff shows what was recorded and what is asked for now, a line each for every part that differs.
func (d *Divergence) Diff() string {
	if d.Recorded == nil {
		return "+ " + describe(d.Call.Kind, d.Call.Name)
	}
	return "- " + describe(d.Recorded.Kind, name(d.Recorded)) + "\n+ " + describe(d.Call.Kind, d.Call.Name)
}

// describe is a call for a person: its key without the step and branch in front, which are the same for both in most cases.
func describe(kind journal.Kind, name string) string {
	switch kind {
	case journal.KindHost:
		return name
	case journal.KindAnswer:
		return fmt.Sprintf("an answer to %q", name)
	case journal.KindConsent:
		return "consent to " + name
	case journal.KindOutcome:
		return "the outcome of " + name
	}
	return strings.TrimSpace(string(kind) + " " + name)
}
