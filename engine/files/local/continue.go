//go:build unix

package local

import (
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// Whoever writes to a draft has its lock, which ends with the process: a draft that can be locked is of one that died. Between opening and
// locking somebody else may have removed it, or given it its final name, so it counts only if it still has its name then.

// lock locks a draft; held is whether nobody else has it and it still has that name.
func (f *folder) lock(fd int, name string) (held bool, err error) {
	switch err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); {
	case errors.Is(err, unix.EWOULDBLOCK):
		return false, nil
	case err != nil:
		return false, err // the file system has no locks
	}
	var named, opened unix.Stat_t
	if err := f.stat(name, &named); err != nil {
		return false, ignoring(unix.ENOENT, err)
	}
	if err := unix.Fstat(fd, &opened); err != nil {
		return false, err
	}
	return named.Dev == opened.Dev && named.Ino == opened.Ino, nil
}

var _ files.Continuer = (*Files)(nil)

// Continue begins a file below a root, or takes up what there is of it.
func (f *Files) Continue(_ context.Context, root, at, token string) (files.Continued, error) {
	in, name, err := makeParent(root, at)
	if err != nil {
		return nil, files.Failed("write", at, err)
	}
	d := &draft{in: in, name: files.DraftOf(token), final: name, about: at}
	d.taken, err = d.takeUp()
	if err == nil && !d.taken {
		d.name = files.DraftName()
		err = d.begin()
	}
	if err != nil {
		in.close()
		return nil, files.Failed("write", at, err)
	}
	return d, nil
}

// takeUp opens the draft of that name, and makes it if it is not there. It takes none that is not its own user's, or that has another name
// besides: what is put there by somebody else is not written to.
func (d *draft) takeUp() (bool, error) {
	mode, exact, err := d.in.modeFor(d.final)
	if err != nil {
		return false, err
	}
	fd, err := retried(func() (int, error) {
		return unix.Openat(d.in.fd, d.name, unix.O_RDWR|unix.O_CREAT|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, uint32(mode))
	})
	if err != nil {
		return false, nil //nolint:nilerr // one of its own then, which says what is wrong
	}
	var st unix.Stat_t
	held := false
	if err = unix.Fstat(fd, &st); err == nil && kindOf(uint32(st.Mode)) == files.File && int(st.Uid) == os.Geteuid() && st.Nlink == 1 { //nolint:unconvert // as in entry
		held, err = d.in.lock(fd, d.name)
	}
	if held && exact {
		d.mode = mode
		err = unix.Fchmod(fd, uint32(mode))
	}
	if err != nil || !held {
		_ = unix.Close(fd) // nothing was written
		return false, nil  // likewise
	}
	d.file = os.NewFile(uintptr(fd), d.name)
	return true, nil
}

// Begun reads what is there of the draft, and cuts off what is more.
func (d *draft) Begun(_ context.Context, most int64, to io.Writer) (int64, error) {
	info, err := d.file.Stat()
	if err != nil {
		return 0, files.Failed("read", d.about, err)
	}
	if info.Size() == 0 {
		return 0, nil
	}
	n, err := io.Copy(to, io.NewSectionReader(d.file, 0, min(most, info.Size())))
	if err == nil {
		err = d.file.Truncate(n)
	}
	if err == nil {
		_, err = d.file.Seek(n, io.SeekStart)
	}
	if err != nil {
		return 0, files.Failed("read", d.about, err)
	}
	return n, nil
}

// Leave keeps the draft for whoever takes it up.
func (d *draft) Leave(context.Context) (kept bool, err error) {
	d.once.Do(func() {
		info, failed := d.file.Stat()
		kept = d.taken && failed == nil && info.Size() > 0
		if kept {
			err = d.file.Sync()
		} else {
			err = d.discard()
		}
		_ = d.file.Close() // what is kept is on the disk
		d.in.close()
	})
	if err != nil {
		return kept, files.Failed("write", d.about, err)
	}
	return kept, nil
}

// Clear removes a draft that nobody writes to.
func (f *Files) Clear(_ context.Context, root, at string) (gone bool, err error) {
	opened, err := openFolder(root)
	if err != nil {
		return false, files.Failed("look into", root, err)
	}
	defer opened.close()
	in, name, err := opened.parent(at)
	if err != nil {
		return false, files.Failed("remove", at, err)
	}
	defer in.close()
	if !files.IsDraft(name) {
		return false, files.Failed("remove", at, files.ErrNoFile)
	}
	fd, err := retried(func() (int, error) {
		return unix.Openat(in.fd, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	})
	if errors.Is(err, unix.ENOENT) {
		return true, nil
	}
	if err != nil {
		return false, files.Failed("remove", at, err)
	}
	defer func() { _ = unix.Close(fd) }() // it was only locked
	if held, err := in.lock(fd, name); err != nil || !held {
		return false, nil //nolint:nilerr // who cannot be sure leaves it
	}
	if err := unix.Unlinkat(in.fd, name, 0); err != nil {
		return false, files.Failed("remove", at, err)
	}
	return true, nil
}
