package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"

	"runbook/engine/action"
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
	size   int64       // what there is of it
	taken  bool        // it is the one of the token

	content *io.PipeWriter
	begun   *io.PipeReader // what there is of it, as the command gives it
	over    chan struct{}
	err     error // once over
	once    sync.Once
}

// refused is what the script says instead of being ready.
const refused = "!"

// Create begins a file below a root.
func (f *Files) Create(ctx context.Context, root, at string) (files.Draft, error) {
	d, err := f.begin(ctx, createScript, root, at)
	if err != nil {
		return nil, err
	}
	return d, nil
}

// begin begins a file by a script, whose other arguments are the names of drafts that it may take up.
func (f *Files) begin(ctx context.Context, script, root, at string, others ...string) (*draft, error) {
	folder, final, err := split(at)
	if err != nil {
		return nil, files.FailedBelow(root, "write", at, err)
	}
	d := &draft{files: f, root: root, folder: folder, name: "./" + files.DraftName(), final: final, about: at, over: make(chan struct{})}
	content, in := io.Pipe()
	begun, out := io.Pipe()
	d.content, d.begun = in, begun
	first := &line{ready: make(chan string, 1), rest: out}
	go func() {
		defer close(d.over)
		code, complaint, err := f.run(ctx, script, content, first, append([]string{root, folder, d.name, final}, others...)...)
		if err == nil && code != 0 {
			err = reason(code, complaint)
		}
		d.err = err
		_ = out.CloseWithError(io.ErrUnexpectedEOF)  // it never fails
		_ = content.CloseWithError(io.ErrClosedPipe) // it never fails; nobody reads any more
	}()
	select {
	case said := <-first.ready:
		if said == refused {
			_ = content.CloseWithError(io.ErrClosedPipe) // it never fails
			return nil, files.Unwritten(root, at, d.failure(errRecord))
		}
		if !d.ready(said) {
			d.end(io.ErrUnexpectedEOF)
			return nil, files.Unwritten(root, at, d.failure(errRecord))
		}
		return d, nil
	case <-d.over:
		return nil, files.Unwritten(root, at, d.failure(errRecord))
	}
}

// ready reads what the script says when it is: the mode of the replaced file, how many bytes the draft has, and which of them it is.
func (d *draft) ready(said string) bool {
	var which string
	if n, err := fmt.Sscanf(said, "%o %d %s", &d.mode, &d.size, &which); n != 3 || err != nil || d.size < 0 {
		return false
	}
	d.taken = which == "old"
	d.mode &= fs.ModePerm
	return true
}

// failure is why the command ended, or else what is given.
func (d *draft) failure(otherwise error) error {
	<-d.over
	if d.err != nil {
		return d.err
	}
	return otherwise
}

// end ends the writing: well, or by an error. What there is of the draft is not read any more.
func (d *draft) end(err error) {
	_ = d.begun.Close() // it never fails
	_ = d.content.CloseWithError(err)
	<-d.over
}

// A line takes the first line of an output, and hands on what comes behind it for as long as somebody reads it.
type line struct {
	text  strings.Builder
	ready chan string
	rest  *io.PipeWriter
	said  bool
}

func (l *line) Write(p []byte) (int, error) {
	more := p
	if !l.said {
		before, behind, whole := bytes.Cut(p, []byte("\n"))
		l.text.Write(before)
		if l.said = whole; whole {
			l.ready <- l.text.String()
		}
		more = behind
	}
	if len(more) > 0 {
		_, _ = l.rest.Write(more) // nobody wants it any more
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
		d.end(nil)
		if d.err != nil {
			err = files.Unwritten(d.root, d.about, d.err)
		} else if err = attributes.Allowed(ctx); err == nil {
			err = d.keep(ctx, attributes)
		}
		if err != nil && !d.stays(err) {
			_ = d.discard(ctx) // the first error says why
		}
	})
	return err
}

// stays tells whether a draft that did not become the file is not removed: it is another run's by now, or it is for the next attempt, which
// finds it by its token, as only the way was lost.
func (d *draft) stays(err error) bool {
	e, ok := errors.AsType[*action.Error](err)
	return errors.Is(err, files.ErrTaken) || d.taken && ok && (e.Retryable || e.Code == action.CodeUncertain)
}

func (d *draft) keep(ctx context.Context, attributes files.Attributes) error {
	mode, modified := attributes.Mode&fs.ModePerm, "0"
	if mode == 0 {
		mode = d.mode
	}
	if t := attributes.Modified; !t.IsZero() {
		modified = fmt.Sprintf("%d.%09d", t.Unix(), t.Nanosecond())
	}
	err := d.do(ctx, keepScript, io.Discard, d.final, strconv.FormatUint(uint64(mode), 8), modified, strconv.FormatInt(d.size, 10))
	if err != nil {
		return files.Unplaced(d.root, d.about, err)
	}
	return nil
}

// Drop removes the draft.
func (d *draft) Drop(ctx context.Context) (err error) {
	d.once.Do(func() {
		d.end(io.ErrUnexpectedEOF)
		err = d.discard(ctx)
	})
	return err
}

// discard removes the draft. That of a token another run may have taken up since the writing ended, so it goes as what is left of a dead one does.
func (d *draft) discard(ctx context.Context) error {
	script := dropScript
	if d.taken {
		script = clearScript
	}
	if err := d.do(ctx, script, io.Discard); err != nil {
		left := files.Entry{Path: path.Join(path.Dir(d.about), d.name)}
		return files.Uncertain(d.root, files.Change{Op: files.Remove, Was: left}, err)
	}
	return nil
}

// do runs a script about the draft.
func (d *draft) do(ctx context.Context, script string, out io.Writer, args ...string) error {
	code, complaint, err := d.files.run(ctx, script, nil, out, append([]string{d.root, d.folder, d.name}, args...)...)
	if err == nil && code != 0 {
		err = reason(code, complaint)
	}
	return err
}
