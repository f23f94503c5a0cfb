package catalog

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"syscall"
)

// layers are folders over each other, the nearest first: a file is that of the nearest folder that has it, and a folder in them has what
// any of them has. A file that is there and cannot be read is an error, and does not give way to another one.
type layers []Place

// Open opens a file. The files of a folder are listed with fs.ReadDir, not from what Open returns for it.
func (l layers) Open(name string) (fs.File, error) {
	err := error(&fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist})
	for _, layer := range l {
		var f fs.File
		if f, err = layer.Files.Open(name); !lacks(err) {
			return f, err
		}
	}
	return nil, err
}

// ReadDir lists what any of the layers has in a folder.
func (l layers) ReadDir(name string) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	missing := error(&fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist})
	for _, layer := range l {
		entries, err := fs.ReadDir(layer.Files, name)
		if lacks(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		missing = nil
		for _, entry := range entries {
			if !slices.ContainsFunc(out, func(nearer fs.DirEntry) bool { return nearer.Name() == entry.Name() }) {
				out = append(out, entry)
			}
		}
	}
	slices.SortFunc(out, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return out, missing
}

// of is the layer that a file is from.
func (l layers) of(file string) (layer Place, found bool) {
	for _, layer := range l {
		if _, err := fs.Stat(layer.Files, file); !lacks(err) {
			return layer, true
		}
	}
	return Place{}, false
}

// lacks tells whether an error means that a file is not there.
func lacks(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, fs.ErrInvalid)
}
