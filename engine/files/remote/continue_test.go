//go:build unix

package remote

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
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
	d, err = f.Continue(t.Context(), root, "f", "one")
	require.NoError(t, err)
	_, err = io.WriteString(d, "in vain")
	require.NoError(t, err)
	kept, err := d.Leave(t.Context())
	require.NoError(t, err)
	require.False(t, kept, "nobody would take it up")
	left, err := os.ReadDir(root)
	require.NoError(t, err)
	require.Len(t, left, 2, "the file, and what was there before")
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

// An interrupted machine does something else before a script.
type interrupted struct {
	command.Runner
	script string
	by     func()
}

func (i interrupted) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	if argv[2] == i.script {
		i.by()
	}
	return i.Runner.Run(ctx, argv, streams)
}

// Between the end of the writing and the new name another run may take the draft up: it is that one's then, and no file of half of it.
func TestADraftThatIsTakenUpBeforeItIsKept(t *testing.T) {
	for name, runner := range kinds {
		t.Run(name, func(t *testing.T) {
			machine, root := runner(t), t.TempDir()
			var other files.Continued
			begun := func(f *Files) files.Continued {
				d, err := f.Continue(t.Context(), root, "f", "one")
				require.NoError(t, err)
				_, err = d.Begun(t.Context(), 1000, io.Discard)
				require.NoError(t, err)
				return d
			}
			d := begun(New(interrupted{machine, keepScript, func() { other = begun(New(machine)) }}))
			_, err := io.WriteString(d, "whole")
			require.NoError(t, err)
			err = d.Keep(t.Context(), files.Attributes{})
			require.Equal(t, action.CodeConflict, action.CodeOf(err))
			require.ErrorContains(t, err, "another run has taken up")
			require.NoFileExists(t, filepath.Join(root, "f"))
			require.NoError(t, other.Keep(t.Context(), files.Attributes{}))
			text, err := os.ReadFile(filepath.Join(root, "f"))
			require.NoError(t, err)
			require.Equal(t, "whole", string(text))
		})
	}
}

// One command at a time is enough to write a file, to take up what there is of it, and to look what it replaces.
func TestAMachineThatLetsInOne(t *testing.T) {
	for name, runner := range kinds {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			f, root := New(filestest.Narrow(runner(t))), t.TempDir()
			begun := func(want string) files.Continued {
				d, err := f.Continue(ctx, root, "f", "one")
				require.NoError(t, err)
				var text strings.Builder
				n, err := d.Begun(ctx, 5, &text)
				require.NoError(t, err)
				require.EqualValues(t, len(want), n)
				require.Equal(t, want, text.String())
				return d
			}
			d := begun("")
			_, err := io.WriteString(d, "7\nhello, world")
			require.NoError(t, err)
			kept, err := d.Leave(ctx)
			require.NoError(t, err)
			require.True(t, kept)
			d, err = f.Continue(ctx, root, "f", "one")
			require.NoError(t, err)
			kept, err = d.Leave(ctx)
			require.NoError(t, err)
			require.True(t, kept, "nobody looked at it")
			d = begun("7\nhel")
			_, err = io.WriteString(d, "p")
			require.NoError(t, err)
			require.NoError(t, d.Keep(ctx, files.Attributes{If: func(ctx context.Context) error {
				_, err := f.Look(ctx, filepath.Join(root, "f"))
				require.Equal(t, action.CodeNotFound, action.CodeOf(err))
				return nil
			}}))
			text, err := os.ReadFile(filepath.Join(root, "f"))
			require.NoError(t, err)
			require.Equal(t, "7\nhelp", string(text))
		})
	}
}
