package process

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"
)

const (
	grace    = 5 * time.Second // between the polite signal and the other one
	lastWait = 5 * time.Second // for the system to take the process away
	glance   = 20 * time.Millisecond
)

// Stop ends the recorded servers, all at once, and waits until each has gone. Servers that ended by themselves, and
// numbers that now belong to another process, are left alone.
func Stop(ctx context.Context, records []Record) error {
	left := Alive(records)
	for _, attempt := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, grace}, {syscall.SIGKILL, lastWait}} {
		for _, r := range left {
			if err := r.signal(attempt.signal); err != nil {
				return fmt.Errorf("stop %s, process %d: %w", r.Name, r.PID, err)
			}
		}
		var err error
		if left, err = waitGone(ctx, left, attempt.wait); err != nil || len(left) == 0 {
			return err
		}
	}
	var failed error
	for _, r := range left {
		failed = errors.Join(failed, fmt.Errorf("stop %s, process %d: it does not end; look at it with ps", r.Name, r.PID))
	}
	return failed
}

// Alive returns the records whose process still runs.
func Alive(records []Record) []Record {
	return slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return !r.alive() })
}

// signal goes to the whole group, which has the leader's number: a server's children go with it, and no group can take that
// number while the leader lives.
func (r Record) signal(sig syscall.Signal) error {
	if !r.alive() {
		return nil
	}
	if err := syscall.Kill(-r.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	return nil
}

// waitGone waits until all have gone or the time is up, and returns those that are left.
func waitGone(ctx context.Context, records []Record, wait time.Duration) (left []Record, err error) {
	for deadline := time.Now().Add(wait); time.Now().Before(deadline); {
		if left = Alive(records); len(left) == 0 {
			return nil, nil
		}
		select {
		case <-ctx.Done():
			return left, ctx.Err()
		case <-time.After(glance):
		}
	}
	return left, nil
}
