package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"

	"runbook/engine/action"
)

// resultLimit is the size in bytes above which a result gets a file of its own: a line of a journal should stay readable.
const resultLimit = 16 << 10

// storeResult encodes what a call returned, a large one into a file of its own. f.mu is held.
func (f *File) storeResult(o *Returned, seq int64, durable bool) error {
	value := o.Value
	if value == nil {
		if len(o.Result) <= resultLimit {
			return nil
		}
		value = o.Result
	}
	ref := path.Join("results", fmt.Sprintf("%d.json", seq))
	s := spill{open: func() (file, error) { return f.openResult(ref) }}
	encoding := EncodeResult(&s, value)
	if err := s.finish(durable); err != nil {
		return f.fail(f.dir.file(ref), "write", err)
	}
	if encoding != nil {
		return fmt.Errorf("journal: cannot encode the result of record %d: %w", seq, encoding)
	}
	if s.out == nil {
		o.Result = s.head.Bytes()
		return nil
	}
	o.Result, o.Ref = nil, ref
	if !durable {
		return nil
	}
	if err := errors.Join(f.disk.SyncDir(f.dir.file("results")), f.disk.SyncDir(string(f.dir))); err != nil {
		return f.fail(f.dir.file(ref), "sync", err)
	}
	return nil
}

func (f *File) openResult(ref string) (file, error) {
	if err := f.disk.MakeAll(f.dir.file("results")); err != nil {
		return nil, err
	}
	return f.disk.Open(f.dir.file(ref), os.O_CREATE|os.O_TRUNC)
}

// A spill holds what is written to it as long as that is small, then pours it into a file.
type spill struct {
	open func() (file, error)
	head bytes.Buffer
	out  file  // nil as long as all is in head
	err  error // of the file
}

func (s *spill) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	if s.out == nil && s.head.Len()+len(p) <= resultLimit {
		return s.head.Write(p)
	}
	var n int
	if s.err = s.pour(); s.err == nil {
		n, s.err = s.out.Write(p)
	}
	return n, s.err
}

// pour opens the file, if it is not open yet, and empties head into it.
func (s *spill) pour() error {
	if s.out != nil {
		return nil
	}
	out, err := s.open()
	if err != nil {
		return err
	}
	s.out = out
	_, err = s.head.WriteTo(out)
	return err
}

// finish closes the file, if there is one, and returns the first error that it gave.
func (s *spill) finish(durable bool) error {
	if s.out == nil {
		return s.err
	}
	if s.err == nil && durable {
		s.err = s.out.Sync()
	}
	return errors.Join(s.err, s.out.Close())
}

// LoadResult returns what a call in the journal of d returned, from the file beside it where it is large. It is a
// NotFound error when the machine died before a read's large result reached the disk: the read has to be made again.
func LoadResult(d Dir, o *Returned) (json.RawMessage, error) {
	if o.Ref == "" {
		return o.Result, nil
	}
	// A journal may come from another machine, so a reference must not lead out of its directory, not even by a link.
	in, err := os.OpenInRoot(string(d), filepath.FromSlash(o.Ref))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, lost(d, o.Ref)
	}
	if err != nil {
		return nil, fmt.Errorf("cannot read a result of run %s: %w", d.ID(), err)
	}
	defer in.Close() //nolint:errcheck // it is only read
	raw, err := io.ReadAll(in)
	if err != nil {
		return nil, fmt.Errorf("cannot read a result of run %s: %w", d.ID(), err)
	}
	if !json.Valid(raw) {
		return nil, lost(d, o.Ref)
	}
	return raw, nil
}

func lost(d Dir, ref string) error {
	return action.Errorf(action.CodeNotFound, "the result %s of run %s did not survive the end of the run", ref, d.ID())
}

// Returns is what a call returned, for a record. Secrets are not in it: they have to be read again when the run is taken up.
func Returns(value any) Returned {
	plain, table := lua(value)
	sealed := action.HoldsSecret(value)
	return Returned{Value: plain, Table: table, Masked: sealed, Sealed: sealed}
}

// maxInteger is the largest integer up to which a Lua number holds every integer: 2^53. A larger one is a string in Lua.
const maxInteger = 1 << 53

// lua is a value as Lua has it, where JSON would not tell: large integers as strings, so that a large number in a record was a float,
// and no list that is null. It tells whether a script gets tables of its own for its objects and lists, instead of read-only objects.
func lua(value any) (plain any, table bool) {
	switch v := value.(type) {
	case int64:
		if v > maxInteger || v < -maxInteger {
			return strconv.FormatInt(v, 10), false
		}
	case []string:
		if v == nil {
			return []string{}, false
		}
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name], _ = lua(member)
		}
		return out, true
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i], _ = lua(item)
		}
		return out, true
	}
	return value, false
}

// Recorded is what the call returned, as the script got it.
func (r *Returned) Recorded() (any, error) {
	switch {
	case r.Value != nil:
		return r.Value, nil
	case r.Ref != "":
		return nil, fmt.Errorf("the result %s was not loaded", r.Ref)
	case len(r.Result) == 0:
		return nil, nil
	case !r.Table && !r.Sealed && !isNumber(r.Result):
		return r.Result, nil
	}
	var value any
	if err := json.Unmarshal(r.Result, &value); err != nil {
		return nil, fmt.Errorf("cannot read a recorded result: %w", err)
	}
	if r.Sealed {
		value = neverPrinted(value)
	}
	return value, nil
}

// neverPrinted is a value in which a mark is a secret again, though one of which nothing is known.
func neverPrinted(v any) any {
	switch v := v.(type) {
	case string:
		if v == action.Masked {
			return action.NewSecret(v)
		}
	case map[string]any:
		for name, member := range v {
			v[name] = neverPrinted(member)
		}
	case []any:
		for i, item := range v {
			v[i] = neverPrinted(item)
		}
	}
	return v
}

func isNumber(raw json.RawMessage) bool { return raw[0] == '-' || '0' <= raw[0] && raw[0] <= '9' }
