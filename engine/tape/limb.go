package tape

import (
	"runbook/engine/action"
	"runbook/engine/journal"
)

// A limb is one branch of a run: its own records, in order, and the branches right below it.
type limb struct {
	records []*journal.Record
	below   []*limb
}

// limbs sorts records by branch, and returns what is outside of any.
func limbs(records []*journal.Record) *limb {
	known := map[string]*limb{"": {}}
	var find func(branch string) *limb
	find = func(branch string) *limb {
		if l := known[branch]; l != nil {
			return l
		}
		l := &limb{}
		known[branch] = l
		parent := find(action.ParentBranch(branch))
		parent.below = append(parent.below, l)
		return l
	}
	for _, r := range records {
		l := find(r.Branch)
		l.records = append(l.records, r)
	}
	return known[""]
}

// called tells whether a branch, or one inside of it, made a call that stays after the record with the number floor.
func (s *selector) called(l *limb, floor int64) bool {
	for i := len(l.records) - 1; i >= 0 && l.records[i].Seq > floor; i-- {
		if r := l.records[i]; isCall(r.Kind) && !s.dropped[r] {
			return true
		}
	}
	for _, child := range l.below {
		if s.called(child, floor) {
			return true
		}
	}
	return false
}
