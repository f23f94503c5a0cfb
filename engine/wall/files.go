package wall

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/files"
)

// GuardFiles puts the wall in front of the files of a machine: they can be looked at, and nothing else.
func (w *Wall) GuardFiles(next files.System) files.System { return guardedFiles{next, w} }

type guardedFiles struct {
	files.System
	wall *Wall
}

// Create refuses to begin a file.
func (g guardedFiles) Create(_ context.Context, _, path string) (files.Draft, error) {
	return nil, g.wall.refuseFiles("write", path)
}

// Change refuses every change.
func (g guardedFiles) Change(_ context.Context, root string, changes []files.Change) ([]error, error) {
	doing := "change"
	if len(changes) > 0 {
		doing = changes[0].Op.Doing()
	}
	return nil, g.wall.refuseFiles(doing+" anything in", root)
}

func (w *Wall) refuseFiles(doing, path string) error {
	w.refused.Add(1)
	if w.observe != nil {
		w.observe(Refusal{Method: "CHANGE", Path: path, Reason: errNoLook})
	}
	return action.Errorf(action.CodeRefused, "a dry run may only look, and was about to %s %s; nothing was done", doing, files.Spell(path)).Try(ownFault)
}
