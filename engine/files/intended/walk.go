package intended

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"runbook/engine/files"
)

// A walk is one below a root as it is intended.
type walk struct {
	*Files
	root   string
	only   files.Filter
	visit  func([]files.Entry) error
	walked files.Walked
	moves  bool            // something is to be renamed
	told   map[string]bool // paths, where something could be told of twice
}

// Walk finds what is below a root: see files.System.
func (f *Files) Walk(ctx context.Context, root string, only files.Filter, visit func([]files.Entry) error) (files.Walked, error) {
	if len(f.edits) == 0 {
		return f.live.Walk(ctx, root, only, visit)
	}
	if err := only.Check("walk"); err != nil {
		return files.Walked{}, err
	}
	where, err := f.real(ctx, root)
	if err != nil {
		return files.Walked{}, err
	}
	w := &walk{Files: f, root: where, only: only, visit: visit, told: map[string]bool{}}
	w.moves = w.renames()
	s := f.source(where, len(f.edits))
	if s.gone {
		return files.Walked{}, files.Failed("look into", root, fs.ErrNotExist)
	}
	if s.file() != nil {
		return files.Walked{}, files.Failed("look into", root, syscall.ENOTDIR)
	}
	if s.made == nil {
		if err := w.below(ctx, s.live); err != nil {
			return w.walked, err
		}
	}
	if err := w.arrivals(ctx, s); err != nil {
		return w.walked, err
	}
	return w.walked, w.written()
}

// Usage counts what is below a root. Where nothing is intended about that, the machine itself counts.
func (f *Files) Usage(ctx context.Context, root string, stay bool) (files.Usage, error) {
	root, err := f.sought(ctx, root)
	if err != nil {
		return files.Usage{}, err
	}
	if slices.ContainsFunc(f.edits, func(e edit) bool { return e.counts(root) }) {
		return files.Count(ctx, f, root, stay)
	}
	return f.live.Usage(ctx, root, stay)
}

// below tells of what is really below a place, where it will have come to.
func (w *walk) below(ctx context.Context, live string) error {
	only := w.only
	if w.moves {
		only = only.Anywhere()
	}
	walked, err := w.live.Walk(ctx, live, only, func(found []files.Entry) error {
		return w.tell(found, live, 0)
	})
	w.walked.Seen += walked.Seen
	w.walked.Skipped += walked.Skipped
	w.walked.Unlooked = append(w.walked.Unlooked, walked.Unlooked...)
	return err
}

func (w *walk) renames() bool {
	for i := range w.edits {
		if w.edits[i].Op == Renamed {
			return true
		}
	}
	return false
}

// tell tells of entries below a place, as they will be after the edits from one of that number on.
func (w *walk) tell(found []files.Entry, below string, from int) error {
	var out []files.Entry
	for _, e := range found {
		becomes := w.end(path.Join(below, e.Path), from)
		rest, inside := strings.CutPrefix(becomes.path, strings.TrimSuffix(w.root, "/")+"/")
		if becomes.gone || !inside {
			continue
		}
		e.Path = rest
		if w.only.Wants(&e) && w.first(rest) {
			out = append(out, becomes.given(e))
		}
	}
	if len(out) == 0 {
		return nil
	}
	return w.visit(out)
}

// first tells whether something is told of for the first time: what is renamed twice comes from two places.
func (w *walk) first(at string) bool {
	if !w.moves {
		return true
	}
	was := w.told[at]
	w.told[at] = true
	return !was
}

// arrivals tells of what will have been renamed to below the root from elsewhere.
func (w *walk) arrivals(ctx context.Context, root source) error {
	for i := range w.edits {
		e := &w.edits[i]
		if e.Op != Renamed {
			continue
		}
		from := w.source(e.path(), i)
		_, seen := moved(from.live, root.live, "")
		if from.gone || from.made != nil || seen && root.made == nil {
			continue
		}
		entry, err := w.live.Look(ctx, from.live)
		if err != nil {
			continue // it has gone meanwhile
		}
		entry.Path = path.Base(from.live)
		if err := w.tell([]files.Entry{entry}, path.Dir(from.live), 0); err != nil {
			return err
		}
		if entry.Kind == files.Folder {
			if err := w.below(ctx, from.live); err != nil {
				return err
			}
		}
	}
	return nil
}

// written tells of what will have been written below the root, with the folders that are made for it.
func (w *walk) written() error {
	for i := range w.edits {
		e := &w.edits[i]
		if e.Op != Written {
			continue
		}
		for _, at := range slices.Concat(e.madePaths(), e.Paths) {
			if err := w.one(source{live: at, made: e, by: i}); err != nil {
				return err
			}
		}
	}
	return nil
}

// one tells of something that is written, if it will be below the root.
func (w *walk) one(s source) error {
	becomes := w.end(s.live, s.by+1)
	rest, inside := strings.CutPrefix(becomes.path, strings.TrimSuffix(w.root, "/")+"/")
	e := w.made(s, rest)
	if becomes.gone || !inside || !w.only.Wants(&e) || !w.first(rest) {
		return nil
	}
	w.walked.Seen++
	return w.visit([]files.Entry{e})
}
