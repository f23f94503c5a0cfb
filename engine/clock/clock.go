// Package clock is the time of a run: the real one, or a virtual one that moves only when every branch of the script waits on it,
// so that a rehearsal of fifteen minutes takes milliseconds.
//
// Nothing else in the project reads the time or sleeps for a script. Read next: virtual.go.
package clock

import (
	"context"
	"time"
)

// A Clock is the time of a run.
type Clock interface {
	// Now is the current time.
	Now() time.Time
	// Sleep returns after d, or with the context's cause when it ends first.
	Sleep(ctx context.Context, d time.Duration) error
	// WithTimeout is context.WithTimeout in the time of this clock. Its cause is context.DeadlineExceeded.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
	// Start and Stop count the branches of a script that are running, as opposed to waiting for other branches.
	Start()
	Stop()
}

// Real is the machine's clock.
type Real struct{}

// Now is the machine's time.
func (Real) Now() time.Time { return time.Now() }

// Sleep waits on the machine's clock.
func (Real) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// WithTimeout ends on the machine's clock.
func (Real) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

// Start does nothing: real time moves by itself.
func (Real) Start() {}

// Stop does nothing.
func (Real) Stop() {}
