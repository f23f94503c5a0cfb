package remote

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"runbook/engine/files"
	"runbook/engine/files/filestest"
)

func TestNothingIsFoundBelowAMount(t *testing.T) {
	if !filestest.InNamespace(t) {
		return
	}
	root := t.TempDir()
	for _, folder := range []string{"own", "other one", "bo und\\*[x]\n%s", "source"} {
		require.NoError(t, os.Mkdir(filepath.Join(root, folder), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, folder, "hidden"), nil, 0o600))
	}
	bound, other := filepath.Join(root, "bo und\\*[x]\n%s"), filepath.Join(root, "other one")
	require.NoError(t, unix.Mount("tmpfs", other, "tmpfs", 0, ""))
	require.NoError(t, unix.Mount(filepath.Join(root, "source"), bound, "", unix.MS_BIND, ""))
	for _, kind := range []string{"gnu", "busybox"} {
		var found []string
		_, err := New(kinds[kind](t)).Walk(t.Context(), root, files.Filter{Stay: true}, func(list []files.Entry) error {
			for _, e := range list {
				found = append(found, e.Path)
			}
			return nil
		})
		require.NoError(t, err)
		require.ElementsMatch(t, []string{"own", "own/hidden", "source", "source/hidden"}, found, kind)
		for stay, want := range map[bool]int64{true: 2, false: 3} {
			u, err := New(kinds[kind](t)).Usage(t.Context(), root, stay)
			require.NoError(t, err)
			counted, err := files.Count(t.Context(), New(kinds[kind](t)), root, stay)
			require.NoError(t, err)
			require.Equal(t, counted, u, kind)
			require.Equal(t, want, u.Files, kind)
		}
	}
	for _, mount := range []string{bound, other} {
		require.NoError(t, unix.Unmount(mount, 0))
	}
}
