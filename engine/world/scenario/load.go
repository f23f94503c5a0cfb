package scenario

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/yamlfile"
)

// Suffix ends the name of every scenario's file.
const Suffix = ".yaml"

// Began is the clock of a scenario that does not set one: a fixed time, because a scenario goes the same way each time.
var Began = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

// A Shelf is a folder of scenario files.
type Shelf struct {
	Path  string // as a person finds it
	Files fs.FS
}

// Shelves are where scenarios are looked for by name.
type Shelves struct {
	Folders []Shelf // the nearest first
	// Check finds what only the simulated systems can tell to be wrong; nil if nobody is asked. It is given each file by itself.
	Check func(*Scenario) []Problem
	// Tool finds how the commands of a driver of devices answer in a simulated site, and where that stands; nil where there are no devices.
	Tool func(driver string) (text []byte, path string, err error)
}

// A Problem is what is wrong with a scenario, and where: a path of names and indexes such as prometheus, series, 2, values.
type Problem struct {
	Path    []any
	Message string
}

// Load reads a scenario, and those that it extends. name is a name, or a path ending in .yaml.
func (s Shelves) Load(name string) (*Scenario, error) {
	f, err := s.open(name)
	if err != nil {
		return nil, err
	}
	return s.whole(f)
}

// whole is a scenario with all that it consists of.
func (s Shelves) whole(f file) (*Scenario, error) {
	out, err := s.extended(f, nil)
	if err == nil {
		err = out.checkWhole()
	}
	if err != nil {
		return nil, err
	}
	return out, s.equip(out)
}

// Inline reads a scenario that stands in something else. origin is what messages call it.
func (s Shelves) Inline(text []byte, origin string) (*Scenario, error) {
	return s.whole(file{name: origin, path: origin, text: text, shelf: -1})
}

// InlineEvent reads a scenario that has nothing but one event, and stands in something else: what the event is about is in another one.
func InlineEvent(text []byte, origin string) (Event, error) {
	s, err := file{name: origin, path: origin, text: text, shelf: -1}.parse()
	switch {
	case err != nil:
		return Event{}, action.Errorf(action.CodeInvalid, "%s: %w", origin, err)
	case len(s.Timeline) != 1:
		return Event{}, action.Errorf(action.CodeInvalid, "%s: this is no event", origin)
	}
	return s.Timeline[0], nil
}

// Names lists the scenarios that a name reaches.
func (s Shelves) Names() ([]string, error) {
	var names []string
	for _, shelf := range s.Folders {
		found, err := shelf.Names()
		if err != nil {
			return nil, err
		}
		names = append(names, found...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// Names lists the scenarios of one folder, which need not exist.
func (s Shelf) Names() ([]string, error) {
	found, err := fs.Glob(s.Files, "*"+Suffix)
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot list the scenarios in %s: %w", s.Path, err)
	}
	for i := range found {
		found[i] = strings.TrimSuffix(found[i], Suffix)
	}
	return found, nil
}

// A file is the text of one scenario file.
type file struct {
	name  string
	path  string // for messages
	text  []byte
	files fs.FS // its folder, for the manifests that it names; nil where it has none
	shelf int   // which of the shelves it is from; -1 for none
	lines yamlfile.Lines
}

func (s Shelves) open(name string) (file, error) {
	if strings.HasSuffix(name, Suffix) {
		return openPath(name)
	}
	if !fs.ValidPath(name) {
		return file{}, action.Errorf(action.CodeInvalid, "%q is no name of a scenario", name).Try("a path to one ends in %s", Suffix)
	}
	return s.find(name, 0)
}

// find looks for a name from a shelf on.
func (s Shelves) find(name string, from int) (file, error) {
	for i, shelf := range s.Folders {
		if i < from {
			continue
		}
		text, err := fs.ReadFile(shelf.Files, name+Suffix)
		switch {
		case err == nil:
			return file{name: name, path: path.Join(shelf.Path, name+Suffix), text: text, files: shelf.Files, shelf: i}, nil
		case !errors.Is(err, fs.ErrNotExist):
			return file{}, action.Errorf(action.CodeInvalid, "cannot read the scenario %s in %s: %w", name, shelf.Path, err)
		}
	}
	names, err := s.Names()
	if err != nil {
		return file{}, err
	}
	return file{}, action.Errorf(action.CodeNotFound, "there is no scenario %q%s", name, module.Suggest(name, names)).
		Try("a path ending in .yaml names a file; runbook docs scenario says what is in one")
}

func openPath(name string) (file, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return file{}, action.Errorf(action.CodeNotFound, "cannot read the scenario: %w", err)
	}
	base := strings.TrimSuffix(filepath.Base(name), Suffix)
	return file{name: base, path: name, text: text, files: os.DirFS(filepath.Dir(name)), shelf: -1}, nil
}

// deepest is how many scenarios may extend each other, which nobody needs: it ends a circle.
const deepest = 16

// extended reads a file and what it extends. below are the files that lead to it.
func (s Shelves) extended(f file, below []string) (*Scenario, error) {
	if len(below) == deepest {
		return nil, action.Errorf(action.CodeInvalid, "%s extends too many others: %s", below[0], strings.Join(below[1:], ", "))
	}
	own, err := f.parse()
	if err == nil {
		err = s.ask(f, own)
	}
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: %w", f.path, err)
	}
	if own.Extends == "" {
		return own, nil
	}
	base, err := s.base(f, own.Extends)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: line %d: %w", f.path, yamlfile.LineOf(f.text, "extends"), err)
	}
	parent, err := s.extended(base, append(below, f.path))
	if err != nil {
		return nil, err
	}
	return own.over(parent), nil
}

