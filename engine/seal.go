package engine

import (
	"errors"
	"sync"

	"runbook/engine/journal"
)

// errEnded is why a record came too late.
var errEnded = errors.New("the run has ended")

// sealed is a sink that takes nothing after the last record of a run. What a run that was ended from outside still does in its last
// moments must not make its journal look unfinished, or its end look like something in its middle.
type sealed struct {
	sink journal.Sink

	mu    sync.RWMutex // held by who writes; alone by the last record
	ended bool
}

func (s *sealed) Write(r *journal.Record) error {
	if r.Kind == journal.KindEnd {
		s.mu.Lock()
		defer s.mu.Unlock()
	} else {
		s.mu.RLock()
		defer s.mu.RUnlock()
	}
	if s.ended {
		return errEnded
	}
	if r.Kind == journal.KindEnd {
		s.ended = true // nobody else is here
	}
	return s.sink.Write(r)
}
