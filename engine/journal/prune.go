package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"runbook/engine/action"
)

// Prune removes the runs below base that the limits do not keep, and returns those that it removed. What cannot be removed keeps
// nothing else from being removed.
func Prune(base string, keep Limits, now time.Time) ([]Old, error) {
	failed := sweep(base)
	old, err := Excess(base, keep, now)
	failed = errors.Join(failed, err)
	var removed []Old
	for _, run := range old {
		err := remove(run.Dir)
		switch {
		case err == nil:
			removed = append(removed, run)
		case errors.Is(err, fs.ErrNotExist), action.CodeOf(err) == action.CodeConflict:
			// Somebody else removed it, or resumes it at this moment.
		default:
			failed = errors.Join(failed, fmt.Errorf("cannot remove the run %s: %w", run.Dir.ID(), err))
		}
	}
	return removed, failed
}

// remove takes the run's lock, so that nobody writes to it, and its name away first: a run is there as a whole or not at all,
// whatever interrupts this. Who waits for the lock meanwhile finds no journal behind it.
func remove(d Dir) error {
	if _, err := os.Stat(string(d)); err != nil {
		return err // taking the lock of nothing must not create it
	}
	lock, err := hold(d)
	if err != nil {
		return err
	}
	defer lock.Close() //nolint:errcheck // whatever Close says, the lock is gone
	if err := os.Rename(string(d), d.grave()); err != nil {
		return err
	}
	return os.RemoveAll(d.grave())
}

// grave is the name of a run that is being removed. Runs does not take it for one.
func (d Dir) grave() string { return filepath.Join(filepath.Dir(string(d)), "."+d.ID()+".removed") }

var graveForm = regexp.MustCompile(`^\.\d{8}-\d{6}-[a-z0-9]{4}\.removed$`)

// sweep removes what a removal left that did not come to its end. One that is under way loses nothing by it.
func sweep(base string) error {
	entries, err := os.ReadDir(base)
	if err != nil {
		return nil // Runs says so, unless there is nothing to say
	}
	var failed error
	for _, e := range entries {
		if !graveForm.MatchString(e.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(base, e.Name())); err != nil {
			failed = errors.Join(failed, fmt.Errorf("cannot remove what is left of an old run: %w", err))
		}
	}
	return failed
}
