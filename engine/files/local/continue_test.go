//go:build unix

package local_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/files"
	"runbook/engine/files/local"
)

func begun(t *testing.T, root, token string) (files.Continued, string) {
	t.Helper()
	d, err := local.New().Continue(t.Context(), root, "d/f", token)
	require.NoError(t, err)
	var text strings.Builder
	n, err := d.Begun(1000, &text)
	require.NoError(t, err)
	require.EqualValues(t, text.Len(), n)
	return d, text.String()
}

// What somebody left is taken up, by whoever has its token, and by nobody else.
func TestADraftIsTakenUp(t *testing.T) {
	root := t.TempDir()
	d, text := begun(t, root, "one")
	require.Empty(t, text)
	_, err := io.WriteString(d, "hello")
	require.NoError(t, err)
	while, text := begun(t, root, "one")
	require.Empty(t, text, "somebody writes to it")
	require.NoError(t, while.Drop(t.Context()))
	require.NoError(t, d.Leave())
	other, text := begun(t, root, "two")
	require.Empty(t, text)
	require.NoError(t, other.Leave())
	d, text = begun(t, root, "one")
	require.Equal(t, "hello", text)
	_, err = io.WriteString(d, ", world")
	require.NoError(t, err)
	require.NoError(t, d.Keep(t.Context(), files.Attributes{}))
	written, err := os.ReadFile(filepath.Join(root, "d", "f"))
	require.NoError(t, err)
	require.Equal(t, "hello, world", string(written))
	left, err := os.ReadDir(filepath.Join(root, "d"))
	require.NoError(t, err)
	require.Len(t, left, 1, "one in which nothing is does not stay")
}

// Only so much is taken up as there can be, and nothing that somebody else put there.
func TestADraftThatIsNotOurs(t *testing.T) {
	root := t.TempDir()
	at := filepath.Join(root, "d", files.DraftOf("one"))
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	precious := filepath.Join(root, "precious")
	require.NoError(t, os.WriteFile(precious, []byte("precious"), 0o600))
	for name, put := range map[string]func() error{
		"a link":       func() error { return os.Symlink(precious, at) },
		"another name": func() error { return os.Link(precious, at) },
		"a folder":     func() error { return os.Mkdir(at, 0o755) },
	} {
		require.NoError(t, put(), name)
		d, text := begun(t, root, "one")
		require.Empty(t, text, name)
		_, err := io.WriteString(d, "x")
		require.NoError(t, err)
		require.NoError(t, d.Drop(t.Context()))
		require.NoError(t, os.Remove(at))
	}
	written, err := os.ReadFile(precious)
	require.NoError(t, err)
	require.Equal(t, "precious", string(written))
	require.NoError(t, os.WriteFile(at, []byte("hello, world"), 0o600))
	d, err := local.New().Continue(t.Context(), root, "d/f", "one")
	require.NoError(t, err)
	n, err := d.Begun(5, io.Discard)
	require.NoError(t, err)
	require.EqualValues(t, 5, n)
	require.NoError(t, d.Keep(t.Context(), files.Attributes{}))
	written, err = os.ReadFile(filepath.Join(root, "d", "f"))
	require.NoError(t, err)
	require.Equal(t, "hello", string(written))
}

// A draft that somebody writes to stays; one of a run that died goes; nothing else does.
func TestDraftsAreClearedAway(t *testing.T) {
	root, f := t.TempDir(), local.New()
	d, _ := begun(t, root, "one")
	_, err := io.WriteString(d, "hello")
	require.NoError(t, err)
	plain, err := f.Create(t.Context(), root, "d/g")
	require.NoError(t, err)
	entries, err := os.ReadDir(filepath.Join(root, "d"))
	require.NoError(t, err)
	require.Len(t, entries, 2)
	cleared := func(want bool) {
		t.Helper()
		for _, e := range entries {
			gone, err := f.Clear(t.Context(), root, "d/"+e.Name())
			require.NoError(t, err)
			require.Equal(t, want, gone)
		}
	}
	cleared(false)
	require.NoError(t, plain.Drop(t.Context()))
	require.NoError(t, d.Leave())
	cleared(true)
	require.NoError(t, os.WriteFile(filepath.Join(root, "file"), nil, 0o600))
	_, err = f.Clear(t.Context(), root, "file")
	require.Error(t, err)
	require.FileExists(t, filepath.Join(root, "file"))
}
