package journal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"runbook/engine/action"
)

// A Dir is the directory of one run: its journal, its large results and its lock. It is named after the run's id.
type Dir string

// DirOf returns the directory of the run with that id below base, whether or not there is one.
func DirOf(base, id string) Dir { return Dir(filepath.Join(base, id)) }

// ID is the run's id.
func (d Dir) ID() string { return filepath.Base(string(d)) }

// Journal is the path of the run's records.
func (d Dir) Journal() string { return filepath.Join(string(d), "journal.jsonl") }

// Plan is the path of the plan that the run applies, if it applies one.
func (d Dir) Plan() string { return filepath.Join(string(d), "plan") }

func (d Dir) file(ref string) string { return filepath.Join(string(d), filepath.FromSlash(ref)) }

func (d Dir) lock() string { return filepath.Join(string(d), "lock") }

// alphabet has 32 characters, so that five random bits choose one without bias, and none that is easily taken for another. They are in
// the order in which names are sorted.
const alphabet = "23456789abcdefghijkmnpqrstuvwxyz"

var idForm = regexp.MustCompile(`^\d{8}-\d{6}-[a-z0-9]{4}$`)

// parts is how many parts of a second an id tells apart: as many as two characters can.
const parts = len(alphabet) * len(alphabet)

// NewID makes the id of a run that begins now: its UTC time to the second, two characters for the part of that second, so that ids sort
// by age also where runs take milliseconds, and two random ones, so that two runs of one moment differ.
func NewID(now time.Time, random io.Reader) (string, error) {
	part := now.Nanosecond() * parts / int(time.Second)
	suffix := []byte{alphabet[part/len(alphabet)], alphabet[part%len(alphabet)], 0, 0}
	if _, err := io.ReadFull(random, suffix[2:]); err != nil {
		return "", fmt.Errorf("no randomness for the id of a run: %w", err)
	}
	for i, b := range suffix[2:] {
		suffix[2+i] = alphabet[int(b)%len(alphabet)]
	}
	return now.UTC().Format(idTime) + "-" + string(suffix), nil
}

// idTime is how an id begins.
const idTime = "20060102-150405"

// named is when the run of an id began; the zero time for what is no id.
func named(id string) time.Time {
	began, _ := time.Parse(idTime, id[:min(len(idTime), len(id))])
	return began
}

// Runs lists the runs below base, the newest first, by their ids alone: in a scenario the time of a run's records is another one. A base
// that does not exist holds none.
func Runs(base string) ([]Dir, error) {
	entries, err := os.ReadDir(base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("cannot list the runs: %w", err)
	}
	var dirs []Dir
	for _, e := range entries {
		if e.IsDir() && idForm.MatchString(e.Name()) {
			dirs = append(dirs, DirOf(base, e.Name()))
		}
	}
	slices.Reverse(dirs)
	return dirs, nil
}

// checkID keeps what is not an id, such as a path out of base, from naming a directory.
func checkID(id string) error {
	if idForm.MatchString(id) {
		return nil
	}
	return action.Errorf(action.CodeInvalid, "%q is not the id of a run", id).
		Try("an id looks like 20261123-232200-x7k2; `runbook runs` lists them")
}
