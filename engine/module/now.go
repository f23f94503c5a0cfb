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

// Now is the time of the run as the calling branch of the script knows it. It stands still between what the branch gets from outside,
// so that a pure function gives the same again when the run is taken up or replayed. Outside of a run it is the machine's time.
func Now(ctx context.Context) time.Time {
	if now, ok := ctx.Value(nowKey{}).(func(context.Context) time.Time); ok {
		return now(ctx)
	}
	return time.Now()
}
