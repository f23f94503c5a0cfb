package screen

import (
	"io"

	"runbook/engine/journal"
)

// Interject prints a line at once, also below a question that waits for its answer.
func (t *Text) Interject(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.paper.held {
		t.paper.write([]byte("\n" + t.paper.look.paint(caveat, clean(text)) + "\n"))
		return
	}
	t.fold("", "", caveat, clean(text))
	t.paper.flush()
}

// UnderWay names the actions that were sent and whose outcome is not known yet.
func (t *Text) UnderWay() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var names []string
	for _, e := range t.ledger.with(journal.Uncertain) {
		if e.outcome == nil {
			names = append(names, t.names.call(e.intent.Call))
		}
	}
	return names
}

// Retell prints how the run ended once more, to another writer, for those who cannot see this screen any more. It prints nothing if
// no run began.
func (t *Text) Retell(w io.Writer, look Look) {
	t.mu.Lock()
	defer t.mu.Unlock()
	look.Live = false
	other := &Text{paper: paper{look: look, out: w}, ledger: t.ledger, names: t.names}
	switch {
	case t.ledger.end != nil:
		other.summary(t.ledger.end)
	case t.ledger.run.ID != "":
		other.torn()
	}
	other.paper.flush()
}
