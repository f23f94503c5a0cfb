// Package catalog finds runbooks by name: shipped with the program, or in a system, user or project folder, each nearer place
// replacing the farther ones. A runbook is a folder with a script of the same name: compiler-down/compiler-down.lua.
//
// It reads files and runs nothing. Read next: engine/script, which loads what is found here.
package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"runbook/engine/action"
	"runbook/engine/module"
)

// A Place is a folder of runbooks.
type Place struct {
	Origin string // shipped, system, user, project
	Path   string // how a person finds it; "" for shipped
	Files  fs.FS
}

// Dir is a place on disk. The folder need not exist.
func Dir(origin, folder string) Place {
	return Place{Origin: origin, Path: folder, Files: os.DirFS(folder)}
}

// An Entry is a runbook that was found.
type Entry struct {
	Name     string
	Origin   string // of its place, or "file" when it was named by a path
	Path     string // of the script, as a person finds it
	Folder   fs.FS  // the runbook's own folder
	File     string // the script in it
	Replaces string // origin of the nearest entry of the same name that this one hides; "" if none
}

// Source reads the script.
func (e *Entry) Source() (string, error) {
	text, err := fs.ReadFile(e.Folder, e.File)
	if err != nil {
		return "", action.Errorf(action.CodeNotFound, "cannot read %s: %w", e.Path, err)
	}
	return string(text), nil
}

// A Catalog is a list of places, the nearest last.
type Catalog []Place

// List returns every runbook that a name reaches, by name.
func (c Catalog) List() ([]*Entry, error) {
	found := map[string]*Entry{}
	for _, place := range c {
		entries, err := place.list()
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if hidden := found[e.Name]; hidden != nil {
				e.Replaces = hidden.Origin
			}
			found[e.Name] = e
		}
	}
	var all []*Entry
	for _, e := range found {
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *Entry) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

func (p Place) list() ([]*Entry, error) {
	folders, err := fs.ReadDir(p.Files, ".")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, action.Errorf(action.CodeInternal, "cannot list the %s runbooks in %s: %w", p.Origin, p.Path, err)
	}
	var entries []*Entry
	for _, folder := range folders {
		name := folder.Name()
		file := name + ".lua"
		// A folder without a script of its name is not a runbook. One that cannot be looked at may be: it is found, and says why when it
		// is read, rather than let the one that it replaces run in its place.
		_, err := fs.Stat(p.Files, path.Join(name, file))
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrInvalid) {
			continue
		}
		own, err := fs.Sub(p.Files, name)
		if err != nil {
			return nil, fmt.Errorf("cannot open the folder %s: %w", name, err)
		}
		entries = append(entries, &Entry{Name: name, Origin: p.Origin, Path: p.script(name, file), Folder: own, File: file})
	}
	return entries, nil
}

func (p Place) script(name, file string) string {
	if p.Path == "" {
		return path.Join("runbooks", name, file)
	}
	return filepath.Join(p.Path, name, file)
}

// Find returns the runbook of that name, or the script at that path.
func (c Catalog) Find(name string) (*Entry, error) {
	if strings.HasSuffix(name, ".lua") {
		return byPath(name)
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

func byPath(name string) (*Entry, error) {
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
	return &Entry{
		Name: strings.TrimSuffix(file, ".lua"), Origin: "file", Path: name, Folder: os.DirFS(folder), File: file,
	}, nil
}
