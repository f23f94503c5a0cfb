// Package lock keeps two labs out of one folder. The system drops a lock with its holder, so that a crash never
// leaves one behind.
package lock

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

const pause = 200 * time.Millisecond

// Wait takes the lock at path. If somebody else has it, it calls waiting once and tries until ctx ends.
func Wait(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the lock: %w", err)
	}
	for told := false; ; told = true {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil //nolint:errcheck // whatever Close says, the lock is gone
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			file.Close() //nolint:errcheck // nothing was written
			return nil, fmt.Errorf("take the lock %s: %w", path, err)
		}
		if !told {
			waiting()
		}
		select {
		case <-ctx.Done():
			file.Close() //nolint:errcheck // nothing was written
			return nil, fmt.Errorf("wait for the lock %s: %w", path, ctx.Err())
		case <-time.After(pause):
		}
	}
}
