package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/gofrs/flock"
)

// A File is the journal of a run in progress: a Sink that makes records durable. It is safe for concurrent branches.
//
// Every record is handed to the operating system with one write before Write returns, so the death of this process loses
// nothing. The death of the machine may lose reads, which can be read again, and all of a run that did nothing else, but
// nothing that a person must be able to rely on: see durable. Close ends it; the run's lock is held until then.
type File struct {
	dir  Dir
	disk disk
	lock *flock.Flock

	mu     sync.Mutex // guards what follows: lines stand in the file in the order of their numbers
	out    file
	seq    int64 // of the last record written
	line   bytes.Buffer
	broken error // why nothing more can be written

	syncing sync.Mutex // taken before mu; guards what follows
	synced  int64      // number of the last record known to be durable; 0 as long as nothing has to be
	closed  bool
}

// durable tells whether a record of that kind is on the disk when Write returns, with all before it: what was about to be
// sent, what came of it, and what a person decided. A resume cannot find these out by looking again. How the run ended is on
// the disk when it is closed, if there was anything of these: to look takes a few milliseconds, and a disk that is busy takes
// longer than that for each time.
func durable(kind Kind) bool {
	switch kind {
	case KindIntent, KindOutcome, KindConsent, KindAnswer:
		return true
	}
	return false
}

// Create makes the directory of a new run below base, creating base where needed, and takes the run's lock. An id that is
// taken is an error.
func Create(base, id string) (*File, error) { return create(realDisk{}, base, id) }

func create(disk disk, base, id string) (*File, error) {
	if err := checkID(id); err != nil {
		return nil, err
	}
	f := &File{dir: DirOf(base, id), disk: disk}
	if err := f.makeDir(base); err != nil {
		return nil, cannotCreate(f.dir.Journal(), err)
	}
	return f, nil
}

func (f *File) makeDir(base string) error {
	if err := f.disk.MakeAll(base); err != nil {
		return err
	}
	if err := f.disk.Make(string(f.dir)); err != nil {
		return err
	}
	return f.open(os.O_CREATE | os.O_EXCL | os.O_APPEND)
}

// open takes the lock, then opens the journal.
func (f *File) open(flag int) error {
	lock, err := hold(f.dir)
	if err != nil {
		return err
	}
	out, err := f.disk.Open(f.dir.Journal(), flag)
	if err != nil {
		return errors.Join(err, lock.Close())
	}
	f.lock, f.out = lock, out
	return nil
}

// AttachPlan keeps the plan that the run applies beside the journal, durable when it returns.
func (f *File) AttachPlan(text []byte) error {
	out, err := f.disk.Open(f.dir.Plan(), os.O_CREATE|os.O_TRUNC)
	if err != nil {
		return cannotCreate(f.dir.Plan(), err)
	}
	_, err = out.Write(text)
	if err = errors.Join(err, out.Sync(), out.Close(), f.disk.SyncDir(string(f.dir))); err != nil {
		return cannotCreate(f.dir.Plan(), err)
	}
	return nil
}

// Dir is the directory of the run.
func (f *File) Dir() Dir { return f.dir }

// Write appends the record as one line and sets its Seq, counted from 1. It does not change the record otherwise. A recalled
// record stands in the file already and is left out. Once a write has failed every later one fails with the same error: a
// journal with a gap would be worse than a short one.
func (f *File) Write(r *Record) error {
	if r.Recalled {
		return nil
	}
	if err := r.check(); err != nil {
		return fmt.Errorf("journal: %w", err)
	}
	seq, err := f.append(r)
	if err != nil {
		return err
	}
	if !durable(r.Kind) {
		return nil
	}
	return f.sync(seq)
}

func (f *File) append(r *Record) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken != nil {
		return 0, f.broken
	}
	if err := f.encode(r, f.seq+1); err != nil {
		return 0, err
	}
	if _, err := f.out.Write(f.line.Bytes()); err != nil {
		return 0, f.fail(f.dir.Journal(), "write", err)
	}
	f.seq++
	r.Seq = f.seq
	return f.seq, nil
}

// encode fills f.line from a copy of the record. A record that cannot be encoded is its maker's fault and breaks nothing.
func (f *File) encode(r *Record, seq int64) error {
	numbered := *r
	numbered.Seq = seq
	if r.Outcome != nil {
		outcome := *r.Outcome
		if err := f.storeResult(&outcome.Returned, seq, durable(r.Kind)); err != nil {
			return err
		}
		numbered.Outcome = &outcome
	}
	if r.Intent != nil {
		intent := *r.Intent
		if err := f.storeResult(&intent.Returned, seq, durable(r.Kind)); err != nil {
			return err
		}
		numbered.Intent = &intent
	}
	f.line.Reset()
	if err := EncodeResult(&f.line, &numbered); err != nil {
		return fmt.Errorf("journal: cannot encode record %d (%s): %w", seq, r.Kind, err)
	}
	f.line.WriteByte('\n')
	if f.line.Len() > lineLimit {
		return fmt.Errorf("journal: record %d (%s) has %d bytes, which no reader would accept", seq, r.Kind, f.line.Len())
	}
	return nil
}
