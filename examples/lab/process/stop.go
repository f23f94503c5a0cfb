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

// Stop ends the recorded servers, the last started first, and waits until each has gone. Servers that ended by
// themselves, and numbers that now belong to another process, are left alone.
func Stop(ctx context.Context, records []Record) error {
	var failed error
	for _, r := range slices.Backward(records) {
		if err := r.stop(ctx); err != nil {
			failed = errors.Join(failed, fmt.Errorf("stop %s, process %d: %w", r.Name, r.PID, err))
		}
	}
	return failed
}

// Alive returns the records whose process still runs.
func Alive(records []Record) []Record {
	return slices.DeleteFunc(slices.Clone(records), func(r Record) bool { return !r.alive() })
}

func (r Record) stop(ctx context.Context) error {
	for _, attempt := range []struct {
		signal syscall.Signal
		wait   time.Duration
	}{{syscall.SIGTERM, grace}, {syscall.SIGKILL, lastWait}} {
		gone, err := r.signal(ctx, attempt.signal, attempt.wait)
		if gone || err != nil {
			return err
		}
	}
	return errors.New("it does not end; look at it with ps")
}

// signal sends sig and reports whether the process went within the time given. It goes to the whole group, which
// has the leader's number: a server's children go with it, and no group can take that number while the leader lives.
func (r Record) signal(ctx context.Context, sig syscall.Signal, wait time.Duration) (gone bool, err error) {
	if !r.alive() {
		return true, nil
	}
	if err := syscall.Kill(-r.PID, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
		return false, err
	}
	for deadline := time.Now().Add(wait); time.Now().Before(deadline); {
		if !r.alive() {
			return true, nil
		}
		select {
		case <-ctx.Done():
			return false, ctx.Err()
		case <-time.After(glance):
		}
	}
	return false, nil
}
