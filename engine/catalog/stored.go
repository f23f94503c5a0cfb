package catalog

import (
	"path"
	"path/filepath"

	"golang.org/x/tools/txtar"

	"runbook/engine/action"
)

// A File is one Lua file of a runbook's own folder.
type File struct {
	Name string // relative to the folder
	Text string
}

// Stored makes an entry of a script that was stored with a run or a plan, for where it is found nowhere else. The first file is the
// script itself. What was not stored, such as its scenarios, is looked for in the folders of its name.
func (c Catalog) Stored(name, origin, where string, files []File) (*Entry, error) {
	if len(files) == 0 {
		return nil, action.Errorf(action.CodeNotFound, "no script was stored for %s", name)
	}
	archive := &txtar.Archive{}
	for _, f := range files {
		archive.Files = append(archive.Files, txtar.File{Name: path.Clean(f.Name), Data: []byte(f.Text)})
	}
	folder, err := txtar.FS(archive)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "the stored script of %s cannot be read: %w", name, err)
	}
	e := &Entry{Name: name, Origin: origin, Path: where, File: files[0].Name}
	e.over(Place{Origin: origin, Path: filepath.Dir(where), Files: folder}, c.layers(name))
	return e, nil
}
