package clock

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// Virtual is a clock that stands still while anything runs, and jumps to the next sleeper's time when everything sleeps.
type Virtual struct {
	mu       sync.Mutex
	now      time.Time
	running  int
	asleep   int // of those that lie in the heap; the others are alarms
	sleepers sleepers
	order    int
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
	case <-s.woken:
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

func (v *Virtual) setAlarm(d time.Duration, ring func()) *sleeper {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &sleeper{until: v.now.Add(max(d, 0)), order: v.order, ring: ring}
	v.order++
	heap.Push(&v.sleepers, s)
	return s
}

func (v *Virtual) liftAlarm(s *sleeper) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case s.ring == nil: // it was lifted before
		return
	case s.index >= 0:
		heap.Remove(&v.sleepers, s.index)
	default:
		v.running--
	}
	s.ring = nil
}

func (v *Virtual) lieDown(d time.Duration) *sleeper {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := &sleeper{until: v.now.Add(d), order: v.order, woken: make(chan struct{})}
	v.order++
	heap.Push(&v.sleepers, s)
	v.asleep++
	v.running--
	v.advance()
	return s
}

// getUp takes a sleeper whose context ended out of the heap, unless it was woken meanwhile.
func (v *Virtual) getUp(s *sleeper) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if s.index < 0 {
		return
	}
	heap.Remove(&v.sleepers, s.index)
	v.asleep--
	v.running++
}

// advance moves the time when nothing runs, and wakes one sleeper: the earliest, and among equals the one that lay down first, so
// that a rehearsal goes the same way each time. The woken branch is counted as running before it runs. For an alarm alone no time passes.
func (v *Virtual) advance() {
	if v.running > 0 || v.asleep == 0 {
		return
	}
	s := heap.Pop(&v.sleepers).(*sleeper)
	v.now = s.until
	v.running++
	if s.ring != nil {
		s.ring()
		return
	}
	v.asleep--
	close(s.woken)
}

type sleeper struct {
	until time.Time
	order int
	index int // in the heap, -1 once woken
	woken chan struct{}
	ring  func() // of an alarm, until it is lifted; nil for who sleeps
}

type sleepers []*sleeper

func (s sleepers) Len() int { return len(s) }

func (s sleepers) Less(i, j int) bool {
	if !s[i].until.Equal(s[j].until) {
		return s[i].until.Before(s[j].until)
	}
	return s[i].order < s[j].order
}

func (s sleepers) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

func (s *sleepers) Push(x any) {
	item := x.(*sleeper)
	item.index = len(*s)
	*s = append(*s, item)
}

func (s *sleepers) Pop() any {
	old := *s
	item := old[len(old)-1]
	*s = old[:len(old)-1]
	item.index = -1
	return item
}
