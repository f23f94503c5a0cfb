package local

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/filestest"
)

func TestOtherFileSystemsBelowARoot(t *testing.T) {
	if !filestest.InNamespace(t) {
		return
	}
	root := t.TempDir()
	for _, folder := range []string{"own", "other", "bound", "readonly", "source"} {
		require.NoError(t, os.Mkdir(filepath.Join(root, folder), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, folder, "hidden"), nil, 0o600))
	}
	require.NoError(t, unix.Mount("tmpfs", filepath.Join(root, "other"), "tmpfs", 0, ""))
	require.NoError(t, os.WriteFile(filepath.Join(root, "other", "mounted"), nil, 0o600))
	require.NoError(t, unix.Mount(filepath.Join(root, "source"), filepath.Join(root, "bound"), "", unix.MS_BIND, ""))
	require.NoError(t, unix.Mount("tmpfs", filepath.Join(root, "readonly"), "tmpfs", 0, ""))
	require.NoError(t, os.WriteFile(filepath.Join(root, "readonly", "mounted"), nil, 0o600))
	require.NoError(t, unix.Mount("", filepath.Join(root, "readonly"), "", unix.MS_REMOUNT|unix.MS_RDONLY, ""))

	all, stay := walked(t, root, files.Filter{}), walked(t, root, files.Filter{Stay: true})
	require.Contains(t, paths(all), "other/mounted")
	require.Contains(t, paths(all), "bound/hidden")
	require.ElementsMatch(t, []string{"own", "own/hidden", "source", "source/hidden", "bound"}, paths(stay),
		"another mount of the same file system is another one too")

	errs, err := New().Change(t.Context(), root, removing(all))
	require.NoError(t, err)
	for i, err := range errs {
		switch all[i].Path {
		case "other", "bound", "readonly":
			require.Error(t, err, all[i].Path)
		case "readonly/mounted":
			require.ErrorContains(t, err, "its file system can only be read")
			require.Equal(t, action.CodeForbidden, action.CodeOf(err))
		}
	}
	d, err := New().Disk(t.Context(), filepath.Join(root, "other"))
	require.NoError(t, err)
	require.Equal(t, filepath.Join(root, "other"), d.Mount)
	d, err = New().Disk(t.Context(), filepath.Join(root, "own"))
	if err == nil { // it went with the rest
		require.NotEqual(t, filepath.Join(root, "own"), d.Mount)
	}
	for _, folder := range []string{"other", "bound", "readonly"} {
		require.NoError(t, unix.Unmount(filepath.Join(root, folder), 0))
	}
}

func walked(t *testing.T, root string, only files.Filter) (found []files.Entry) {
	t.Helper()
	_, err := New().Walk(t.Context(), root, only, func(list []files.Entry) error {
		found = append(found, list...)
		return nil
	})
	require.NoError(t, err)
	return found
}

func paths(list []files.Entry) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = e.Path
	}
	return out
}

func removing(list []files.Entry) []files.Change {
	out := make([]files.Change, len(list))
	for i, e := range list {
		out[i] = files.Change{Op: files.Remove, Was: e}
	}
	return out
}
