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
	where := ""
	if d.Call.Where != "" {
		where = " at " + d.Call.Where
	}
	if d.Recorded == nil {
		return fmt.Sprintf("the recording ends here: it has nothing for %s%s", describe(d.Call.Kind, d.Call.Name), where)
	}
	return fmt.Sprintf("the script went another way than recorded%s:\n%s", where, d.diff())
}

// diff shows what was recorded, if anything was, and what is asked for now.
func (d *Divergence) diff() string {
	now := "+ " + describe(d.Call.Kind, d.Call.Name)
	then := "- " + describe(d.Recorded.Kind, name(d.Recorded))
	if d.Recorded.Call != nil && d.Recorded.Call.Where != "" {
		then += "  (" + d.Recorded.Call.Where + ")"
	}
	return then + "\n" + now
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
