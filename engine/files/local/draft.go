//go:build unix

package local

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// A draft is a file that is being written beside the name that it is to have.
type draft struct {
	in    *folder
	file  *os.File
	name  string // that it has
	final string // that it is to have
	about string // its path, for errors
	mode  fs.FileMode
	taken bool      // it is the one of its token
	once  sync.Once // for what ends it
}

// newMode is that of a new file, before the user's mask.
const newMode = 0o666

// Create begins a file below a root.
func (f *Files) Create(_ context.Context, root, at string) (files.Draft, error) {
	d, err := f.create(root, at)
	if err != nil {
		return nil, files.FailedBelow(root, "write", at, err)
	}
	return d, nil
}

func (f *Files) create(root, at string) (*draft, error) {
	in, name, err := makeParent(root, at)
	if err != nil {
		return nil, err
	}
	d := &draft{in: in, name: files.DraftName(), final: name, about: at}
	if err := d.begin(); err != nil {
		in.close()
		return nil, err
	}
	return d, nil
}

// makeParent opens the folder that a path below a root is in, and makes what is not there.
func makeParent(root, at string) (*folder, string, error) {
	if err := os.MkdirAll(root, folderMode); err != nil {
		return nil, "", err
	}
	opened, err := openFolder(root)
	if err != nil {
		return nil, "", err
	}
	defer opened.close()
	where, name := splitLast(at)
	if name == "" || name == "." || name == ".." {
		return nil, "", files.ErrLeaves
	}
	in, err := opened.step(where, (*folder).make)
	return in, name, err
}

// begin opens the file, as readable as the one that it will replace, so that nobody reads meanwhile who may not.
func (d *draft) begin() error {
	mode, exact, err := d.in.modeFor(d.final)
	if err != nil {
		return err
	}
	for held := false; !held; {
		fd, err := retried(func() (int, error) {
			return unix.Openat(d.in.fd, d.name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, uint32(mode))
		})
		if err != nil {
			return err
		}
		d.file = os.NewFile(uintptr(fd), d.name)
		if held, err = d.in.lock(fd, d.name); err != nil {
			break // without locks nobody takes it for that of somebody who died
		}
		if !held { // somebody did, before it was locked
			_ = d.file.Close()
			d.name = files.DraftName()
		}
	}
	if exact {
		d.mode = mode
	}
	return nil
}

// modeFor is the mode of the file that is replaced, exactly, or else that of a new one.
func (f *folder) modeFor(name string) (mode fs.FileMode, exact bool, err error) {
	var st unix.Stat_t
	switch err := f.stat(name, &st); {
	case errors.Is(err, unix.ENOENT):
		return newMode, false, nil
	case err != nil:
		return 0, false, err
	}
	switch kindOf(uint32(st.Mode)) { //nolint:unconvert // its type is another on other systems
	case files.File:
		return fs.FileMode(st.Mode) & fs.ModePerm, true, nil
	case files.Folder:
		return 0, false, unix.EISDIR
	case files.Link:
		return newMode, false, nil
	}
	return 0, false, files.ErrNoFile
}

// Write writes to the draft.
func (d *draft) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	if err != nil {
		return n, files.Failed("write", d.about, err)
	}
	return n, nil
}

// Keep makes the draft the file.
func (d *draft) Keep(ctx context.Context, attributes files.Attributes) (err error) {
	d.once.Do(func() {
		err = d.keep(ctx, attributes)
		if err != nil {
			_ = d.discard() // the first error says why
			err = files.Failed("write", d.about, err)
		}
		d.in.close()
	})
	return err
}

func (d *draft) keep(ctx context.Context, attributes files.Attributes) error {
	err := d.finish(attributes)
	if err == nil {
		err = attributes.Allowed(ctx)
	}
	if err == nil { // it is locked as long as it is a draft
		err = unix.Renameat(d.in.fd, d.name, d.in.fd, d.final)
	}
	if closed := d.file.Close(); err == nil {
		err = closed // what was written is on the disk already
	}
	if err != nil {
		return err
	}
	// The name is on the disk only when the folder is.
	return ignoring(unix.EINVAL, unix.Fsync(d.in.fd))
}

// finish gives the draft its attributes, and has it written to the disk.
func (d *draft) finish(attributes files.Attributes) error {
	mode := attributes.Mode & fs.ModePerm
	if mode == 0 {
		mode = d.mode
	}
	if mode != 0 {
		if err := d.file.Chmod(mode); err != nil {
			return err
		}
	}
	if !attributes.Modified.IsZero() {
		if err := setTime(d.in, d.name, attributes.Modified); err != nil {
			return err
		}
	}
	return d.file.Sync()
}

func setTime(in *folder, name string, t time.Time) error {
	at := unix.NsecToTimespec(t.UnixNano())
	return unix.UtimesNanoAt(in.fd, name, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}

// Drop removes the draft.
func (d *draft) Drop(context.Context) (err error) {
	d.once.Do(func() {
		err = d.discard()
		_ = d.file.Close() // it is not wanted
		d.in.close()
	})
	return err
}

func (d *draft) discard() error {
	if err := ignoring(unix.ENOENT, unix.Unlinkat(d.in.fd, d.name, 0)); err != nil {
		return files.Failed("remove", d.in.below(d.name), err)
	}
	return nil
}

// ignoring is an error, unless it is the one that does not matter.
func ignoring(what, err error) error {
	if errors.Is(err, what) {
		return nil
	}
	return err
}
