package journal

import (
	"errors"
	"fmt"
	"path/filepath"
)

// sync returns when record seq is durable. Branches that wait here at the same time share one fsync: whoever comes first
// makes every line durable that was written by then, and the others find theirs done.
func (f *File) sync(seq int64) error {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	if f.synced >= seq {
		return nil
	}
	f.mu.Lock()
	last, err := f.seq, f.broken
	f.mu.Unlock()
	if err != nil {
		return err
	}
	if err := f.syncAll(); err != nil {
		// The kernel may have dropped what it could not write and report success next time, so there is no second try.
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.fail(f.dir.Journal(), "sync", err)
	}
	f.synced = last
	return nil
}

// syncAll makes the journal durable, and the first time, inside out, the folders that it is in: one that is found after a crash
// is found whole. A file that somebody removed takes everything that is written and keeps nothing.
func (f *File) syncAll() error {
	if err := errors.Join(f.out.Sync(), f.disk.Find(f.dir.Journal())); err != nil || f.synced > 0 {
		return err
	}
	return errors.Join(f.disk.SyncDir(string(f.dir)), f.disk.SyncDir(filepath.Dir(string(f.dir))))
}

// fail makes every later Write fail like this one. f.mu is held.
func (f *File) fail(path, verb string, err error) error {
	if f.broken == nil {
		f.broken = cannotWrite(f.dir, path, verb, err)
	}
	return f.broken
}

// Close makes every record durable if one had to be, closes the journal and gives the run's lock back. Closing again does nothing.
func (f *File) Close() error {
	f.syncing.Lock()
	defer f.syncing.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	f.mu.Lock()
	defer f.mu.Unlock()
	var err error
	if f.broken == nil && f.synced > 0 && f.synced < f.seq {
		err = f.out.Sync()
	}
	if err = errors.Join(err, f.release()); err != nil {
		return f.fail(f.dir.Journal(), "close", err)
	}
	if f.broken == nil {
		f.broken = fmt.Errorf("journal: the run %s has ended: its journal is closed", f.dir.ID())
	}
	return nil
}

func (f *File) release() error { return errors.Join(f.out.Close(), f.lock.Close()) }
