package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// How a run stands that has no last record. No record has these: they are what is found when a run is looked at.
const (
	Underway Status = "running" // its process is alive and holds its lock
	Died     Status = "died"    // its process went away without a last word
)

// tailBudget bounds what is read of a journal's end for its Summary. Few journals are longer; of those, a verdict that was given
// before the last megabyte is left out of a list, and `runs show` has it.
const tailBudget = 1 << 20

// A Summary is what can be told of a run without reading all of its journal.
type Summary struct {
	Dir     Dir
	Began   time.Time
	Run     *Run
	Status  Status        // as in its last record, or Underway or Died
	End     *End          // nil unless the run ended
	Verdict *Verdict      // the last one; nil if there is none
	Actions int           // done, or intended in a dry run; of a run without an end: how many it set out to do
	Elapsed time.Duration // up to the last record

	highest int // number of an action that was seen in the tail
}

// Head reads the first record of the run in d, which says what ran, where and for whom.
func Head(d Dir) (*Record, error) {
	in, err := os.Open(d.Journal())
	if err != nil {
		return nil, fmt.Errorf("cannot read the journal: %w", err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	head, err := NewReader(in, d.Journal()).Next()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s holds no record: the run ended before it began", d.Journal())
	}
	return head, err
}

// beginTime is how long a run may take from its directory to its first record.
const beginTime = time.Minute

// Beginning tells whether there is nothing in d yet because the run has only just been given its directory. It does not ask for the
// lock, which the run is about to take.
func Beginning(d Dir, now time.Time) bool {
	journal, err := os.Stat(d.Journal())
	if err == nil && journal.Size() > 0 || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	info, err := os.Stat(string(d))
	return err == nil && now.Sub(info.ModTime()) < beginTime
}

// Summarize sums up the run in d, whose first record is head, from the end of its journal. Damage before that goes unnoticed.
func Summarize(d Dir, head *Record) (*Summary, error) {
	// The lock comes first: a run that ends between the two has its last record by then, and is not taken for dead.
	running, err := Running(d)
	if err != nil {
		return nil, err
	}
	s := &Summary{Dir: d, Began: head.Time, Run: head.Run, Status: Died}
	if running {
		s.Status = Underway
	}
	if err := s.readTail(); err != nil {
		return nil, err
	}
	if s.Run.Scenario() != "" {
		s.Began = s.Run.Began()
	}
	return s, nil
}

func (s *Summary) readTail() error {
	in, err := os.Open(s.Dir.Journal())
	if err != nil {
		return fmt.Errorf("cannot read the journal: %w", err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	info, err := in.Stat()
	if err != nil {
		return fmt.Errorf("cannot read the journal: %w", err)
	}
	t := newTail(in, info.Size(), tailBudget)
	if err := s.last(t); err != nil {
		return err
	}
	return s.rest(t)
}

// last reads the last record, which alone says whether the run ended: one that was resumed has an earlier end as well.
func (s *Summary) last(t *tail) error {
	line, err := t.previous()
	if errors.Is(err, io.EOF) {
		return nil // the last record is longer than the budget, and so no end
	}
	if err != nil {
		return s.cannotRead(err)
	}
	var last Record
	if err := json.Unmarshal(line, &last); err != nil {
		return s.cannotRead(fmt.Errorf("its last line is not a record: %w", err))
	}
	if err := last.check(); err != nil {
		return s.cannotRead(fmt.Errorf("its last line is %w", err))
	}
	s.Elapsed = last.Time.Sub(s.Began)
	if s.take(&last); last.Kind == KindEnd {
		s.End, s.Status, s.Actions, s.Elapsed = last.End, last.End.Status, last.End.Actions, last.End.Elapsed
	}
	return nil
}

// rest goes back through the records until everything is known.
func (s *Summary) rest(t *tail) error {
	for s.Verdict == nil || s.End == nil {
		line, err := t.previous()
		if errors.Is(err, io.EOF) {
			if t.spent() && s.End == nil { // not every intent was seen, but they are numbered
				s.Actions = max(s.Actions, s.highest)
			}
			return nil
		}
		if err != nil {
			return s.cannotRead(err)
		}
		if !tellsMore(line) {
			continue
		}
		var r Record
		if json.Unmarshal(line, &r) == nil && r.check() == nil { // damage here is for a whole reading to report
			s.take(&r)
		}
	}
	return nil
}

// take keeps what a record adds. Records come from the last to the first.
func (s *Summary) take(r *Record) {
	switch {
	case r.Kind == KindVerdict && s.Verdict == nil:
		s.Verdict = r.Verdict
	case r.Kind == KindIntent && s.End == nil:
		s.Actions++
		s.highest = max(s.highest, r.Intent.Number)
	}
}

// kindPlace is how far into a line its kind stands, behind the number and the time.
const kindPlace = 128

var (
	intentMark  = []byte(`"kind":"` + KindIntent + `"`)
	verdictMark = []byte(`"kind":"` + KindVerdict + `"`)
)

// tellsMore tells whether a line is worth decoding, without decoding it.
func tellsMore(line []byte) bool {
	begin := line[:min(len(line), kindPlace)]
	return bytes.Contains(begin, verdictMark) || bytes.Contains(begin, intentMark)
}

func (s *Summary) cannotRead(err error) error { return fmt.Errorf("%s: %w", s.Dir.Journal(), err) }
