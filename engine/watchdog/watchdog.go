// Package watchdog ends a run that has used up its time or its memory, also when the script is inside a function that does not look
// at its context.
//
// It first ends the run's context, with the reason as its cause, so that the script stops, clean-ups run and the journal is
// closed. A run that has not ended after a grace period is ended the hard way, by a function of the caller that closes the journal and
// leaves the process. Nothing here knows what a run is. Read next: engine/run.go, which sets one up.
package watchdog

import (
	"context"
	"runtime/metrics"
	"time"

	"github.com/dustin/go-humanize"

	"runbook/engine/action"
)

// Limits are what a run may use.
type Limits struct {
	Time   time.Duration // zero for no limit
	Memory int64         // bytes of heap; zero for no limit
}

// grace is how long a run may take to end by itself after its limit; the promise to users is a second.
const grace = 700 * time.Millisecond

// look is how often memory is looked at. Doubling a string fills gigabytes in a second, so it is short.
const look = 20 * time.Millisecond

// A LimitError is the reason for which a watchdog ended a run.
type LimitError struct {
	Failure *action.Error
	Memory  bool // the memory limit, not the time limit
}

func (e *LimitError) Error() string { return e.Failure.Message }

// Unwrap returns the failure itself.
func (e *LimitError) Unwrap() error { return e.Failure }

// Watch returns a context that ends, with a *LimitError as its cause, when a limit is reached. If stop has not been called within the
// grace period after that, kill is called, from another goroutine. The caller must call stop when the run has ended.
func Watch(ctx context.Context, limits Limits, kill func(*LimitError)) (watched context.Context, stop func()) {
	return start(ctx, limits, heap, kill)
}

func start(ctx context.Context, limits Limits, heap func() (live, all int64), kill func(*LimitError)) (watched context.Context, stop func()) {
	watched, cancel := context.WithCancelCause(ctx)
	w := &watch{limits: limits, heap: heap, cancel: cancel, kill: kill, stopped: make(chan struct{}), ended: make(chan struct{})}
	go w.run()
	return watched, w.stop
}

type watch struct {
	limits  Limits
	heap    func() (live, all int64)
	cancel  context.CancelCauseFunc
	kill    func(*LimitError)
	stopped chan struct{}
	ended   chan struct{}
}

func (w *watch) stop() {
	close(w.stopped)
	<-w.ended
	w.cancel(nil)
}

func (w *watch) run() {
	defer close(w.ended)
	reached := w.untilReached()
	if reached == nil {
		return
	}
	w.cancel(reached)
	select {
	case <-w.stopped:
	case <-time.After(grace):
		w.kill(reached)
	}
}

// untilReached returns the limit that was reached, or nil when the run ended before.
func (w *watch) untilReached() *LimitError {
	var deadline <-chan time.Time
	if w.limits.Time > 0 {
		timer := time.NewTimer(w.limits.Time)
		defer timer.Stop()
		deadline = timer.C
	}
	var ticks <-chan time.Time
	if w.limits.Memory > 0 {
		ticker := time.NewTicker(look)
		defer ticker.Stop()
		ticks = ticker.C
	}
	for {
		select {
		case <-w.stopped:
			return nil
		case <-deadline:
			return &LimitError{Failure: action.Errorf(action.CodeTimeout, "the run took longer than %s", w.limits.Time).
				Try("give it more time with --timeout, or look at the line it had come to")}
		case <-ticks:
			if w.over() {
				return &LimitError{Memory: true, Failure: action.Errorf(action.CodeInternal, "the run used more than its %s of memory", humanize.IBytes(uint64(w.limits.Memory))).
					Try("look for a table or a string that grows in a loop; --memory raises the limit")}
			}
		}
	}
}

// over tells whether what is in use, or what has piled up since the last collection, is too much. The collector runs when the heap
// is twice what was in use, so garbage alone stays below twice the limit. To collect here, or to set the runtime's own memory limit,
// would keep the machine busy collecting for half a minute while the heap grows towards the limit.
func (w *watch) over() bool {
	live, all := w.heap()
	return live > w.limits.Memory || all > 2*w.limits.Memory
}

// heap is what was in use after the last collection, and what is allocated now.
func heap() (live, all int64) {
	samples := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64()), int64(samples[1].Value.Uint64())
}
