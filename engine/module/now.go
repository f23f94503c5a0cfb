package module

import (
	"context"
	"time"
)

// A nowKey is the context key of the run's time.
type nowKey struct{}

// WithNow returns a context in which Now is what the function says for the context that Now is asked with.
func WithNow(ctx context.Context, now func(context.Context) time.Time) context.Context {
	return context.WithValue(ctx, nowKey{}, now)
}

// Outside is the time of the outside world of a run: the machine's, or that of a simulated site.
type Outside interface {
	Now() time.Time
	// Sleep returns after d, or with the context's cause when it ends first.
	Sleep(ctx context.Context, d time.Duration) error
	// WithTimeout is context.WithTimeout in this time.
	WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc)
}

type outsideKey struct{}

// WithOutside returns a context in which OutsideOf is that time.
func WithOutside(ctx context.Context, o Outside) context.Context {
	return context.WithValue(ctx, outsideKey{}, o)
}

// OutsideOf is the time by which to measure how long the outside world takes. Unlike Now it goes on while a call lasts.
func OutsideOf(ctx context.Context) Outside {
	if o, ok := ctx.Value(outsideKey{}).(Outside); ok {
		return o
	}
	return machine{}
}

// machine is the time of this machine.
type machine struct{}

func (machine) Now() time.Time { return time.Now() }

func (machine) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (machine) WithTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, d)
}

// A runbookKey is the context key of the runbook's name.
type runbookKey struct{}

// WithRunbook returns a context in which RunbookOf is that name.
func WithRunbook(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, runbookKey{}, name)
}

// RunbookOf is the name of the runbook that is run, "" outside of a run.
func RunbookOf(ctx context.Context) string {
	name, _ := ctx.Value(runbookKey{}).(string)
	return name
}

// Now is the time of the run as the calling branch of the script knows it. It stands still between what the branch gets from outside,
// so that a pure function gives the same again when the run is taken up or replayed. Outside of a run it is the machine's time.
func Now(ctx context.Context) time.Time {
	if now, ok := ctx.Value(nowKey{}).(func(context.Context) time.Time); ok {
		return now(ctx)
	}
	return time.Now()
}
