package script

import (
	"context"
	"runtime"
	"sync"

	"runbook/engine/driver"
)

// remembered is how many readings are kept, each with the text that it is of.
const remembered = 32

// asked is what a reading depends on.
type asked struct {
	purpose driver.Purpose
	said    driver.Said
}

// readings are what a driver made of what was printed lately. As many are made at once as this machine has processors: the time of one
// begins when it is its turn.
type readings struct {
	turns chan struct{}

	mu    *sync.Mutex
	known map[asked]driver.Reading
}

func newReadings() readings {
	return readings{make(chan struct{}, runtime.GOMAXPROCS(0)), &sync.Mutex{}, map[asked]driver.Reading{}}
}

// of is the reading of what was asked, made if it is not known. One that was cut off is not remembered.
func (r *readings) of(ctx context.Context, what asked, made func() driver.Reading) driver.Reading {
	select {
	case r.turns <- struct{}{}:
		defer func() { <-r.turns }()
	case <-ctx.Done():
		return driver.Reading{Unread: driver.Kept(what.said.Stdout), Fault: context.Cause(ctx).Error()}
	}
	if known, ok := r.look(what); ok {
		return known
	}
	out := made()
	if ctx.Err() == nil {
		r.keep(what, out)
	}
	return out
}

func (r *readings) look(what asked) (driver.Reading, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known, ok := r.known[what]
	return known, ok
}

func (r *readings) keep(what asked, made driver.Reading) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.known) >= remembered {
		clear(r.known)
	}
	r.known[what] = made
}
