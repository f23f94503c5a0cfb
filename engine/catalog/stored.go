package catalog

import (
	"path"

	"golang.org/x/tools/txtar"

	"runbook/engine/action"
)

// A File is one Lua file of a runbook's own folder.
type File struct {
	Name string // relative to the folder
	Text string
}

// Stored makes an entry of a script that was stored with a run or a plan, for where it is found nowhere else. The first file is the
// script itself.
func Stored(name, origin, where string, files []File) (*Entry, error) {
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
	return &Entry{Name: name, Origin: origin, Path: where, Folder: folder, File: files[0].Name}, nil
}
