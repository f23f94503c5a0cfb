//go:build unix

// Package local is the files of this machine: the files.System of the machine on which runbook itself runs.
//
// It goes from folder to folder by what it has opened, never by a path a second time, and opens no folder through a link: whatever becomes
// of the tree meanwhile, what is below a root is below it. It does what it is told to, and asks nobody whether it may: that is the gate's
// business. Read next: walk.go for how it finds, change.go for how it changes, draft.go for how it writes.
package local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// Files are those of this machine.
type Files struct {
	users, groups sync.Map // names by number
}

var _ files.System = (*Files)(nil)

// New is the files of this machine.
func New() *Files { return &Files{} }

// Machine is what this machine calls itself.
func (*Files) Machine(context.Context) (string, error) { return os.Hostname() }

// Look looks at what there is at a path.
func (f *Files) Look(_ context.Context, at string) (files.Entry, error) {
	in, err := openWay(path.Dir(at))
	if err != nil {
		return files.Entry{}, files.Failed("look at", at, err)
	}
	defer in.close()
	if at == "/" {
		return f.named(in, ".", at, at)
	}
	return f.named(in, path.Base(at), at, at)
}

// Link is the first link on the way to a path.
func (f *Files) Link(ctx context.Context, at string) (link, target string, err error) {
	link, target = files.FirstLink(ctx, f, at)
	return link, target, nil
}

// named is the entry of a name in a folder, with the path that it is to have. For is the path that errors are about.
func (f *Files) named(in *folder, name, as, about string) (files.Entry, error) {
	var st unix.Stat_t
	if err := in.stat(name, &st); err != nil {
		return files.Entry{}, files.Failed("look at", about, err)
	}
	return f.entry(in, name, as, &st), nil
}

// Usage counts what is below a root.
func (f *Files) Usage(ctx context.Context, root string, stay bool) (files.Usage, error) {
	return files.Count(ctx, f, root, stay)
}

// Open reads a file.
func (*Files) Open(ctx context.Context, at string, offset int64) (io.ReadCloser, error) {
	// Without O_NONBLOCK a named pipe would hold it until somebody writes.
	file, err := os.OpenFile(at, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, files.Failed("read", at, err)
	}
	from, err := position(ctx, file, offset)
	if err != nil {
		_ = file.Close() // it was only read
		return nil, files.Failed("read", at, err)
	}
	return from, nil
}

// position is a file from where it is to be read.
func position(ctx context.Context, file *os.File, offset int64) (io.ReadCloser, error) {
	about, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if !about.Mode().IsRegular() {
		return nil, files.ErrNoFile
	}
	var in io.ReadCloser = file
	if file.SetReadDeadline(time.Time{}) == nil { // of what is on a disk nobody can wait for more
		in = impatient{file}
	}
	if offset < 0 && about.Size() <= files.BlockSize {
		return end(ctx, in, -offset)
	}
	if offset < 0 {
		offset = max(about.Size()+offset, 0)
	}
	_, err = file.Seek(offset, io.SeekStart)
	return in, err
}

// An impatient file is one that the kernel makes up, and that may have no end (/proc/kmsg): it is an error when there is nothing to read now.
type impatient struct{ file *os.File }

func (f impatient) Read(p []byte) (n int, err error) {
	raw, err := f.file.SyscallConn()
	if err != nil {
		return 0, err
	}
	closed := raw.Read(func(fd uintptr) bool {
		n, err = retried(func() (int, error) { return unix.Read(int(fd), p) })
		return true
	})
	switch {
	case closed != nil:
		return 0, closed
	case err == nil && n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return max(n, 0), err
}

// Close closes it.
func (f impatient) Close() error { return f.file.Close() }

// end is the last of a file by reading it: what the kernel makes up as it is read (/proc, /sys) says that it is empty or one page long,
// whatever is in it.
func end(ctx context.Context, file io.ReadCloser, most int64) (io.ReadCloser, error) {
	var kept []byte
	buffer := make([]byte, bufferSize)
	for {
		n, err := file.Read(buffer)
		if kept = append(kept, buffer[:n]...); int64(len(kept)) > 2*most+bufferSize {
			kept = append(kept[:0], kept[int64(len(kept))-most:]...)
		}
		switch {
		case errors.Is(err, io.EOF):
			return ended{bytes.NewReader(kept[max(int64(len(kept))-most, 0):]), file}, nil
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		}
	}
}

// An ended is the end of a file that was read already.
type ended struct {
	io.Reader
	io.Closer
}
