package tape

import (
	"maps"
	"slices"

	"runbook/engine/journal"
)

// Standing is what holds of a journal, for those who show it: without what a resume dropped and without the ends that it undid, and
// with everything from before the last resume behind that and Recalled, as the resumed run showed it. An action that was kept stands
// where its step was begun anew.
func Standing(records []*journal.Record) []*journal.Record {
	s := newStanding(records)
	for i, r := range records {
		s.take(i, r)
	}
	for _, step := range slices.Sorted(maps.Keys(s.kept)) { // of steps that were not reached again
		s.insert(s.kept[step])
	}
	return append(s.head, s.rest...)
}

type standing struct {
	gone, saved map[int64]bool
	resumed     int  // index of the last resume, -1 if there is none
	last        int  // index of the last record
	opening     bool // the record is a resume, or a warning about it
	step        int  // number of the step that the records are of
	kept        map[int][]*journal.Record
	head, rest  []*journal.Record
}

func newStanding(records []*journal.Record) *standing {
	s := &standing{
		gone: map[int64]bool{}, saved: map[int64]bool{}, resumed: -1, last: len(records) - 1, kept: map[int][]*journal.Record{},
	}
	for i, r := range records {
		if r.Kind == journal.KindResume {
			s.resumed = i
			mark(s.gone, r.Resume.Dropped)
			mark(s.saved, r.Resume.Kept)
		}
	}
	return s
}

func (s *standing) take(i int, r *journal.Record) {
	if r.Kind == journal.KindStep {
		s.step = r.Step.Number
	}
	s.opening = r.Kind == journal.KindResume || s.opening && r.Kind == journal.KindWarning
	switch {
	case r.Kind == journal.KindRun, r.Kind == journal.KindSource, s.opening:
		s.head = append(s.head, r)
	case s.gone[r.Seq], r.Kind == journal.KindEnd && i < s.last:
	case s.saved[r.Seq]:
		s.kept[s.step] = append(s.kept[s.step], recalled(r))
	case i < s.resumed:
		s.add(recalled(r))
	default:
		s.add(r)
	}
}

// add adds a record that holds, and behind the beginning of a step what was kept of it.
func (s *standing) add(r *journal.Record) {
	s.rest = append(s.rest, r)
	if r.Kind == journal.KindStep {
		s.rest = append(s.rest, s.kept[r.Step.Number]...)
		delete(s.kept, r.Step.Number)
	}
}

// insert adds records before the end of the run.
func (s *standing) insert(records []*journal.Record) {
	at := len(s.rest)
	if at > 0 && s.rest[at-1].Kind == journal.KindEnd {
		at--
	}
	s.rest = slices.Insert(s.rest, at, records...)
}

func recalled(r *journal.Record) *journal.Record {
	again := *r
	again.Recalled = true
	return &again
}
