//go:build unix

package local

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/command"
)

// toRun has this test program run a script as a command, say that it did, and then wait to be killed.
const toRun = "RUNBOOK_TEST_TO_RUN"

func runUntilKilled(script string) {
	_, _ = Machine{}.Run(context.Background(), []string{"sh", "-c", script}, command.Streams{Stdout: writer(func(p []byte) {
		held.mu.Lock() // whoever hears of the command may kill us: only once it is on the leash
		defer held.mu.Unlock()
		_, _ = os.Stdout.Write(p)
	})})
	_, _ = os.Stdout.WriteString("it has ended\n")
	_, _ = io.ReadAll(os.Stdin)
}

// killed runs a script in a process of its own that is killed once the script has printed a line, or has ended.
func killed(t *testing.T, script string, environment ...string) {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(append(os.Environ(), toRun+"="+script), environment...)
	_, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.NoError(t, cmd.Process.Kill())
	require.ErrorContains(t, cmd.Wait(), "signal: killed")
}

func TestACommandEndsWhenThisProgramIsKilled(t *testing.T) {
	for name, script := range map[string]string{
		"with its children":          `(sleep 1000 > "$WITNESS" & wait) & : < "$OPEN"; echo started; wait`,
		"that is not told so easily": `trap "" TERM HUP INT; (sleep 1000 > "$WITNESS" & wait) & : < "$OPEN"; echo started; wait`,
		"after others that ended":    `for i in 1 2 3; do true & done; wait; (sleep 1000 > "$WITNESS" & wait) & : < "$OPEN"; echo started; wait`,
	} {
		t.Run(name, func(t *testing.T) {
			path, opened := witness(t), witness(t)
			ended := make(chan error, 1)
			go func() {
				held, err := os.Open(path) // returns once the grandchild has it
				if err != nil {
					ended <- err
					return
				}
				open, err := os.OpenFile(opened, os.O_WRONLY, 0)
				if err == nil {
					err = open.Close()
				}
				if err == nil {
					_, err = io.ReadAll(held)
				}
				_ = held.Close()
				ended <- err
			}()
			killed(t, script, "WITNESS="+path, "OPEN="+opened)
			require.NoError(t, <-ended)
		})
	}
}

func TestAServerGoesOnWhenThisProgramIsKilled(t *testing.T) {
	path := witness(t)
	done := filepath.Join(t.TempDir(), "done")
	require.NoError(t, syscall.Mkfifo(done, 0o600))
	killed(t, `(cat "$WITNESS"; echo fine > "$DONE") >/dev/null 2>&1 & exit 0`, "WITNESS="+path, "DONE="+done)
	feed, err := os.OpenFile(path, os.O_WRONLY, 0) // returns once the server reads
	require.NoError(t, err)
	require.NoError(t, feed.Close())
	text, err := os.ReadFile(done)
	require.NoError(t, err)
	require.Equal(t, "fine\n", string(text))
}

// Of many commands the shell forgets those that have ended, and no others. One that took the place of one that was killed hears of the end of
// commands that it never heard of.
func TestTheLeashKnowsWhoIsLeft(t *testing.T) {
	said := `kill() { echo "$@"; }; sleep() { :; }` + "\n" + leash
	for told, want := range map[string]string{
		"":                             "",
		"began 12\nended 12\n":         "",
		"began 7\nended 5\nended 7\n":  "",
		"began 1\nbegan 12\nended 1\n": "-TERM -12\n-KILL -12\n",
		"began 1\nbegan 2\nbegan 3\nended 2\nbegan 22\nended 3\nended 1\n": "-TERM -22\n-KILL -22\n",
		"began 5\nbegan 6\nended 6\nbegan 7\n":                             "-TERM -5\n-TERM -7\n-KILL -5\n-KILL -7\n",
	} {
		for _, shell := range [][]string{{"sh"}, {"bash"}, {"ksh"}, {"busybox", "sh"}} {
			path, err := exec.LookPath(shell[0])
			if err != nil {
				continue
			}
			cmd := exec.CommandContext(t.Context(), path, append(shell[1:], "-c", said)...)
			cmd.Stdin = strings.NewReader(told)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, shell)
			require.Equal(t, want, string(out), told)
		}
	}
}

func TestALeashThatWasCutIsReplaced(t *testing.T) {
	h := holder{running: map[int]bool{}}
	commands := make([]*exec.Cmd, 2)
	for i := range commands {
		commands[i] = exec.CommandContext(t.Context(), "sleep", "1000")
		isolate(commands[i])
	}
	require.NoError(t, h.start(commands[0]))
	theirs, ours, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, theirs.Close())
	require.NoError(t, h.end.Close())
	h.end = ours // nobody hears what it is told any more
	require.NoError(t, h.start(commands[1]))
	require.NotSame(t, ours, h.end)
	require.NoError(t, h.end.Close()) // as when this program is killed
	for _, cmd := range commands {
		require.ErrorContains(t, cmd.Wait(), "signal: terminated")
	}
}
