package host

import (
	"context"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
	"runbook/engine/module"
)

func (b *binding) awaitLineFunc() module.Func {
	return module.Func{
		Name: "await_line",
		Doc: `Waits until a line that a regular expression fits is written to a file, such as a log: what tail -f is for.

Only lines count that are written after the wait has begun, and only whole ones. A file that is not there yet is waited for; one that is
replaced or emptied, as logs are rotated, is read on from its beginning. Before that the one that it replaces is read to its end, if it is
in the same folder still, under whatever name; of one that was copied and emptied, what was written since the last look may be missed. A dry
run assumes that such a line comes, and cannot know it.`,
		Params: []module.Param{
			pathParam("path", "the file"),
			{Name: "match", Kind: module.String, Required: true, Doc: "the regular expression (RE2, as in the module regex)"},
			{Name: "options", Kind: module.Object, Doc: "where, and for how long", Fields: []module.Param{
				onParam,
				{Name: "timeout", Kind: module.Duration, Default: 5 * time.Minute, Doc: "how long to wait"},
				{Name: "every", Kind: module.Duration, Default: 2 * time.Second, Doc: "how often to look"},
			}},
		},
		Returns: module.Result{Type: "string?", Doc: "the line, without its end; nil in a dry run that assumes it"},
		Errors:  append([]action.Code{}, lookErrors...),
		Examples: []string{
			`host.await_line("/var/log/photon-mlir/device-envise-1.log", "calibration (done|failed)", { on = "rack-1", timeout = "2m" })`,
		},
		Wait: b.newAwaitLine,
	}
}

// An awaiting is one call of await_line.
type awaiting struct {
	shelf
	path  string
	match *regexp.Regexp
	pace  action.Pace
	seen  *progress
}

// progress is how far a file was read.
type progress struct {
	begun  bool
	id     string // of the file; "" before there is one
	at     string // where it was
	offset int64  // up to which it was
}

func (b *binding) newAwaitLine(args module.Args) (action.Wait, error) {
	const function = "host.await_line"
	at, err := b.shelf(args)
	if err != nil {
		return nil, err
	}
	w := awaiting{shelf: at, seen: &progress{}}
	if w.path, err = pathOf(function, args, "path"); err != nil {
		return nil, err
	}
	if w.match, err = expression(function, args.String("match")); err != nil {
		return nil, err
	}
	if w.match == nil {
		return nil, action.Errorf(action.CodeInvalid, `%s: match is empty; for any line write "."`, function)
	}
	w.pace.Timeout, _ = args.Duration("timeout")
	w.pace.Every, _ = args.Duration("every")
	return w, nil
}

func (w awaiting) Describe() action.Description {
	return action.Description{
		Verb: "host.await_line", Target: w.target(w.path), Idempotent: true, Permissions: w.needs,
		Identity: []action.Arg{{Name: "match", Value: w.match.String()}},
	}
}

func (w awaiting) Pace() action.Pace { return w.pace }

// Assume changes nothing: no intended state can hold a line that somebody else will write.
func (awaiting) Assume(context.Context, action.View) ([]action.Change, error) { return nil, nil }

// Check reads what was written since the last look.
func (w awaiting) Check(ctx context.Context, view action.View) (action.Progress, error) {
	line, met, err := w.look(ctx, w.as(view))
	if err != nil {
		return action.Progress{}, w.about(w.path, err)
	}
	if met {
		return action.Progress{Met: true, Value: line}, nil
	}
	return action.Progress{Detail: "no line of " + files.Spell(w.path) + " fits " + w.match.String() + " yet"}, nil
}

func (w awaiting) look(ctx context.Context, seen *intended.Files) (line string, met bool, err error) {
	now, at, err := behind(ctx, seen, w.path)
	missing := err != nil && action.CodeOf(err) == action.CodeNotFound
	if err != nil && !missing {
		return "", false, err
	}
	if !w.seen.begun {
		unfinished, err := w.unfinished(ctx, seen, at, now.Size)
		if err == nil {
			*w.seen = progress{true, now.ID, at, now.Size - unfinished}
		}
		return "", false, err
	}
	if w.seen.id != "" && now.ID != w.seen.id { // which is "" for none
		there, line, met, err := w.former(ctx, seen)
		if err != nil || met || there && now.Size == 0 { // who writes to it has not turned to the new one yet
			return line, met, err
		}
	}
	if missing {
		return "", false, nil
	}
	if now.ID != w.seen.id || now.Size < w.seen.offset {
		w.seen.offset = 0
	}
	w.seen.id, w.seen.at = now.ID, at
	if now.Size == w.seen.offset {
		return "", false, nil
	}
	return w.next(ctx, seen, at)
}

