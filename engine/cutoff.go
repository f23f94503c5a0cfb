package engine

import (
	"context"
	"time"
)

// cutOffGrace is how long a run may take to end after its actions were cut off. A lost answer is looked into for half a second, and
// the journal may be on a slow disk; whoever interrupts twice will not wait longer.
const cutOffGrace = 2 * time.Second

// lastWords is how long the last records of a run that is ended from outside may take: the disk may be what hangs. They take a few
// milliseconds, but seconds where a script that eats memory keeps a small machine busy, and a journal without an end costs more.
const lastWords = 3 * time.Second

// cutOff ends the process if the run does not end by itself once its actions were cut off: something does not look at its context.
func (r *run) cutOff() (stop func()) {
	ended := make(chan struct{})
	forget := context.AfterFunc(r.cfg.Actions, func() {
		select {
		case <-ended:
		case <-time.After(cutOffGrace):
			r.kill(context.Cause(r.cfg.Actions))
		}
	})
	return func() {
		close(ended)
		forget()
	}
}

// kill ends the process, with the journal written, because the run is in a function that does not look at its context. Whatever is
// under way is uncertain from now on.
func (r *run) kill(cause error) {
	r.mu.Lock()
	started, cleanups := r.started, len(r.cleanups)
	r.mu.Unlock()
	written := make(chan struct{})
	go func() {
		defer close(written)
		if !started {
			return
		}
		r.gate.Abandon(cause)
		if cleanups > 0 {
			r.warn("the clean-ups of this run were not called: it was ended from outside", "")
		}
		r.writeEnd(cause)
	}()
	select {
	case <-written:
	case <-time.After(lastWords):
	}
	r.cfg.Exit(statusExits[statusOf(cause)])
}
