package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"

	"runbook/engine/action"
	"runbook/engine/command"
)

// A Sealer writes records to one file that ends with their checksum: a plan or a cassette. Results stand in the records, not beside
// them. It is a Sink, not safe for concurrent use.
//
// The seal tells whether a file is as it was written, down to the byte. It is no signature: who can write the file can seal it anew.
type Sealer struct {
	out  io.Writer
	sum  hash.Hash
	seq  int64
	line bytes.Buffer
}

// NewSealer makes a Sealer that writes to out.
func NewSealer(out io.Writer) *Sealer { return &Sealer{out: out, sum: sha256.New()} }

// Write appends the record as one line. Records are numbered anew from 1.
func (s *Sealer) Write(r *Record) error {
	numbered := *r
	numbered.Seq = s.seq + 1
	s.line.Reset()
	if err := EncodeResult(&s.line, &numbered); err != nil {
		return fmt.Errorf("cannot encode record %d (%s): %w", numbered.Seq, r.Kind, err)
	}
	s.line.WriteByte('\n')
	if s.line.Len() > lineLimit {
		return fmt.Errorf("record %d (%s) has %d bytes, which no reader would accept", numbered.Seq, r.Kind, s.line.Len())
	}
	s.sum.Write(s.line.Bytes())
	if _, err := s.out.Write(s.line.Bytes()); err != nil {
		return err
	}
	s.seq++
	return nil
}

// Seal ends the file and returns its checksum.
func (s *Sealer) Seal(kind string) (string, error) {
	sum := hex.EncodeToString(s.sum.Sum(nil))
	return sum, s.Write(&Record{Kind: KindSeal, Seal: &Seal{Kind: kind, SHA256: sum, Records: s.seq}})
}

// The kinds of sealed files, as their seals have them.
const (
	PlanFile  = "plan"
	Recording = "cassette"
)

// callings are what people call a kind of sealed file, and what they type for one.
var callings = map[string]struct{ name, command string }{
	"":        {"plan or recording", ""},
	PlanFile:  {"plan", "runbook apply"},
	Recording: {"recording", "runbook replay"},
}

// A Sealed is a plan or a recording that is as it was written.
type Sealed struct {
	Path    string
	Kind    string
	Sum     string    // its checksum
	Records []*Record // without the seal
}

// OpenSealed reads a sealed file of whatever kind. One that is not as it was sealed is an error.
func OpenSealed(path string) (*Sealed, error) { return openSealed(path, "") }

// ReadSealed returns the records of a plan or recording without its seal, and its checksum. A file that is not as it was sealed, or is
// of another kind, is an error.
func ReadSealed(path, kind string) (records []*Record, sum string, err error) {
	s, err := openSealed(path, kind)
	if err != nil {
		return nil, "", err
	}
	return s.Records, s.Sum, nil
}

func openSealed(path, kind string) (*Sealed, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, action.Errorf(action.CodeNotFound, "cannot read the %s: %w", callings[kind].name, err)
	}
	return ParseSealed(text, path, kind)
}

// ParseSealed is ReadSealed of a text. It wants a kind, or none for any.
func ParseSealed(text []byte, name, kind string) (*Sealed, error) {
	var records []*Record
	r := NewReader(bytes.NewReader(text), name)
	for record, err := range r.All() {
		if err != nil {
			return nil, unsealed(name, kind, err)
		}
		records = append(records, record)
	}
	if len(records) == 0 || r.Torn() || records[len(records)-1].Kind != KindSeal {
		return nil, unsealed(name, kind, errors.New("it does not end with its seal: it was cut short, or is something else"))
	}
	seal := records[len(records)-1].Seal
	records = records[:len(records)-1]
	body := text[:bytes.LastIndexByte(bytes.TrimSuffix(text, []byte("\n")), '\n')+1]
	if sum, rest := sealOf(body, seal.Kind, int64(len(records))); sum != seal.SHA256 || !bytes.Equal(rest, text[len(body):]) {
		return nil, unsealed(name, kind, errors.New("it was altered since it was written: its checksum does not fit"))
	}
	if kind != "" && seal.Kind != kind {
		return nil, another(name, kind, seal.Kind)
	}
	return &Sealed{Path: name, Kind: seal.Kind, Sum: seal.SHA256, Records: records}, nil
}

// sealOf is the seal that belongs behind a body, and its checksum.
func sealOf(body []byte, kind string, records int64) (sum string, line []byte) {
	var out bytes.Buffer
	s := NewSealer(&out)
	s.sum.Write(body)
	s.seq = records
	sum, err := s.Seal(kind)
	if err != nil { // a buffer takes everything
		return "", nil
	}
	return sum, out.Bytes()
}

func unsealed(name, kind string, why error) error {
	return action.Errorf(action.CodeInvalid, "%s is not a %s that can be relied on: %w; nothing was done", name, callings[kind].name, why).
		Try("get it again from where it was made, or make a new one")
}

// another is the error of a whole file of another kind, which has a use of its own.
func another(name, wanted, is string) error {
	err := action.Errorf(action.CodeInvalid, "%s is a %s, not a %s; nothing was done", name, callings[is].name, callings[wanted].name)
	if use := callings[is].command; use != "" {
		return err.Try("%s %s", use, command.Quote(name))
	}
	return err
}
