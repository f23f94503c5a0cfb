package files

import (
	"context"
	"strings"
)

// A Looker looks at one path: see System.
type Looker interface {
	Look(ctx context.Context, path string) (Entry, error)
}

// FirstLink is the first link on the way to a path, for a System that has no way of its own to find it: see System.
func FirstLink(ctx context.Context, system Looker, at string) (link, target string) {
	for end := 1; end < len(at); end++ {
		next := strings.IndexByte(at[end:], '/')
		if end += next; next < 0 {
			end = len(at)
		}
		switch e, err := system.Look(ctx, at[:end]); {
		case err != nil:
			return "", ""
		case e.Kind == Link:
			return at[:end], e.Target
		}
	}
	return "", ""
}