// ask has the simulated systems check their parts.
func (s Shelves) ask(f file, own *Scenario) error {
	if s.Check == nil {
		return nil
	}
	var wrong []error
	for _, p := range s.Check(own) {
		wrong = append(wrong, f.at(errors.New(p.Message), p.Path...))
	}
	return errors.Join(wrong...)
}

// base finds what a file extends: a file beside it, or on the shelves. One of its own name is looked for farther away, so that a
// runbook's healthy can extend the site's.
func (s Shelves) base(f file, name string) (file, error) {
	from := 0
	if name == f.name {
		from = f.shelf + 1
	}
	if f.shelf < 0 && f.files != nil && name != f.name {
		if text, err := fs.ReadFile(f.files, name+Suffix); err == nil {
			return file{name: name, path: filepath.Join(filepath.Dir(f.path), name+Suffix), text: text, files: f.files, shelf: -1}, nil
		}
	}
	return s.find(name, from)
}

// parse reads one file and the manifests that it names.
func (f file) parse() (*Scenario, error) {
	own, err := yamlfile.Decode[Scenario](f.text, "a scenario")
	if err != nil {
		return nil, err
	}
	f.lines = yamlfile.LinesOf(f.text)
	own.Name, own.Path, own.Named = f.name, f.path, f.shelf >= 0
	sum := sha256.New()
	sum.Write(f.text)
	if err := own.readManifests(f, sum); err != nil {
		return nil, err
	}
	own.Digest = hex.EncodeToString(sum.Sum(nil))
	for i := range own.Timeline {
		e := &own.Timeline[i]
		e.Where = f.line("timeline", i)
		if e.Apply, err = asJSON(e.Apply); err == nil {
			e.With, err = asJSON(e.With)
		}
		if err != nil {
			return nil, f.at(err, "timeline", i)
		}
	}
	for i := range own.Faults {
		own.Faults[i].Where = f.line("faults", i)
	}
	own.Host.mark(f, "host")
	for name, h := range own.Hosts {
		h.mark(f, "hosts", name)
	}
	if err := own.check(f); err != nil {
		return nil, err
	}
	return own, nil
}

// line is where something stands, for what turns out to be wrong with it later.
func (f file) line(where ...any) string {
	return fmt.Sprintf("%s: line %d", f.path, f.lines.Of(where...))
}

// at is an error with the line of what stands at a path.
func (f file) at(err error, where ...any) error {
	return action.Errorf(action.CodeInvalid, "line %d: %s: %w", yamlfile.LineOf(f.text, where...), yamlfile.Spelled(where), err)
}
