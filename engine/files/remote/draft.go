package remote

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"

	"runbook/engine/files"
)

// A draft is a file that a command writes while it is given its content.
type draft struct {
	files  *Files
	root   string
	folder string
	name   string // that it has
	final  string // that it is to have
	about  string
	mode   fs.FileMode // of the file that it replaces; 0 for none
	size   int64

	content *io.PipeWriter
	over    chan struct{}
	err     error // once over
	once    sync.Once
}

// refused is what the script says instead of being ready.
const refused = "!"

// Create begins a file below a root.
func (f *Files) Create(ctx context.Context, root, at string) (files.Draft, error) {
	folder, final, err := split(at)
	if err != nil {
		return nil, files.FailedBelow(root, "write", at, err)
	}
	d := &draft{files: f, root: root, folder: folder, name: "./" + files.DraftName(), final: final, about: at, over: make(chan struct{})}
	content, in := io.Pipe()
	d.content = in
	first := &line{ready: make(chan string, 1)}
	go func() {
		defer close(d.over)
		code, complaint, err := f.run(ctx, createScript, content, first, root, folder, d.name, final)
		if err == nil && code != 0 {
			err = reason(code, complaint)
		}
		d.err = err
		_ = content.CloseWithError(io.ErrClosedPipe) // it never fails; nobody reads any more
	}()
	select {
	case mode := <-first.ready:
		if mode == refused {
			_ = content.CloseWithError(io.ErrClosedPipe) // it never fails
			return nil, files.Unwritten(root, at, d.failure(errRecord))
		}
		bits, err := strconv.ParseUint(mode, 8, 32)
		if err != nil {
			return nil, files.FailedBelow(root, "write", at, errRecord)
		}
		d.mode = fs.FileMode(bits) & fs.ModePerm
		return d, nil
	case <-d.over:
		return nil, files.Unwritten(root, at, d.failure(errRecord))
	}
}

// failure is why the command ended, or else what is given.
func (d *draft) failure(otherwise error) error {
	<-d.over
	if d.err != nil {
		return d.err
	}
	return otherwise
}

// A line takes the first line of an output.
type line struct {
	text  strings.Builder
	ready chan string
}

func (l *line) Write(p []byte) (int, error) {
	l.text.Write(p)
	if text, _, whole := strings.Cut(l.text.String(), "\n"); whole {
		select {
		case l.ready <- text:
		default:
		}
	}
	return len(p), nil
}

// Write gives the command more of the content.
func (d *draft) Write(p []byte) (int, error) {
	n, err := d.content.Write(p)
	d.size += int64(n)
	if err != nil {
		return n, files.Unwritten(d.root, d.about, d.failure(err))
	}
	return n, nil
}

// Keep makes the draft the file.
func (d *draft) Keep(ctx context.Context, attributes files.Attributes) (err error) {
	d.once.Do(func() {
		_ = d.content.Close() // it never fails
		<-d.over
		if d.err != nil {
			err = files.Unwritten(d.root, d.about, d.err)
			_ = d.discard(ctx) // the first error says why
			return
		}
		if err = d.keep(ctx, attributes); err != nil {
			_ = d.discard(ctx)
		}
	})
	return err
}

func (d *draft) keep(ctx context.Context, attributes files.Attributes) error {
	mode, modified := attributes.Mode&fs.ModePerm, "0"
	if mode == 0 {
		mode = d.mode
	}
	if t := attributes.Modified; !t.IsZero() {
		modified = fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond())
	}
	code, complaint, err := d.files.run(ctx, keepScript, nil, io.Discard, d.root, d.folder, d.name, d.final,
		strconv.FormatUint(uint64(mode), 8), modified, strconv.FormatInt(d.size, 10))
	if err == nil && code != 0 {
		err = reason(code, complaint)
	}
	if err != nil {
		return files.Unwritten(d.root, d.about, err)
	}
	return nil
}

// Drop removes the draft.
func (d *draft) Drop(ctx context.Context) (err error) {
	d.once.Do(func() {
		_ = d.content.CloseWithError(io.ErrUnexpectedEOF) // it never fails
		<-d.over
		err = d.discard(ctx)
	})
	return err
}

func (d *draft) discard(ctx context.Context) error {
	code, complaint, err := d.files.run(ctx, dropScript, nil, io.Discard, d.root, d.folder, d.name)
	if err == nil && code != 0 {
		err = reason(code, complaint)
	}
	if err != nil {
		left := files.Entry{Path: path.Join(path.Dir(d.about), d.name)}
		return files.Uncertain(d.root, files.Change{Op: files.Remove, Was: left}, err)
	}
	return nil
}
