// Package drivers finds drivers of devices by name, in the places where anybody may have their own, and loads each with those that it is
// based on.
//
// It reads files and runs no command. Read next: engine/driver for what a driver is, engine/script/driver.go for how one is loaded.
package drivers

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"runbook/engine/action"
	"runbook/engine/builtin"
	"runbook/engine/catalog"
	"runbook/engine/driver"
	"runbook/engine/module"
	"runbook/engine/script"
)

// Shelf is where drivers are, and what they may require. It loads each driver once, when it is first asked for.
type Shelf struct {
	places    catalog.Catalog
	libraries fs.FS

	mu     sync.Mutex
	loaded map[string]result
}

type result struct {
	driver driver.Driver
	err    error
}

// New makes a shelf of places, the nearest last, whose drivers may require those libraries.
func New(places catalog.Catalog, libraries fs.FS) *Shelf {
	return &Shelf{places: places, libraries: libraries, loaded: map[string]result{}}
}

// Names lists the drivers that a name reaches.
func (s *Shelf) Names() ([]string, error) {
	entries, err := s.places.List()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name
	}
	return names, nil
}

// Entry finds a driver without loading it.
func (s *Shelf) Entry(name string) (*catalog.Entry, error) {
	entries, err := s.places.List()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		if names[i] = e.Name; e.Name == name {
			return e, nil
		}
	}
	return nil, action.Errorf(action.CodeInvalid, "there is no driver %q of devices%s", name, module.Suggest(name, names)).
		Try("a driver is a folder with a script of its name, such as devices/%s/%s.lua; runbook docs driver says what is in it", name, name)
}

// Beside reads a file beside a driver. One that replaces another one has the files of that still, which its own folder does not have: who
// copies a script to change it has the rest with it.
func (s *Shelf) Beside(name, file string) (text []byte, where string, err error) {
	entry, err := s.Entry(name)
	if err != nil {
		return nil, "", err
	}
	if text, err = fs.ReadFile(entry.Folder, file); errors.Is(err, fs.ErrNotExist) {
		return nil, "", action.Errorf(action.CodeNotFound, "the driver %s has no file %s beside %s", name, file, entry.Path)
	}
	return text, entry.Where(file), err
}

// Load returns a driver with what it has of its base.
func (s *Shelf) Load(ctx context.Context, name string) (driver.Driver, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.load(ctx, name, nil)
}

func (s *Shelf) load(ctx context.Context, name string, above []string) (driver.Driver, error) {
	if known, ok := s.loaded[name]; ok {
		return known.driver, known.err
	}
	if slices.Contains(above, name) {
		return nil, action.Errorf(action.CodeInvalid, "the driver %s is based on itself: %s", name, strings.Join(append(above, name), " → "))
	}
	d, err := s.read(ctx, name, above)
	if ctx.Err() == nil { // else it is not the driver that is wrong
		s.loaded[name] = result{d, err}
	}
	return d, err
}

func (s *Shelf) read(ctx context.Context, name string, above []string) (driver.Driver, error) {
	entry, err := s.Entry(name)
	if err != nil {
		return nil, err
	}
	text, err := entry.Source()
	if err != nil {
		return nil, err
	}
	own, err := script.LoadDriver(ctx, name, script.Source{Name: entry.Path, Text: text},
		script.DriverOptions{Modules: builtin.Pure(), Libraries: s.libraries, Own: entry.Folder})
	if err != nil {
		return nil, unusable(name, err)
	}
	base := own.About().Base
	if base == "" {
		return own, nil
	}
	below, err := s.load(ctx, base, append(above, name))
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "the driver %s is based on %s: %w", name, base, err)
	}
	return over(own, below), nil
}

// unusable is why a driver cannot be used, with the line of it. The error is of whoever wants to use it: the driver's own is only told of,
// or it would be taken for one of the script that is running.
func unusable(name string, err error) error {
	where := ""
	located, ok := errors.AsType[*script.Error](err)
	if ok && !located.Where.IsZero() {
		where = located.Where.String() + ": "
	}
	out := action.Errorf(action.CodeInvalid, "the driver %s cannot be used: %s%s", name, where, err)
	if ok {
		out.Hint = located.Failure.Hint
	}
	return out
}

// A layered driver has commands of its own, and the others of its base.
type layered struct {
	about *driver.About
	of    map[driver.Purpose]driver.Driver
}

func over(own, base driver.Driver) driver.Driver {
	about := *own.About()
	l := layered{&about, map[driver.Purpose]driver.Driver{}}
	for _, c := range about.Commands {
		l.of[c.Purpose] = own
	}
	about.Commands = slices.Clone(about.Commands)
	for _, c := range base.About().Commands {
		if l.of[c.Purpose] == nil {
			l.of[c.Purpose] = base
			about.Commands = append(about.Commands, c)
		}
	}
	slices.SortStableFunc(about.Commands, func(a, b driver.Command) int {
		return cmp.Compare(slices.Index(driver.Purposes, a.Purpose), slices.Index(driver.Purposes, b.Purpose))
	})
	about.Placeholders = slices.Clone(about.Placeholders)
	for _, p := range base.About().Placeholders {
		if !slices.ContainsFunc(about.Placeholders, func(own driver.Placeholder) bool { return own.Name == p.Name }) {
			about.Placeholders = append(about.Placeholders, p)
		}
	}
	return l
}

// About is what the driver says of itself, with what it has of its base.
func (l layered) About() *driver.About { return l.about }

// Read has whose command it is read it.
func (l layered) Read(ctx context.Context, p driver.Purpose, said driver.Said) driver.Reading {
	return l.of[p].Read(ctx, p, said)
}