// former reads on in the file that was read before, as long as there is something, and tells whether it is there still: as logs are rotated
// it is in the same folder, under another name.
func (w awaiting) former(ctx context.Context, seen *intended.Files) (there bool, line string, met bool, err error) {
	folder, at := path.Dir(w.seen.at), ""
	_, err = seen.Walk(ctx, folder, files.Filter{Kinds: []files.Kind{files.File}, Depth: 1}, func(list []files.Entry) error {
		for _, e := range list {
			if e.ID == w.seen.id {
				at = path.Join(folder, e.Path)
			}
		}
		return nil
	})
	switch code := action.CodeOf(err); {
	case code == action.CodeNotFound || code == action.CodeForbidden || code == action.CodeInvalid || err == nil && at == "":
		return false, "", false, nil
	case err != nil:
		return false, "", false, err
	}
	for before := int64(-1); before < w.seen.offset && !met && err == nil; {
		before = w.seen.offset
		line, met, err = w.next(ctx, seen, at)
	}
	if code := action.CodeOf(err); err != nil && (code == action.CodeNotFound || code == action.CodeForbidden) {
		return false, "", false, nil // it was packed or removed meanwhile, or may be read no more
	}
	return true, line, met, err
}

// unfinished is how long the last line of a file is that has not ended yet: what is written to it makes a whole one.
func (awaiting) unfinished(ctx context.Context, seen *intended.Files, at string, size int64) (int64, error) {
	if size == 0 {
		return 0, nil
	}
	from := max(size-tailFirst, 0)
	in, err := seen.Open(ctx, at, from)
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(io.LimitReader(in, size-from))
	if err = errors.Join(err, in.Close()); err != nil {
		return 0, files.Failed("read", at, err)
	}
	end := strings.LastIndexByte(string(text), '\n')
	if end < 0 && from > 0 {
		return 0, nil // no log has such lines
	}
	return int64(len(text) - end - 1), nil
}

// next reads on, line by line.
func (w awaiting) next(ctx context.Context, seen *intended.Files, at string) (line string, met bool, err error) {
	in, err := seen.Open(ctx, at, w.seen.offset)
	if err != nil {
		return "", false, err
	}
	text, err := io.ReadAll(io.LimitReader(in, maxContent))
	if err = errors.Join(err, in.Close()); err != nil {
		return "", false, files.Failed("read", at, err)
	}
	for line := range strings.Lines(string(text)) {
		whole, is := strings.CutSuffix(line, "\n")
		if !is {
			break // the rest of it is still to come
		}
		w.seen.offset += int64(len(line))
		whole = strings.ToValidUTF8(strings.TrimSuffix(whole, "\r"), string(utf8.RuneError))
		if w.match.MatchString(whole) {
			return whole, true, nil
		}
	}
	if len(text) == maxContent && !strings.Contains(string(text), "\n") {
		w.seen.offset += maxContent // no log has such lines
	}
	return "", false, nil
}

// linksAtMost is how many links lead to one file before there is thought to be a circle.
const linksAtMost = 40

// behind is the file at a path, or behind the links there, and the path of it.
func behind(ctx context.Context, seen *intended.Files, at string) (files.Entry, string, error) {
	for range linksAtMost {
		now, err := seen.Look(ctx, at)
		if err != nil || now.Kind != files.Link {
			return now, at, err
		}
		if path.IsAbs(now.Target) {
			at = path.Clean(now.Target)
		} else {
			at = path.Join(path.Dir(at), now.Target)
		}
	}
	return files.Entry{}, at, action.Errorf(action.CodeRejected, "the links at %s lead in a circle", files.Spell(at))
}
