package remote

import (
	"context"
	"path"
	"strings"

	"runbook/engine/files"
)

// mounted are the paths below a root at which something is mounted, as far as the machine tells. Tools know another file system by its
// device, and do not notice a folder of the same one that is mounted there a second time: what is in it is not below the root, though.
func (f *Files) mounted(ctx context.Context, root string) (map[string]bool, error) {
	out, code, complaint, err := f.output(ctx, mountsScript, root)
	if err != nil {
		return nil, err
	}
	if code != 0 {
		return nil, files.Failed("look into", root, reason(code, complaint))
	}
	mounts, here, _ := strings.Cut(out, "\n\n")
	at := map[string]bool{}
	for line := range strings.Lines(mounts) {
		_, point := files.MountIn(line)
		if below, is := strings.CutPrefix(point, here+"/"); is && below != "" {
			at[below] = true
		}
	}
	return at, nil
}

// elsewhere tells whether a path is one of those, or below one.
func elsewhere(mounted map[string]bool, at string) bool {
	for ; len(mounted) > 0 && at != "."; at = path.Dir(at) {
		if mounted[at] {
			return true
		}
	}
	return false
}
