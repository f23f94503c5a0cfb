package remote

import (
	"context"
	"crypto/rand"
	"io"
	"strconv"
	"strings"

	"runbook/engine/files"
)

// Look looks at what there is at a path.
func (f *Files) Look(ctx context.Context, at string) (files.Entry, error) {
	has, err := f.known(ctx)
	if err != nil {
		return files.Entry{}, err
	}
	var found []files.Entry
	take := func(e files.Entry) error { found = append(found, e); return nil }
	script, args, p := lookPrintedScript, []string{at}, parser(&zeroed{found: take})
	if !has.prints {
		mark := rand.Text()
		script, args, p = lookScript, []string{at, mark}, &marked{mark: mark, found: take}
	}
	code, complaint, err := f.run(ctx, script, nil, p, args...)
	switch {
	case err != nil:
		return files.Entry{}, err
	case code != 0 && complaint != "":
		return files.Entry{}, files.Failed("look at", at, reason(1, complaint))
	case code != 0:
		return files.Entry{}, files.Failed("look at", at, reason(code, complaint))
	}
	if err := p.finish(); err != nil || len(found) != 1 {
		return files.Entry{}, files.Failed("look at", at, errRecord)
	}
	found[0].Path = at
	return found[0], nil
}

// Link is the first link on the way to a path.
func (f *Files) Link(ctx context.Context, at string) (link, target string, err error) {
	out, code, complaint, err := f.output(ctx, linkScript, at)
	switch {
	case err != nil:
		return "", "", err
	case code != 0:
		return "", "", files.Failed("look at", at, reason(code, complaint))
	}
	link, target, _ = strings.Cut(out, "\x00")
	return link, strings.TrimSuffix(target, "\n"), nil
}

// Knows refuses an owner that the machine does not know, and returns it by name.
func (f *Files) Knows(ctx context.Context, owner string) (string, error) {
	user, group, grouped := strings.Cut(owner, ":")
	out, code, complaint, err := f.output(ctx, ownerScript, orDot(user), orDot(group))
	if err != nil {
		return "", err
	}
	if code != 0 {
		return "", files.Failed("look for the owner", owner, reason(code, complaint))
	}
	for line := range strings.Lines(out) {
		switch what, name, _ := strings.Cut(strings.TrimSpace(line), ":"); {
		case what == "user" && name == "":
			return "", files.NoOwner(what, user)
		case what == "user":
			user = name
		case what == "group" && name == "":
			return "", files.NoOwner(what, group)
		case what == "group":
			group = name
		}
	}
	if grouped {
		group = ":" + group
	}
	return user + group, nil
}

func orDot(name string) string {
	if name == "" {
		return "."
	}
	return name
}

// Open reads a file.
func (f *Files) Open(ctx context.Context, at string, offset int64) (io.ReadCloser, error) {
	count, from := strconv.FormatInt(offset+1, 10), "from"
	if offset < 0 {
		count, from = strconv.FormatInt(-offset, 10), "last"
	}
	ctx, stop := context.WithCancel(ctx)
	out, in := io.Pipe()
	r := &reading{PipeReader: out, stop: stop, over: make(chan struct{})}
	go func() {
		defer close(r.over)
		code, complaint, err := f.run(ctx, readScript, nil, in, at, count, from)
		if err == nil && code != 0 {
			if complaint != "" {
				code = 1
			}
			err = files.Failed("read", at, reason(code, complaint))
		}
		_ = in.CloseWithError(err) // it never fails; nil is the end of the file
	}()
	if _, err := io.ReadFull(out, make([]byte, 1)); err != nil {
		_ = r.Close() // there is nothing to read
		return nil, files.Failed("read", at, err)
	}
	return r, nil
}

// A reading is a file that is being read by a command.
type reading struct {
	*io.PipeReader
	stop context.CancelFunc
	over chan struct{}
}

// Close ends the command.
func (r *reading) Close() error {
	r.stop()
	err := r.PipeReader.Close()
	<-r.over
	return err
}
