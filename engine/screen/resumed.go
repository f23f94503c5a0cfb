package screen

import (
	"fmt"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A seam is where a run that was taken up again goes on live, each branch for itself. The zero value is that of a run that was not.
type seam struct {
	resumed int             // how often
	past    map[string]bool // branches that have only repeated so far
	live    map[string]bool
}

// What stands on what is only repeated: what came before the seam, and an action of a step that is begun anew.
const (
	before = "before"
	kept   = "kept: not done again"
)

// note enters a record and tells whether its branch goes on live with it.
func (s *seam) note(r *journal.Record) (crossed bool) {
	switch {
	case r.Kind == journal.KindResume:
		*s = seam{resumed: s.resumed + 1, past: map[string]bool{"": true}, live: map[string]bool{}}
	case s.resumed == 0 || r.Kind == journal.KindWarning: // which is of this part, and may come first
	case r.Recalled:
		s.past[r.Branch] = !s.isLive(r.Branch)
	default:
		crossed = s.past[r.Branch]
		s.past[r.Branch], s.live[r.Branch] = false, true
	}
	return crossed
}

// isLive tells whether the branch, or one that it is inside of, has gone on live.
func (s *seam) isLive(branch string) bool {
	for outer := range s.live {
		if _, inside := action.ChildBranch(outer, branch); inside || outer == branch {
			return true
		}
	}
	return false
}

// repeated says of a record that it is only repeated; "" if it is not.
func (s *seam) repeated(r *journal.Record) string {
	switch {
	case s.resumed == 0 || !r.Recalled:
		return ""
	case s.isLive(r.Branch):
		return kept
	}
	return before
}

// remark is repeated in brackets, behind what was said of the record.
func (s *seam) remark(r *journal.Record) string {
	if text := s.repeated(r); text != "" {
		return " (" + text + ")"
	}
	return ""
}

// resume says that the run was taken up again, and how to read what follows.
func (t *Text) resume(r *journal.Record) {
	text := "RESUMED on " + moment(r.Time) + " by " + by(r.Resume.User, r.Resume.Host)
	if r.Resume.FromStep > 0 {
		text += fmt.Sprintf(", step %d begun anew", r.Resume.FromStep)
	}
	if r.Resume.Version != t.ledger.run.Version {
		text += ", with runbook " + clean(r.Resume.Version)
	}
	if t.seam.resumed == 1 {
		text += ": what comes first is only repeated from the journal"
	}
	t.fold("", "  ", caveat, text)
}

// cross prints the line behind which a branch is live.
func (t *Text) cross(branch string) {
	indent := margin(branch)
	if branch == "" {
		indent = ""
	}
	t.fold(indent, indent, caveat, "LIVE from here on")
}

// lasted is how long the run took: of one that was taken up again, its last part.
func (t *Text) lasted(end *journal.End) string {
	if t.seam.resumed > 0 {
		return elapsed(end.Elapsed) + " since it was resumed"
	}
	return elapsed(end.Elapsed)
}
