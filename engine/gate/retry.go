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

// longestPause is how long a server may ask to wait. What asks for longer is a matter for people.
const longestPause = 30 * time.Second

// pauseBefore is how long to wait before another attempt; ok is false if there is to be none. A server that says when it wants to be
// asked again is not asked before.
func pauseBefore(attempt int, err error) (pause time.Duration, ok bool) {
	if attempt > len(backoff) {
		return 0, false
	}
	pause = max(backoff[attempt-1], askedToWait(err))
	return pause, pause <= longestPause
}

// askedToWait is how long the other side wants to be left alone; zero if it does not say.
func askedToWait(err error) time.Duration {
	if e, is := errors.AsType[*action.Error](err); is {
		return e.After
	}
	return 0
}

// retry calls fn again while it fails with an error that says nothing was changed and the same may succeed.
func (g *Gate) retry(ctx context.Context, fn func() (any, error)) (value any, attempts int, err error) {
	for attempts = 1; ; attempts++ {
		value, err = fn()
		if err == nil || !retryable(err) {
			return value, attempts, err
		}
		pause, again := pauseBefore(attempts, err)
		if !again {
			return value, attempts, err
		}
		if g.opts.Outside.Sleep(ctx, pause) != nil {
			return nil, attempts, err
		}
	}
}

func retryable(err error) bool {
	var e *action.Error
	return errors.As(err, &e) && e.Retryable
}
