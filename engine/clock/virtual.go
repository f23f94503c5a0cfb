package clock

import (
	"context"
	"sync"
	"time"

	"runbook/engine/due"
)

// Virtual is a clock that stands still while anything runs, and jumps to the next sleeper's time when everything sleeps.
type Virtual struct {
	mu       sync.Mutex
	now      time.Time
	running  int
	asleep   int // of those that lie in the queue; the others are alarms
	sleepers due.Queue[*sleeper]
}

// NewVirtual makes a virtual clock that shows now, with one branch running.
func NewVirtual(now time.Time) *Virtual { return &Virtual{now: now, running: 1} }

// Now is the virtual time.
func (v *Virtual) Now() time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.now
}

// Start counts one more running branch.
func (v *Virtual) Start() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.running++
}

// Stop counts one running branch less; time may move.
func (v *Virtual) Stop() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.running--
	v.advance()
}

// Sleep counts the caller's branch as not running until its time has come.
func (v *Virtual) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if d <= 0 {
		return nil
	}
	s := v.lieDown(d)
	select {
	case <-s.What.woken:
		return nil
	case <-ctx.Done():
		v.getUp(s)
		return context.Cause(ctx)
	}
}

// WithTimeout ends a context when the time comes that far, which it does if all sleep beyond it. The branch that the context is for
// counts as running from that moment, and as before once it cancels: what it waited for learns of the end later, and gets up then.
func (v *Virtual) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	alarm := v.setAlarm(d, func() { cancel(context.DeadlineExceeded) })
	return ctx, func() {
		v.liftAlarm(alarm)
		cancel(nil)
	}
}

func (v *Virtual) setAlarm(d time.Duration, ring func()) *due.Item[*sleeper] {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.sleepers.Put(v.now.Add(max(d, 0)), &sleeper{ring: ring})
}

func (v *Virtual) liftAlarm(alarm *due.Item[*sleeper]) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case alarm.What.ring == nil: // it was lifted before
		return
	case alarm.Queued():
		v.sleepers.Drop(alarm)
	default:
		v.running--
	}
	alarm.What.ring = nil
}

func (v *Virtual) lieDown(d time.Duration) *due.Item[*sleeper] {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := v.sleepers.Put(v.now.Add(d), &sleeper{woken: make(chan struct{})})
	v.asleep++
	v.running--
	v.advance()
	return s
}

// getUp takes a sleeper whose context ended out of the queue, unless it was woken meanwhile.
func (v *Virtual) getUp(s *due.Item[*sleeper]) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !s.Queued() {
		return
	}
	v.sleepers.Drop(s)
	v.asleep--
	v.running++
}

// advance moves the time when nothing runs, and wakes one sleeper: the earliest, and among equals the one that lay down first, so
// that a rehearsal goes the same way each time. The woken branch is counted as running before it runs. For an alarm alone no time passes.
func (v *Virtual) advance() {
	if v.running > 0 || v.asleep == 0 {
		return
	}
	first := v.sleepers.Take()
	v.now = first.At
	v.running++
	if s := first.What; s.ring != nil {
		s.ring()
		return
	}
	v.asleep--
	close(first.What.woken)
}

type sleeper struct {
	woken chan struct{}
	ring  func() // of an alarm, until it is lifted; nil for who sleeps
}
