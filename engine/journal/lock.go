package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/gofrs/flock"

	"runbook/engine/action"
)

// hold takes the run's lock for as long as its process lives. The kernel drops it when the process dies, however it dies, so
// nothing is ever left "running" by a crash.
func hold(d Dir) (*flock.Flock, error) {
	lock := flock.New(d.lock(), flock.SetPermissions(0o600))
	held, err := lock.TryLock()
	if err != nil {
		return nil, err
	}
	if !held {
		return nil, action.Errorf(action.CodeConflict, "run %s is still in progress: another process writes to it", d.ID()).
			Try("`runbook runs show %s` shows how far it is", d.ID())
	}
	return lock, nil
}

// Running tells whether some process is carrying out the run in d at this moment.
func Running(d Dir) (bool, error) {
	if _, err := os.Stat(d.lock()); errors.Is(err, fs.ErrNotExist) {
		return false, nil // asking must not create the lock file
	}
	lock := flock.New(d.lock(), flock.SetPermissions(0o600))
	// A shared lock is enough to learn it, and two who ask at once do not take each other for the run.
	free, err := lock.TryRLock()
	if err != nil {
		return false, fmt.Errorf("cannot tell whether run %s is in progress: %w", d.ID(), err)
	}
	return !free, lock.Close()
}
