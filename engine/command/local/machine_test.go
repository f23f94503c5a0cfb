//go:build unix

package local

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/command"
)

func TestMain(m *testing.M) {
	if script := os.Getenv(toRun); script != "" {
		runUntilKilled(script)
	}
	goleak.VerifyTestMain(m)
}

// run runs a command and returns what it printed.
func run(ctx context.Context, argv ...string) (stdout, stderr string, code int, err error) {
	var out, complaints bytes.Buffer
	code, err = Machine{}.Run(ctx, argv, command.Streams{Stdout: &out, Stderr: &complaints})
	return out.String(), complaints.String(), code, err
}

// program writes an executable script.
func program(t *testing.T, text string, mode os.FileMode) string {
	path := filepath.Join(t.TempDir(), "tool")
	require.NoError(t, os.WriteFile(path, []byte(text), mode))
	return path
}

func TestACommandRunsToItsEnd(t *testing.T) {
	out, complaint, code, err := run(t.Context(), "sh", "-c", "echo fine; echo oops >&2; exit 3")
	require.NoError(t, err)
	require.Equal(t, "fine\n", out)
	require.Equal(t, "oops\n", complaint)
	require.Equal(t, 3, code)
	_, _, code, err = run(t.Context(), "sh", "-c", "kill -9 $$")
	require.NoError(t, err)
	require.Equal(t, 128+9, code)
	out, _, _, err = run(t.Context(), "printf", "%s|", "a b", "$HOME", "*", ";", "")
	require.NoError(t, err)
	require.Equal(t, "a b|$HOME|*|;||", out, "no shell has seen them")
}

func TestACommandHasNoInputAndNoTerminal(t *testing.T) {
	out, _, code, err := run(t.Context(), "cat")
	require.NoError(t, err)
	require.Zero(t, code)
	require.Empty(t, out)
	_, _, code, err = run(t.Context(), "sh", "-c", "exec 2>/dev/null < /dev/tty")
	require.NoError(t, err)
	require.NotZero(t, code)
	t.Setenv("OF_THE_USER", "here")
	out, _, _, err = run(t.Context(), "sh", "-c", "echo $OF_THE_USER")
	require.NoError(t, err)
	require.Equal(t, "here\n", out)
}

func TestWhatCannotBeRun(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("PATH", folder)
	for name, c := range map[string]struct {
		argv    []string
		code    action.Code
		message string
		hint    string
	}{
		"no such name":   {[]string{"no-such-program", "x"}, action.CodeNotFound, "cannot run no-such-program: there is no such program on this machine", "command -v no-such-program"},
		"no such file":   {[]string{"/no/such/file"}, action.CodeNotFound, "cannot run /no/such/file: there is no such program", "command -v"},
		"a line":         {[]string{"df -h"}, action.CodeNotFound, `cannot run "df -h": there is no such program`, `command -v "df -h"`},
		"not executable": {[]string{program(t, "#!/bin/sh\n", 0o600)}, action.CodeForbidden, "permission denied", "ls -l"},
		"a folder":       {[]string{folder}, action.CodeCommand, "cannot run " + folder + " on this machine: is a directory", ""},
		"no program":     {[]string{program(t, "\x00\x01 nothing", 0o700)}, action.CodeCommand, "exec format error", "#!/bin/sh"},
		"a zero byte":    {[]string{"echo", "a\x00b"}, action.CodeInvalid, "cannot run echo: a word of it holds a zero byte", ""},
		"too long":       {[]string{program(t, "#!/bin/sh\n", 0o700), strings.Repeat("x", 1<<20)}, action.CodeInvalid, "argument list too long", "less at once"},
		"no interpreter": {[]string{program(t, "#!/no/such/shell\n", 0o700)}, action.CodeCommand, "what it is run with is not", "head -n 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, _, err := run(t.Context(), c.argv...)
			var e *action.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.code, e.Code, e.Message)
			require.Contains(t, e.Message, c.message)
			require.Contains(t, e.Hint, c.hint)
			require.False(t, e.Retryable)
		})
	}
}

