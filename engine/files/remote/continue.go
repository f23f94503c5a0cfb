package remote

import (
	"context"
	"fmt"
	"io"
	"path"

	"runbook/engine/files"
)

var _ files.Continuer = (*Files)(nil)

// Whoever writes to a draft has its lock there, which ends with the command that writes. What is there of it comes all the way back to be
// looked at: the tools of a machine know none of the checksums that object stores have.

// A continued is a draft that may have a beginning.
type continued struct{ *draft }

// Continue begins a file below a root, or takes up what there is of it.
func (f *Files) Continue(ctx context.Context, root, at, token string) (files.Continued, error) {
	d, err := f.begin(ctx, continueScript, root, at, "./"+files.DraftOf(token))
	if err != nil {
		return nil, err
	}
	if d.taken {
		d.name = "./" + files.DraftOf(token)
	}
	return continued{d}, nil
}

// Begun reads what is there of the draft, and cuts off what is more.
func (d continued) Begun(_ context.Context, most int64, to io.Writer) (int64, error) {
	if !d.taken {
		return 0, nil
	}
	d.size = min(d.size, most)
	_, err := fmt.Fprintf(d.content, "%d\n", most)
	if err == nil {
		_, err = io.CopyN(to, d.begun, d.size)
	}
	if err != nil {
		d.end(io.ErrUnexpectedEOF)
		return 0, files.FailedBelow(d.root, "read", d.about, d.failure(err))
	}
	return d.size, nil
}

// Leave keeps the draft for whoever takes it up.
func (d continued) Leave(ctx context.Context) (kept bool, err error) {
	d.once.Do(func() {
		d.end(nil)
		kept, err = d.taken && d.size > 0, d.err
		switch {
		case !kept:
			if failed := d.discard(ctx); err == nil {
				err = failed
			}
		case err == nil:
			err = d.do(ctx, leaveScript, io.Discard)
		}
	})
	if err != nil {
		return kept, files.Unwritten(d.root, d.about, err)
	}
	return kept, nil
}

// Clear removes a draft that nobody writes to.
func (f *Files) Clear(ctx context.Context, root, at string) (gone bool, err error) {
	folder, name, err := split(at)
	if err == nil && !files.IsDraft(path.Base(at)) {
		err = files.ErrNoFile
	}
	if err != nil {
		return false, files.FailedBelow(root, "remove", at, err)
	}
	out, code, complaint, err := f.output(ctx, clearScript, root, folder, name)
	if err == nil && code != 0 {
		err = reason(code, complaint)
	}
	if err != nil {
		return false, files.FailedBelow(root, "remove", at, err)
	}
	return out == "gone\n", nil
}
