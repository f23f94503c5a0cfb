//go:build unix

package remote

import (
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/files"
	"runbook/engine/files/filestest"
)

func TestContinuing(t *testing.T) {
	for name, runner := range kinds {
		t.Run(name, func(t *testing.T) {
			machine := runner(t)
			filestest.RunContinuing(t, func(*testing.T) files.System { return New(machine) })
		})
	}
}

// Where drafts cannot be locked, none is taken up, and none removed that somebody may write to.
func TestAMachineWithoutLocks(t *testing.T) {
	box := kinds["busybox"](t).(with)
	require.NoError(t, os.Remove(filepath.Join(box.folder, "flock")))
	f, root := New(box), t.TempDir()
	at := filepath.Join(root, files.DraftOf("one"))
	require.NoError(t, os.WriteFile(at, []byte("hello"), 0o600))
	d, err := f.Continue(t.Context(), root, "f", "one")
	require.NoError(t, err)
	n, err := d.Begun(t.Context(), 1000, io.Discard)
	require.NoError(t, err)
	require.Zero(t, n)
	_, err = io.WriteString(d, "anew")
	require.NoError(t, err)
	require.NoError(t, d.Keep(t.Context(), files.Attributes{}))
	text, err := os.ReadFile(filepath.Join(root, "f"))
	require.NoError(t, err)
	require.Equal(t, "anew", string(text))
	gone, err := f.Clear(t.Context(), root, filepath.Base(at))
	require.NoError(t, err)
	require.False(t, gone)
	old := time.Now().Add(-25 * time.Hour)
	require.NoError(t, os.Chtimes(at, old, old))
	gone, err = f.Clear(t.Context(), root, filepath.Base(at))
	require.NoError(t, err)
	require.True(t, gone)
	require.NoFileExists(t, at)
}
