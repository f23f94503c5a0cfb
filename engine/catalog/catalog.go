// Package catalog finds runbooks by name: shipped with the program, or in a system, user or project folder, each nearer place
// replacing the farther ones. A runbook is a folder with a script of the same name: compiler-down/compiler-down.lua. Replaced is file by
// file: see layers.
//
// It reads files and runs nothing. Read next: engine/script, which loads what is found here.
package catalog

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

// Shipped is the origin of what is part of the program.
const Shipped = "shipped"

// A Place is a folder of runbooks.
type Place struct {
	Origin string // Shipped, system, user, project
	Path   string // how a person finds it; "" for shipped
	Files  fs.FS
}

// Dir is a place on disk. The folder need not exist.
func Dir(origin, folder string) Place {
	return Place{Origin: origin, Path: folder, Files: os.DirFS(folder)}
}

// An Entry is a runbook that was found.
type Entry struct {
	Name   string
	Origin string // of the script's place, or ByPath when it was named by a path
	Path   string // of the script, as a person finds it
	// Folder is the runbook's folder: what the nearest folder of its name lacks is looked for in those that are farther. Who replaces one
	// file of a runbook has the others still.
	Folder   fs.FS
	File     string // the script in it
	Replaces string // origin of the nearest script of the same name that this one hides; "" if none
	// Layers are the folders that Folder consists of, the nearest first. Not all of them need exist.
	Layers []Place
}

// ByPath is the origin of a script that was named by a path.
const ByPath = "file"

// Typed is what a person types for the script.
func (e *Entry) Typed() string {
	if e.Origin == ByPath {
		return e.Path
	}
	return e.Name
}

// Source reads the script.
func (e *Entry) Source() (string, error) {
	text, err := fs.ReadFile(e.Folder, e.File)
	if err != nil {
		return "", action.Errorf(action.CodeNotFound, "cannot read %s: %w", e.Path, err)
	}
	return string(text), nil
}

// Where is a file of the runbook as a person finds it: beside the script, written as that one is, or where it is inherited from.
func (e *Entry) Where(file string) string {
	from, inherited := e.Inherits(file)
	switch where := filepath.Join(from.Path, file); {
	case inherited && from.Origin == Shipped:
		return Shipped + " " + where // which is on no disk
	case inherited:
		return where
	case strings.ContainsRune(e.Path, filepath.Separator):
		return strings.TrimSuffix(e.Path, filepath.Base(e.Path)) + filepath.FromSlash(file)
	}
	return file
}

// Inherits tells from where a file of the runbook is that does not lie beside its script.
func (e *Entry) Inherits(file string) (from Place, inherited bool) {
	from, found := layers(e.Layers).of(file)
	script, _ := layers(e.Layers).of(e.File)
	return from, found && (from.Origin != script.Origin || from.Path != script.Path)
}

// A Catalog is a list of places, the nearest last.
type Catalog []Place

// List returns every runbook that a name reaches, by name.
func (c Catalog) List() ([]*Entry, error) { return c.among(c) }

// Nearest returns those of which something is in the nearest place, by name.
func (c Catalog) Nearest() ([]*Entry, error) { return c.among(c[len(c)-1:]) }

// among returns the runbooks that have a folder in one of some places.
func (c Catalog) among(places []Place) ([]*Entry, error) {
	var names []string
	for _, place := range places {
		folders, err := fs.ReadDir(place.Files, ".")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, action.Errorf(action.CodeInternal, "cannot list the %s runbooks in %s: %w", place.Origin, place.Path, err)
		}
		for _, folder := range folders {
			names = append(names, folder.Name())
		}
	}
	slices.Sort(names)
	var all []*Entry
	for _, name := range slices.Compact(names) {
		if e := c.entry(name); e != nil {
			all = append(all, e)
		}
	}
	return all, nil
}

// entry is the runbook of a name; nil if it has a script nowhere: a folder without one is not a runbook.
func (c Catalog) entry(name string) *Entry {
	file := name + ".lua"
	e := &Entry{Name: name, File: file, Layers: c.layers(name)}
	e.Folder = layers(e.Layers)
	for _, layer := range e.Layers {
		// One that cannot be looked at may be there: it is found, and says why when it is read, rather than let the one that it replaces
		// run in its place.
		switch _, err := fs.Stat(layer.Files, file); {
		case lacks(err):
		case e.Origin == "":
			e.Origin, e.Path = layer.Origin, filepath.Join(layer.Path, file)
		case e.Replaces == "":
			e.Replaces = layer.Origin
		}
	}
	if e.Origin == "" {
		return nil
	}
	return e
}

// layers are the folders of a name in all places, the nearest first.
func (c Catalog) layers(name string) []Place {
	var out []Place
	for _, place := range slices.Backward(c) {
		if own, err := fs.Sub(place.Files, name); err == nil { // else it is no name of a folder
			out = append(out, Place{Origin: place.Origin, Path: filepath.Join(place.shown(), name), Files: own})
		}
	}
	return out
}

// shown is how messages call the place.
func (p Place) shown() string {
	if p.Path == "" {
		return "runbooks"
	}
	return p.Path
}

// Find returns the runbook of that name, or the script at that path.
func (c Catalog) Find(name string) (*Entry, error) {
	if strings.HasSuffix(name, ".lua") {
		return c.byPath(name)
	}
	all, err := c.List()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range all {
		if e.Name == name {
			return e, nil
		}
		names = append(names, e.Name)
	}
	return nil, action.Errorf(action.CodeNotFound, "there is no runbook %q%s", name, module.DidYouMean(name, names)).
		Try("runbook list shows all; a path ending in .lua runs a script that is in no folder")
}

func (c Catalog) byPath(name string) (*Entry, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, action.Errorf(action.CodeNotFound, "cannot read the script %s: %w", name, err)
	}
	if info.IsDir() {
		return nil, action.Errorf(action.CodeInvalid, "%s is a folder, not a script", name)
	}
	folder, file := filepath.Split(name)
	if folder == "" {
		folder = "."
	}
	e := &Entry{Name: strings.TrimSuffix(file, ".lua"), Origin: ByPath, Path: name, File: file}
	e.over(Dir(ByPath, folder), c.layers(e.Name))
	return e, nil
}

// over gives the entry a folder, over those of its name.
func (e *Entry) over(own Place, others []Place) {
	e.Layers = append([]Place{own}, others...)
	e.Folder = layers(e.Layers)
}
