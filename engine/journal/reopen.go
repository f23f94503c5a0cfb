package journal

import (
	"errors"
	"fmt"
	"os"
)

// Reopen continues the journal of a run that died: it takes the run's lock, drops a torn last line, on which nothing can
// rely, and appends after the last whole record. A run that is still in progress is a conflict.
func Reopen(base, id string) (*File, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	f := &File{dir: DirOf(base, id), disk: realDisk{}}
	if _, err := os.Stat(f.dir.Journal()); err != nil {
		return nil, fmt.Errorf("cannot continue run %s: %w", id, err)
	}
	if err := f.open(os.O_APPEND); err != nil {
		return nil, cannotCreate(f.dir.Journal(), err)
	}
	if err := f.seekEnd(); err != nil {
		return nil, errors.Join(err, f.release())
	}
	return f, nil
}

// seekEnd finds the number of the last record and cuts what follows it. What was written before the crash may not be durable,
// which the first durable record puts right.
func (f *File) seekEnd() error {
	in, err := os.Open(f.dir.Journal())
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it is only read
	r := NewReader(in, f.dir.Journal())
	for _, err := range r.All() {
		if err != nil {
			return err
		}
	}
	f.seq = r.seq
	if !r.Torn() {
		return nil
	}
	return os.Truncate(f.dir.Journal(), r.good)
}
