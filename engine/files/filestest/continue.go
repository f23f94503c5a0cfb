//go:build unix

package filestest

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
)

// RunContinuing holds a system that reaches the disk of this machine to how drafts are taken up and cleared away.
func RunContinuing(t *testing.T, open func(t *testing.T) files.System) {
	for name, run := range map[string]func(t *testing.T, f files.System, root string){
		"a draft is taken up": takenUp, "a draft that is not ours": notOurs, "drafts are cleared away": clearedAway, "a draft that became the file": becameTheFile,
	} {
		t.Run(name, func(t *testing.T) {
			root, err := filepath.EvalSymlinks(t.TempDir())
			require.NoError(t, err)
			run(t, open(t), root)
		})
	}
}

// token is that of the drafts here, and inFolder the file that they are of.
const (
	token    = "one"
	inFolder = "d/f"
)

// begun is the draft of a token, and what is in it.
func begun(t *testing.T, f files.System, root, token string) (files.Continued, string) {
	t.Helper()
	d, err := f.(files.Continuer).Continue(t.Context(), root, inFolder, token)
	require.NoError(t, err)
	var text strings.Builder
	n, err := d.Begun(t.Context(), 1000, &text)
	require.NoError(t, err)
	require.EqualValues(t, text.Len(), n)
	return d, text.String()
}

func added(t *testing.T, d files.Draft, text string) {
	t.Helper()
	_, err := io.WriteString(d, text)
	require.NoError(t, err)
}

// takenUp: what somebody left is taken up, by whoever has its token, and by nobody else.
func takenUp(t *testing.T, f files.System, root string) {
	d, text := begun(t, f, root, token)
	require.Empty(t, text)
	added(t, d, "hello")
	while, text := begun(t, f, root, token)
	require.Empty(t, text, "somebody writes to it")
	added(t, while, "nobody finds this")
	left(t, while, false)
	left(t, d, true)
	other, text := begun(t, f, root, "two")
	require.Empty(t, text)
	left(t, other, false)
	require.Equal(t, []string{files.DraftOf(token)}, names(t, filepath.Join(root, "d")))
	d, text = begun(t, f, root, token)
	require.Equal(t, "hello", text)
	added(t, d, ", world")
	when := time.Now().Add(-3 * day).Truncate(time.Second)
	require.NoError(t, d.Keep(t.Context(), files.Attributes{Modified: when}))
	require.NoError(t, d.Drop(t.Context()), "it is nothing any more")
	written, err := os.ReadFile(filepath.Join(root, inFolder))
	require.NoError(t, err)
	require.Equal(t, "hello, world", string(written))
	is, err := os.Stat(filepath.Join(root, inFolder))
	require.NoError(t, err)
	require.Equal(t, when, is.ModTime())
	require.Equal(t, []string{"f"}, names(t, filepath.Join(root, "d")))
}

// left leaves a draft.
func left(t *testing.T, d files.Continued, kept bool) {
	t.Helper()
	is, err := d.Leave(t.Context())
	require.NoError(t, err)
	require.Equal(t, kept, is)
}

func names(t *testing.T, folder string) (out []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// notOurs: only so much is taken up as there can be, and nothing that somebody else put there.
func notOurs(t *testing.T, f files.System, root string) {
	at := filepath.Join(root, "d", files.DraftOf(token))
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	precious := filepath.Join(root, "precious")
	require.NoError(t, os.WriteFile(precious, []byte("precious"), 0o600))
	for name, put := range map[string]func() error{
		"a link":       func() error { return os.Symlink(precious, at) },
		"another name": func() error { return os.Link(precious, at) },
		"a folder":     func() error { return os.Mkdir(at, 0o755) },
	} {
		require.NoError(t, put(), name)
		d, text := begun(t, f, root, token)
		require.Empty(t, text, name)
		added(t, d, "x")
		require.NoError(t, d.Drop(t.Context()))
		require.NoError(t, os.Remove(at))
	}
	written, err := os.ReadFile(precious)
	require.NoError(t, err)
	require.Equal(t, "precious", string(written))
	require.NoError(t, os.WriteFile(at, []byte("hello, world"), 0o600))
	d, err := f.(files.Continuer).Continue(t.Context(), root, inFolder, token)
	require.NoError(t, err)
	n, err := d.Begun(t.Context(), 5, io.Discard)
	require.NoError(t, err)
	require.EqualValues(t, 5, n)
	added(t, d, "!")
	require.NoError(t, d.Keep(t.Context(), files.Attributes{}))
	written, err = os.ReadFile(filepath.Join(root, inFolder))
	require.NoError(t, err)
	require.Equal(t, "hello!", string(written))
}

// clearedAway: a draft that somebody writes to stays, and one of a run that died goes; nothing else does.
func clearedAway(t *testing.T, f files.System, root string) {
	d, _ := begun(t, f, root, token)
	added(t, d, "hello")
	plain, err := f.Create(t.Context(), root, "d/g")
	require.NoError(t, err)
	entries, err := os.ReadDir(filepath.Join(root, "d"))
	require.NoError(t, err)
	require.Len(t, entries, 2)
	cleared := func(want bool) {
		t.Helper()
		for _, e := range entries {
			gone, err := f.(files.Continuer).Clear(t.Context(), root, "d/"+e.Name())
			require.NoError(t, err)
			require.Equal(t, want, gone)
		}
	}
	cleared(false)
	require.NoError(t, plain.Drop(t.Context()))
	left(t, d, true)
	cleared(true)
	require.Empty(t, names(t, filepath.Join(root, "d")))
	require.NoError(t, os.WriteFile(filepath.Join(root, "file"), nil, 0o600))
	_, err = f.(files.Continuer).Clear(t.Context(), root, "file")
	failsWith(t, err, action.CodeInvalid)
	require.FileExists(t, filepath.Join(root, "file"))
}

// becameTheFile: what became the file is no draft any more for who begins after that; what replaces it may be read by nobody more.
func becameTheFile(t *testing.T, f files.System, root string) {
	first, _ := begun(t, f, root, token)
	added(t, first, "whole")
	require.NoError(t, first.Keep(t.Context(), files.Attributes{Mode: 0o640}))
	second, text := begun(t, f, root, token)
	require.Empty(t, text)
	added(t, second, "other")
	is, err := os.ReadFile(filepath.Join(root, inFolder))
	require.NoError(t, err)
	require.Equal(t, "whole", string(is))
	require.NoError(t, second.Keep(t.Context(), files.Attributes{}))
	now, err := os.Stat(filepath.Join(root, inFolder))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), now.Mode(), "nobody may read it who might not before")
}
