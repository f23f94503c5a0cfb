package journal

import (
	"errors"
	"io/fs"
	"syscall"

	"runbook/engine/action"
)

// cannotCreate says why a run could not begin. Nothing has been done yet, so the way on is to run again.
func cannotCreate(path string, err error) error {
	var ours *action.Error
	if errors.As(err, &ours) {
		return ours
	}
	return action.Errorf(action.CodeUnavailable, "cannot create the journal %s: %w; nothing was done", path, err).
		Try("%s, then run again", remedy(err))
}

// cannotWrite says why a run in progress cannot go on, and how it can later.
func cannotWrite(d Dir, path, verb string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return action.Errorf(action.CodeUnavailable, "the journal %s was removed; the run stops here, because what it does next could not be remembered", path).
			Try("what was done so far stands nowhere else than here: look at it, then run again")
	}
	return action.Errorf(action.CodeUnavailable, "cannot %s the journal %s: %w; the run stops here, because what it does next "+
		"could not be remembered", verb, path, err).
		Try("%s; what was done so far is in %s", remedy(err), d.Journal())
}

func remedy(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "free space on that file system"
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return "make that folder writable or set XDG_STATE_HOME to one that is"
	}
	return "check that file system"
}
