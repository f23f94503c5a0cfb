//go:build unix

package filestest

import (
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"runbook/engine/files"
)

// OnDisk is a site on the disk of this machine, of a system that reaches it somehow.
func OnDisk(t *testing.T, system files.System, items []Item) Site {
	t.Helper()
	now := time.Now()
	base, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, item := range items {
		place(t, base+item.Path, item, now)
	}
	me, err := user.Current()
	require.NoError(t, err)
	group, err := user.LookupGroupId(me.Gid)
	require.NoError(t, err)
	return Site{System: system, Base: base, Now: now, User: me.Username, Number: me.Uid, Group: group.Name}
}

func place(t *testing.T, path string, item Item, now time.Time) {
	t.Helper()
	mode := os.FileMode(item.Mode)
	if strings.HasSuffix(path, "/") {
		require.NoError(t, os.MkdirAll(path, 0o755))
		return
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	if item.Target != "" {
		require.NoError(t, os.Symlink(item.Target, path))
	} else {
		if mode == 0 {
			mode = 0o644
		}
		require.NoError(t, os.WriteFile(path, []byte(item.Content), mode))
		require.NoError(t, os.Chmod(path, mode))
	}
	at := unix.NsecToTimespec(now.Add(-item.Age).UnixNano())
	require.NoError(t, unix.UtimesNanoAt(unix.AT_FDCWD, path, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW))
}
