package store

// An EventType is how a watch calls a change.
type EventType string

// The kinds of change.
const (
	Added    EventType = "ADDED"
	Modified EventType = "MODIFIED"
	Deleted  EventType = "DELETED"
)

// An Event is one change of one object.
type Event struct {
	Type     EventType
	Key      Key
	Revision int64
	Object   Object // its new state; of one that is gone, its last
	Before   Object // nil for one that is new
}

// kept is how many changes are remembered: enough for any watch of a rehearsal, and a bound for a world that runs for days.
const kept = 10000

func (s *Store) remember(e Event) {
	s.history = append(s.history, e)
	if len(s.history) > 2*kept {
		s.forgot = s.history[kept-1].Revision
		s.history = append([]Event(nil), s.history[kept:]...)
	}
	for _, told := range s.told {
		told(e)
	}
}

// Forget drops the history, as a server does that compacts its database: who asks for anything older is told that it expired.
func (s *Store) Forget() {
	s.history, s.forgot = nil, s.revision
}

// Since returns the changes after a revision, in order, and whether all of them are still known.
func (s *Store) Since(revision int64) (events []Event, known bool) {
	if revision < s.forgot {
		return nil, false
	}
	for i, e := range s.history {
		if e.Revision > revision {
			return s.history[i:len(s.history):len(s.history)], true
		}
	}
	return nil, true
}

// OnChange calls f with every change from now on, as it happens, after those who asked before.
func (s *Store) OnChange(f func(Event)) { s.told = append(s.told, f) }
