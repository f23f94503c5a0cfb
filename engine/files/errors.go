package files

import (
	"errors"
	"io/fs"
	"path"
	"syscall"

	"runbook/engine/action"
	"runbook/engine/command"
)

// ErrNoFile is why something is not read that has no content.
var ErrNoFile = errors.New("it is no file")

// ErrTaken is why a draft does not become the file: it is not that of who wrote it any more.
var ErrTaken = errors.New("another run has taken up, or removed, what was written of it")

// ErrLeaves is why a path is not taken that would lead out of its root.
var ErrLeaves = errors.New("it leads out of its root")

// Failed says that something could not be done with a path: doing is what, such as "look at". An error that says all of that already is
// returned as it is.
func Failed(doing, path string, err error) *action.Error { return FailedBelow("", doing, path, err) }

// FailedBelow is Failed of a path below a root. What to type about it names it whole.
func FailedBelow(root, doing, at string, err error) *action.Error {
	if said, ok := errors.AsType[*action.Error](err); ok {
		return said
	}
	if plain, ok := errors.AsType[*fs.PathError](err); ok {
		err = plain.Err // the path is said already
	}
	for _, r := range reasons {
		if errors.Is(err, r.is) {
			e := action.Errorf(r.code, "cannot %s %s: %s", doing, Spell(at), r.says)
			e.Cause = err
			whole := path.Join(root, at)
			if r.code == action.CodeNotFound {
				whole = path.Dir(whole) // of itself there is nothing to be seen
			}
			if r.hint != "" {
				return e.Try(r.hint, command.Quote(whole))
			}
			return e
		}
	}
	return action.Errorf(action.CodeRejected, "cannot %s %s: %w", doing, Spell(at), err)
}

// A reason is one that a person can do something about.
type reason struct {
	is   error
	code action.Code
	says string
	hint string // with the path in it; "" where there is nothing to type
}

var reasons = []reason{
	{fs.ErrNotExist, action.CodeNotFound, "there is no such file or folder", "look what there is instead: ls -A %s"},
	{syscall.ENOTEMPTY, action.CodeConflict, "the folder is not empty", "look what is in it: ls -A %s"},
	{fs.ErrExist, action.CodeExists, "there is something of that name already", "look what it is: ls -ld %s"},
	{syscall.EROFS, action.CodeForbidden, "its file system can only be read", "look how it is mounted: findmnt -T %s"},
	{fs.ErrPermission, action.CodeForbidden, "permission denied", "look whose it is, and whose the folders above are: ls -ld %s"},
	{syscall.ENOTDIR, action.CodeInvalid, "it, or something above it, is no folder", "look what it is: ls -ld %s"},
	{syscall.EISDIR, action.CodeInvalid, "it is a folder", ""},
	{syscall.ELOOP, action.CodeRefused, "a link is in its place, or among the folders above, and none is followed", "look where it leads: ls -ld %s"},
	{syscall.EXDEV, action.CodeRejected, "that is on another file system", "copy it there, and remove it here"},
	{syscall.ENOSPC, action.CodeRejected, "no space is left on its file system", "look how full it is: df -h %s"},
	{syscall.EBUSY, action.CodeRejected, "it is in use, such as a folder on which a file system is mounted", "look what is mounted: findmnt -T %s"},
	{syscall.EAGAIN, action.CodeInvalid, "there is nothing in it now, and it has no end", ""},
	{ErrTaken, action.CodeConflict, "another run has taken up, or removed, what was written of it", "let that run end, and look what is there: ls -ld %s"},
	{ErrLeaves, action.CodeRefused, "it leads out of its root", ""},
	{ErrNoFile, action.CodeInvalid, "it is no file: a folder, a device, a pipe or a socket", "look what it is: ls -ld %s"},
}

// Changed says that something was not done because what it was about is not what it was.
func Changed(doing, at, differs string) *action.Error {
	return action.Errorf(action.CodeConflict, "did not %s %s: %s", doing, Spell(at), differs).
		Try("look again what is there, and decide anew: run this again")
}

// NoOwner says that a machine knows no such user or group, as what says.
func NoOwner(what, name string) *action.Error {
	return action.Errorf(action.CodeInvalid, "the machine has no %s %s", what, name).
		Try("look which there are: getent %s", map[string]string{"user": "passwd", "group": "group"}[what])
}
