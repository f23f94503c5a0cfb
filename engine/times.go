package engine

import (
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/script"
)

// times is what time it is for each branch of a script: that of the last thing that it got from outside, as it is written down. It is
// therefore the same when the run is taken up or replayed.
type times struct {
	mu   sync.Mutex
	last map[string]time.Time // by branch
}

func newTimes(start time.Time) *times { return &times{last: map[string]time.Time{"": start}} }

// of is the latest time of the branch and of those that it is inside of, which stand still while it runs.
func (t *times) of(branch string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.last[""]
	for outer := ""; outer != branch; {
		inner, _ := action.ChildBranch(outer, branch)
		if last := t.last[inner]; last.After(now) {
			now = last
		}
		outer = inner
	}
	return now
}

func (t *times) note(r *journal.Record) {
	if r.Kind == journal.KindHost && r.Host.Name == script.GroupName {
		return // it tells of the whole group, and is heard at its beginning
	}
	switch r.Kind {
	case journal.KindRead, journal.KindWait, journal.KindOutcome, journal.KindHost, journal.KindAnswer:
		t.mu.Lock()
		defer t.mu.Unlock()
		t.last[r.Branch] = r.Time
	}
}

// timed is a sink that keeps the times.
type timed struct {
	times *times
	next  journal.Sink
}

func (s timed) Write(r *journal.Record) error {
	s.times.note(r)
	return s.next.Write(r)
}