// A started is a stream that tells when something is written to it.
type started struct{ once chan struct{} }

func (s started) Write(p []byte) (int, error) {
	select {
	case s.once <- struct{}{}:
	default:
	}
	return len(p), nil
}

// witness is a named pipe: who opens one end waits for the other, and what is read from it ends when the last process has gone that has it
// open for writing.
func witness(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "witness")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

var errCut = errors.New("the run was cut off")

func TestACommandEndsWithItsChildren(t *testing.T) {
	for name, script := range map[string]string{
		"that end when they are told to": `(sleep 1000 > "$0" & wait) & echo started; wait`,
		"that do not":                    `trap "" TERM; (sleep 1000 > "$0" & wait) & echo started; wait`,
		"of a parent that goes first":    `(trap "" TERM; exec sleep 1000 > "$0") & echo started; trap "exit 0" TERM; wait`,
	} {
		t.Run(name, func(t *testing.T) {
			path := witness(t)
			ctx, cut := context.WithCancelCause(t.Context())
			out := started{make(chan struct{}, 1)}
			ended := make(chan error, 1)
			go func() {
				_, err := Machine{}.Run(ctx, []string{"sh", "-c", script, path}, command.Streams{Stdout: out, Stderr: io.Discard})
				ended <- err
			}()
			<-out.once
			held, err := os.Open(path) // returns once the grandchild has it
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, held.Close()) })
			cut(errCut)
			require.Equal(t, &command.Cut{Cause: errCut}, <-ended)
			_, err = io.ReadAll(held)
			require.NoError(t, err)
		})
	}
}

func TestAServerThatACommandStartsGoesOn(t *testing.T) {
	path := witness(t)
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		f, err := os.OpenFile(path, os.O_WRONLY, 0) // returns once the server reads
		if err == nil {
			_ = f.Close()
		}
	}()
	out, _, code, err := run(t.Context(), "sh", "-c", `echo started; cat "$0" & exit 0`, path)
	require.NoError(t, err)
	require.Zero(t, code)
	require.Equal(t, "started\n", out)
	<-fed // it lived, and ends with its input
}

func TestACommandThatPrintsWithoutEndIsEnded(t *testing.T) {
	ctx, cut := context.WithCancelCause(t.Context())
	defer cut(nil)
	kept := command.NewOutput(1000)
	seen := 0
	_, err := Machine{}.Run(ctx, []string{"yes"}, command.Streams{Stderr: io.Discard, Stdout: writer(func(p []byte) {
		_, _ = kept.Streams().Stdout.Write(p)
		if seen += len(p); seen > 50<<20 {
			cut(errCut)
		}
	})})
	require.ErrorIs(t, err, errCut)
	result := kept.Result(0, func(s string) string { return s })
	require.Equal(t, strings.Repeat("y\n", 500), result.Stdout)
	require.True(t, result.Truncated)
}

type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

func TestNothingBeginsWhenTheRunIsOver(t *testing.T) {
	ctx, cut := context.WithCancelCause(t.Context())
	cut(errCut)
	file := filepath.Join(t.TempDir(), "made")
	_, _, _, err := run(ctx, "touch", file)
	require.EqualError(t, err, "touch "+file+" was not run: the run was cut off")
	require.NotErrorIs(t, err, errCut, "nothing is uncertain of it")
	require.NoFileExists(t, file)
}

func TestFind(t *testing.T) {
	tool := program(t, "#!/bin/sh\n", 0o700)
	t.Setenv("PATH", filepath.Dir(tool))
	for _, c := range []struct{ program, want string }{
		{"tool", tool}, {tool, tool}, {"none", ""}, {"/no/such", ""}, {program(t, "", 0o600), ""}, {filepath.Dir(tool), ""},
	} {
		got, err := Machine{}.Find(t.Context(), c.program)
		require.NoError(t, err)
		require.Equal(t, c.want, got, c.program)
	}
	name, err := Machine{}.Machine(t.Context())
	require.NoError(t, err)
	require.NotEmpty(t, name)
}
