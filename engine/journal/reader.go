package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
)

// lineLimit is the longest line in bytes that a Reader accepts. Large results stand in files of their own, so a longer line
// is no record but a damaged or hostile file.
const lineLimit = 64 << 20

// A Reader reads the records of a journal, in order.
//
// A last line that was cut short, as a crash in the middle of a write leaves it, is not an error: nothing can have relied
// on it. Torn tells. Damage anywhere else is an error that names the line.
type Reader struct {
	name  string
	lines *bufio.Scanner
	line  int   // number of the last line read, from 1
	good  int64 // bytes up to the end of the last whole record
	seq   int64
	torn  bool
}

// NewReader reads the journal from in; name is its path in messages.
func NewReader(in io.Reader, name string) *Reader {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, lineLimit)
	lines.Split(wholeLines)
	return &Reader{name: name, lines: lines}
}

// wholeLines splits like bufio.ScanLines but keeps the newline: its absence is how a torn line is known.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i+1], nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}

// Next returns the next record, or io.EOF after the last whole one.
func (r *Reader) Next() (*Record, error) {
	if r.torn || !r.lines.Scan() {
		return nil, r.end()
	}
	r.line++
	text := r.lines.Bytes()
	if text[len(text)-1] != '\n' {
		r.torn = true
		return nil, io.EOF
	}
	size := int64(len(text))
	record, err := r.decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s:%d: %w", r.name, r.line, err)
	}
	r.good += size
	r.seq = record.Seq
	return record, nil
}

func (r *Reader) end() error {
	err := r.lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		return fmt.Errorf("%s:%d: a line of more than %d bytes is not a record", r.name, r.line+1, lineLimit)
	}
	if err != nil {
		return fmt.Errorf("cannot read the journal: %w", err)
	}
	return io.EOF
}

func (r *Reader) decode(text []byte) (*Record, error) {
	if r.line == 1 {
		if err := checkFormat(text); err != nil {
			return nil, err
		}
	}
	record := new(Record)
	if err := json.Unmarshal(text, record); err != nil {
		return nil, fmt.Errorf("not a record: %w", err)
	}
	if err := record.check(); err != nil {
		return nil, err
	}
	if record.Seq != r.seq+1 {
		return nil, fmt.Errorf("record %d follows record %d: the journal was damaged or edited", record.Seq, r.seq)
	}
	return record, nil
}

// checkFormat reads no more of the first line than every format has in common, because the rest may mean something else.
func checkFormat(text []byte) error {
	var first struct {
		Kind Kind `json:"kind"`
		Run  struct {
			Format  int    `json:"format"`
			Version string `json:"version"`
		} `json:"run"`
	}
	if err := json.Unmarshal(text, &first); err != nil || first.Kind != KindRun {
		return errors.New("not a journal: it does not begin with the record of a run")
	}
	if first.Run.Format > Format {
		return fmt.Errorf("written by runbook %s in record format %d; this one reads format %d: use that version or a later one",
			first.Run.Version, first.Run.Format, Format)
	}
	if first.Run.Format < 1 {
		return errors.New("not a journal: its first record names no format")
	}
	return nil
}

// Torn tells, after the last record, that a cut line followed it.
func (r *Reader) Torn() bool { return r.torn }

// All yields the records that are left, and an error in place of the first that cannot be read.
func (r *Reader) All() iter.Seq2[*Record, error] {
	return func(yield func(*Record, error) bool) {
		for {
			record, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			if !yield(record, err) || err != nil {
				return
			}
		}
	}
}

// Read returns the records of the journal at path, and whether a torn line follows them. A journal without a whole record
// is an error: the run died before it began.
func Read(path string) (records []*Record, torn bool, err error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, false, fmt.Errorf("cannot read the journal: %w", err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	r := NewReader(in, path)
	for record, err := range r.All() {
		if err != nil {
			return records, false, err
		}
		records = append(records, record)
	}
	if len(records) == 0 {
		return nil, r.torn, fmt.Errorf("%s holds no record: the run ended before it began", path)
	}
	return records, r.torn, nil
}
