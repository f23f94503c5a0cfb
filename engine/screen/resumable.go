package screen

import (
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
	past "runbook/engine/tape"
)

// A trail keeps of a run's records as much as tells, should it end early, whether it can be taken up again.
type trail []*journal.Record

// note enters a record, without what it holds of the site: that can be much, and says nothing about this.
func (t *trail) note(r *journal.Record) {
	kept := *r
	switch r.Kind {
	case journal.KindSource, journal.KindWarning, journal.KindResume:
		return // what holds of the part before a resume is told again
	case journal.KindShow:
		kept.Show = &journal.Show{}
	case journal.KindRead, journal.KindWait, journal.KindOutcome:
		outcome := *r.Outcome
		outcome.Returned = journal.Returned{}
		kept.Outcome = &outcome
	}
	*t = append(*t, &kept)
}

// takeUp is what to type to take the run up again; "" where that is refused, or would only come to the same end.
func (t *Text) takeUp() string {
	l := &t.ledger
	switch {
	case l.mark() != "":
		return ""
	case l.end == nil && (t.why == Unfinished || t.why == Unreadable):
		return ""
	case l.end != nil && (l.end.Status == journal.Refused || l.end.Status == journal.Drifted):
		return ""
	case l.end != nil && l.end.Error != nil && l.end.Error.Code == action.CodeInvalid:
		return "" // the script says the same again
	}
	_, err := past.Select(l.trail, 0)
	if err == nil {
		return "runbook resume " + clean(l.run.ID)
	}
	if known, ok := err.(*action.Error); ok && strings.Contains(known.Hint, "runbook resume ") { //nolint:errorlint // it is not wrapped
		return clean(known.Hint)
	}
	return ""
}
