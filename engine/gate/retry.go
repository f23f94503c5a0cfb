package gate

import (
	"context"
	"errors"
	"time"

	"runbook/engine/action"
)

// backoff are the pauses between attempts. They are short: a person is waiting, and a cluster that stays away longer than this
// should be said to be away.
var backoff = []time.Duration{250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2 * time.Second}

// retry calls fn again while it fails with an error that says nothing was changed and the same may succeed.
func (g *Gate) retry(ctx context.Context, fn func() (any, error)) (value any, attempts int, err error) {
	for attempts = 1; ; attempts++ {
		value, err = fn()
		if err == nil || !retryable(err) || attempts > len(backoff) {
			return value, attempts, err
		}
		if g.opts.Outside.Sleep(ctx, backoff[attempts-1]) != nil {
			return nil, attempts, err
		}
	}
}

func retryable(err error) bool {
	var e *action.Error
	return errors.As(err, &e) && e.Retryable
}
