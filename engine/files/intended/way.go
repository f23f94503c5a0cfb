package intended

import (
	"context"
	"path"
	"strings"
	"syscall"

	"runbook/engine/files"
)

// linksAtMost is how many links lead to one place before there is thought to be a circle.
const linksAtMost = 40

// real is the path of what a path leads to, by a way on which no link is, nor at its end. What is intended is kept by such paths, and found
// by whatever way is asked for. A link counts where the run intends it to be. Of what will not be there it is the path as far as it leads.
func (f *Files) real(ctx context.Context, at string) (string, error) {
	now := at
	for range linksAtMost {
		s := f.source(now, len(f.edits))
		if s.gone || s.made != nil {
			return now, nil
		}
		link, target, err := f.live.Link(ctx, s.live)
		if err != nil || link == "" {
			return now, err
		}
		rest := strings.TrimPrefix(s.live, link)
		if !path.IsAbs(target) {
			target = path.Join(path.Dir(strings.TrimSuffix(now, rest)), target)
		}
		now = path.Join(target, rest)
	}
	return "", files.Failed("look at", at, syscall.ELOOP)
}

// place is the path of what is at a path itself, by a way on which no link is.
func (f *Files) place(ctx context.Context, at string) (string, error) {
	above, err := f.real(ctx, path.Dir(at))
	return path.Join(above, path.Base(at)), err
}

// sought is where to look for what a path leads to. Where nothing is intended, whoever is asked finds the way.
func (f *Files) sought(ctx context.Context, at string) (string, error) {
	if len(f.edits) == 0 {
		return at, nil
	}
	return f.real(ctx, at)
}

// placed is an edit about what is below a root, by paths without links on their way. The root is looked through where it is one itself.
func (f *Files) placed(ctx context.Context, root string, e Edit) (Edit, error) {
	way, err := f.real(ctx, root)
	if err != nil {
		return e, err
	}
	itself, err := f.place(ctx, root)
	to := func(at string) string {
		if at == root {
			return itself
		}
		at, _ = moved(at, root, way)
		return at
	}
	paths, made := make([]string, len(e.Paths)), make([]Made, len(e.Made))
	for i, at := range e.Paths {
		paths[i] = to(at)
	}
	for i, m := range e.Made {
		made[i] = m
		made[i].Path = to(m.Path)
	}
	e.Paths, e.Made = paths, made
	if e.Op == Renamed {
		e.To = to(e.To)
	}
	return e, err
}
