package screen

import (
	"runbook/engine/journal"

	"runbook/engine/command"
)

// A Break is why the records of a run end without the last one.
type Break int

// The reasons. A live screen knows none: its run broke off.
const (
	BrokeOff   Break = iota
	Died             // the run's process went away
	Unfinished       // the run is still in progress
	Unreadable       // what follows in the journal cannot be read
)

// breaks say for each Break what ends the screen, and what is said of actions whose outcome stands in no record.
var breaks = map[Break]struct {
	title   string
	colour  style
	label   string
	pending string
}{
	BrokeOff:   {"INCOMPLETE: the record of this run ends here", alarm, "Unknown", "sent, and no answer came"},
	Died:       {"DIED: the process of this run went away without a last word", alarm, "Unknown", "in flight when it died: it may have been done or not"},
	Unfinished: {"STILL RUNNING: this is how far it is", caveat, "Pending", "under way"},
	Unreadable: {"UNREADABLE: the record of this run cannot be read beyond this", alarm, "Unknown", "what came of it cannot be read"},
}

// EndsWith says why the records end, before Close, should they have no last one. It is for who replays a stored run.
func (t *Text) EndsWith(why Break) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.why = why
}

// torn says that the run has no end, or none yet, what that leaves open, and what to type next.
func (t *Text) torn() {
	end := breaks[t.why]
	t.paper.line("")
	t.fold("", "", end.colour, t.ledger.marked(end.title))
	t.changed()
	t.left(end.label, end.colour, end.pending)
	t.next(t.wayOn())
}

// left lists what has no outcome that anybody can rely on.
func (t *Text) left(label string, colour style, pending string) {
	var sent, open []*entry
	for _, e := range t.ledger.with(journal.Uncertain) {
		if e.outcome != nil {
			sent = append(sent, e)
		} else {
			open = append(open, e)
		}
	}
	t.labelled("Unknown", alarm, t.listed(sent, ": "+breaks[BrokeOff].pending)...)
	if len(sent) > 0 && label == "Unknown" {
		label = "" // the list goes on
	}
	t.labelled(label, colour, t.listed(open, ": "+pending)...)
}

// wayOn is what to type next, where it is something else than after any early end.
func (t *Text) wayOn() string {
	run := t.ledger.run
	switch {
	case t.why == Unfinished:
		return "runbook runs show " + run.ID
	case t.why == Died && t.ledger.isDry():
		return "runbook run " + clean(command.Quote(run.Typed())) + " --dry-run"
	}
	return ""
}
