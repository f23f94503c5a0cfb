//go:build unix

package local

import (
	"errors"
	"io/fs"
	"strings"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// A folder is one that is open. What is in it is reached by its name in it, so that no other folder can get in between.
type folder struct {
	fd    int
	path  string // relative to the root; "" for the root
	depth int    // of what is in it, below the root
	users atomic.Int32
}

const forFolder = unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC

// openFolder opens a folder where it is, or where a link to it points.
func openFolder(at string) (*folder, error) { return openFor(forFolder, at) }

// openWay opens one to reach what is in it by name.
func openWay(at string) (*folder, error) { return openFor(forWay, at) }

func openFor(how int, at string) (*folder, error) {
	fd, err := retried(func() (int, error) { return unix.Open(at, how, 0) })
	if err != nil {
		return nil, err
	}
	return newFolder(fd, "", 1), nil
}

func newFolder(fd int, at string, depth int) *folder {
	f := &folder{fd: fd, path: at, depth: depth}
	f.users.Store(1)
	return f
}

// open opens a folder that is in this one, and no link.
func (f *folder) open(name string) (*folder, error) { return f.openFor(forFolder, name) }

// pass opens one to reach what is in it by name.
func (f *folder) pass(name string) (*folder, error) { return f.openFor(forWay, name) }

func (f *folder) openFor(how int, name string) (*folder, error) {
	fd, err := retried(func() (int, error) { return unix.Openat(f.fd, name, how|unix.O_NOFOLLOW, 0) })
	if err != nil {
		return nil, err
	}
	return newFolder(fd, f.below(name), f.depth+1), nil
}

// descend opens a folder that is somewhere below this one, through no link. "" and "." are this one again.
func (f *folder) descend(at string) (*folder, error) {
	return f.step(at, (*folder).open)
}

// step goes down a path, folder by folder.
func (f *folder) step(at string, next func(*folder, string) (*folder, error)) (*folder, error) {
	f.hold()
	now := f
	for name := range strings.SplitSeq(at, "/") {
		if name == "" || name == "." {
			continue
		}
		if name == ".." {
			now.close()
			return nil, files.ErrLeaves
		}
		inner, err := next(now, name)
		now.close()
		if err != nil {
			return nil, err
		}
		now = inner
	}
	return now, nil
}

// make opens a folder in this one, and makes it if there is none.
func (f *folder) make(name string) (*folder, error) {
	if err := unix.Mkdirat(f.fd, name, folderMode); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return f.open(name)
}

// folderMode is that of a new folder, before the user's mask.
const folderMode = 0o777

// parent opens the folder that a path below this one is in, and says what the path's last part is.
func (f *folder) parent(at string) (*folder, string, error) {
	in, name := splitLast(at)
	if name == "" || name == "." || name == ".." {
		return nil, "", files.ErrLeaves
	}
	opened, err := f.step(in, (*folder).pass)
	return opened, name, err
}

func (f *folder) stat(name string, st *unix.Stat_t) error {
	return unix.Fstatat(f.fd, name, st, unix.AT_SYMLINK_NOFOLLOW)
}

// below is the path of a name in the folder.
func (f *folder) below(name string) string {
	if f.path == "" {
		return name
	}
	return f.path + "/" + name
}

// hold keeps the folder open for one more.
func (f *folder) hold() { f.users.Add(1) }

// close lets go of it. Who is the last closes it.
func (f *folder) close() {
	if f.users.Add(-1) == 0 {
		_ = unix.Close(f.fd) // it was only read
	}
}

// retried is what comes of a call that signals do not interrupt.
func retried[T any](call func() (T, error)) (T, error) {
	for {
		out, err := call()
		if !errors.Is(err, unix.EINTR) {
			return out, err
		}
	}
}

// splitLast is the folder that a path names, and its last part.
func splitLast(at string) (where, last string) {
	i := strings.LastIndexByte(at, '/')
	return at[:max(i, 0)], at[i+1:]
}
