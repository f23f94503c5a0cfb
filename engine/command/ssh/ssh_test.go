//go:build unix

package ssh

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/ssh/sshtest"
)

// mortal is the variable by which the test binary becomes a program that runs a command on a host until it is killed.
const mortal = "RUNBOOK_TEST_MORTAL"

func TestMain(m *testing.M) {
	if config := os.Getenv(mortal); config != "" {
		live(config)
		return
	}
	goleak.VerifyTestMain(m)
}

// live runs the command that its arguments are, with its input if there is one.
func live(config string) {
	var input io.Reader
	if os.Args[1] == "fed" {
		input = os.Stdin
	}
	h := New(Config{Name: "rack", Destination: sshtest.Alias, ConfigFile: config})
	_, err := h.Machine().Run(context.Background(), os.Args[2:], command.Streams{Stdin: input, Stdout: os.Stdout, Stderr: os.Stderr})
	panic(err)
}

// to is the way to a server.
func to(t *testing.T, s *sshtest.Server) *Host {
	h := New(Config{Name: "rack-1", Destination: sshtest.Alias, ConfigFile: s.Config})
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	return h
}

// on runs a command and returns what it printed.
func on(ctx context.Context, h *Host, input io.Reader, argv ...string) (stdout, stderr string, code int, err error) {
	var out, complaints bytes.Buffer
	code, err = h.Machine().Run(ctx, argv, command.Streams{Stdin: input, Stdout: &out, Stderr: &complaints})
	return out.String(), complaints.String(), code, err
}

func TestAConnectionIsShared(t *testing.T) {
	s := sshtest.New(t)
	h := to(t, s)
	for i := range 3 {
		out, complaint, code, err := on(t.Context(), h, nil, "sh", "-c", fmt.Sprintf("echo %d; echo oops >&2; exit 25%d", i, i+3))
		require.NoError(t, err)
		require.Equal(t, fmt.Sprintf("%d\n", i), out)
		require.Equal(t, "oops\n", complaint)
		require.Equal(t, 253+i, code, "255 is no code of ssh's own")
	}
	require.Equal(t, 1, s.Connections(t))
}

// at once runs so many commands together, each of which holds on until all of them have begun.
func together(t *testing.T, h *Host, n int) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			out, _, code, err := on(t.Context(), h, nil, "echo", fmt.Sprint(i))
			if err != nil || code != 0 || out != fmt.Sprintf("%d\n", i) {
				t.Errorf("command %d printed %q and ended with %d: %v", i, out, code, err)
			}
		})
	}
	all.Wait()
}

func TestNoMoreLoginsOverAConnectionThanTheServerAllows(t *testing.T) {
	for name, c := range map[string]struct {
		lines    []string
		commands int
		at       func(connections int) bool
	}{
		"what it allows that says nothing": {nil, 35, func(n int) bool { return n >= 2 && n <= 8 }},
		"fewer than we think":              {[]string{"MaxSessions 2"}, 9, func(n int) bool { return n >= 2 }},
		"one":                              {[]string{"MaxSessions 1"}, 4, func(n int) bool { return n >= 1 }},
	} {
		t.Run(name, func(t *testing.T) {
			s := sshtest.New(t, c.lines...)
			h := to(t, s)
			together(t, h, c.commands)
			n := s.Connections(t)
			require.True(t, c.at(n), "%d connections", n)
			together(t, h, c.commands)
		})
	}
	h := to(t, sshtest.New(t, "MaxSessions 0"))
	_, _, _, err := on(t.Context(), h, nil, "true")
	require.Equal(t, action.CodeRejected, action.CodeOf(err))
	require.ErrorContains(t, err, "the host rack-1 opens no login for commands: Session open refused by peer")
}

func TestWhatKeepsUsOut(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, s *sshtest.Server, h *Host)
		code    action.Code
		again   bool
		message string
		hint    string
	}{
		"another key": {func(t *testing.T, s *sshtest.Server, _ *Host) { s.Rekey(t) }, action.CodeConflict, false, "its key is another one than the known one", "ssh-keygen -R"},
		"a key that nobody knows": {func(t *testing.T, s *sshtest.Server, _ *Host) { s.Forget(t) }, action.CodeUnauth, false, "nobody has said yet that its key is the right one",
			"accept it once by hand: ssh -F"},
		"our key": {func(t *testing.T, s *sshtest.Server, _ *Host) { s.LockOut(t) }, action.CodeForbidden, false, "it lets nobody in with the keys that you have", "ssh-add -l"},
		"no such name": {func(_ *testing.T, _ *sshtest.Server, h *Host) {
			h.ConfigFile, h.Destination = "/dev/null", "no-such-host.invalid"
		}, action.CodeNotFound, false,
			"there is no machine of that name", "ssh -F /dev/null -G no-such-host.invalid"},
		"no such port": {func(_ *testing.T, _ *sshtest.Server, h *Host) {
			h.ConfigFile, h.Destination = "/dev/null", "ssh://127.0.0.1:1"
		}, action.CodeUnavailable, true,
			"no ssh server answers there", "ssh -F /dev/null ssh://127.0.0.1:1 true"},
		"no configuration": {func(_ *testing.T, _ *sshtest.Server, h *Host) { h.ConfigFile += "-none" }, action.CodeInvalid, false, "ssh does not take its configuration", "see what it holds"},
		"no ssh":           {func(t *testing.T, _ *sshtest.Server, _ *Host) { t.Setenv("PATH", t.TempDir()) }, action.CodeNotFound, false, "there is no program ssh on this machine", "OpenSSH"},
	} {
		t.Run(name, func(t *testing.T) {
			s := sshtest.New(t)
			h := to(t, s)
			c.prepare(t, s, h)
			_, _, _, err := on(t.Context(), h, nil, "true")
			var e *action.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.code, e.Code, e.Message)
			require.Equal(t, c.again, e.Retryable)
			require.True(t, strings.HasPrefix(e.Message, "cannot reach the host rack-1: "+c.message), e.Message)
			require.Contains(t, e.Hint, c.hint)
		})
	}
}

// A jump host has an ssh of its own, which knows nothing of our options: it must not ask anybody either.
func TestAJumpHostThatWantsAPassword(t *testing.T) {
	s := sshtest.New(t, "PasswordAuthentication yes", "AuthenticationMethods password", "PermitRootLogin yes")
	config, err := os.ReadFile(s.Config)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(s.Config, append([]byte("Host behind\n  ProxyJump jump\n"), config...), 0o600))
	folder := t.TempDir()
	ask, asked := filepath.Join(folder, "ask"), filepath.Join(folder, "asked")
	require.NoError(t, os.WriteFile(ask, []byte("#!/bin/sh\ntouch "+asked+"\n"), 0o700))
	t.Setenv("SSH_ASKPASS", ask)
	t.Setenv("SSH_ASKPASS_REQUIRE", "force")
	h := New(Config{Name: "rack-1", Destination: "behind", ConfigFile: s.Config})
	t.Cleanup(func() { require.NoError(t, h.Close()) })
	_, _, _, err = on(t.Context(), h, nil, "true")
	require.Equal(t, action.CodeForbidden, action.CodeOf(err), "%v", err)
	require.NoFileExists(t, asked)
}

// Who cannot get in knocks once, however many want to.
func TestManyAreKeptOutTogether(t *testing.T) {
	s := sshtest.New(t)
	s.LockOut(t)
	h := to(t, s)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if _, _, _, err := on(t.Context(), h, nil, "true"); action.CodeOf(err) != action.CodeForbidden {
				t.Errorf("got %v", err)
			}
		})
	}
	all.Wait()
	require.Less(t, strings.Count(s.Log(t), "Connection closed"), 5)
}

func TestInput(t *testing.T) {
	h := to(t, sshtest.New(t))
	large := strings.Repeat("0123456789abcde\n", 1<<20)
	out, _, code, err := on(t.Context(), h, strings.NewReader(large), "cat")
	require.NoError(t, err)
	require.Zero(t, code)
	require.Equal(t, sha256.Sum256([]byte(large)), sha256.Sum256([]byte(out)), "%d bytes", len(out))
	out, _, _, err = on(t.Context(), h, strings.NewReader(""), "wc", "-c")
	require.NoError(t, err)
	require.Equal(t, "0", strings.TrimSpace(out))
	out, _, _, err = on(t.Context(), h, nil, "cat")
	require.NoError(t, err)
	require.Empty(t, out)
	r, w := io.Pipe()
	defer w.Close() //nolint:errcheck // nothing is written to it any more
	out, _, code, err = on(t.Context(), h, r, "sh", "-c", "echo no more; exit 4")
	require.NoError(t, err, "it does not wait for an input that it does not want")
	require.Equal(t, 4, code)
	require.Equal(t, "no more\n", out)
}

// Nothing of what a slow reader has not taken yet is dropped when the command has ended.
func TestASlowReaderGetsAll(t *testing.T) {
	h := to(t, sshtest.New(t))
	var n int
	slow := writer(func(p []byte) {
		if n == 0 {
			time.Sleep(2 * grace)
		}
		n += len(p)
	})
	_, err := h.Machine().Run(t.Context(), []string{"head", "-c", "3000000", "/dev/zero"}, command.Streams{Stdout: slow, Stderr: io.Discard})
	require.NoError(t, err)
	require.Equal(t, 3000000, n)
}

type writer func(p []byte)

func (w writer) Write(p []byte) (int, error) { w(p); return len(p), nil }

// witness is a named pipe: who opens one end waits for the other, and what is read from it ends when the last process has gone that has it
// open for writing.
func witness(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "witness")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	return path
}

// stubborn holds the witness in a grandchild, and does not end when it is told to.
const stubborn = `trap "" TERM; (sleep 1000 > "$0" & wait) & echo started; wait`

var errCut = errors.New("the run was cut off")

func TestACommandEndsWithItsChildren(t *testing.T) {
	h := to(t, sshtest.New(t))
	never, hold := io.Pipe()
	defer hold.Close() //nolint:errcheck // nothing is written to it any more
	for name, input := range map[string]io.Reader{"without input": nil, "with input": never} {
		for how, script := range map[string]string{
			"that end when they are told to": `(sleep 1000 > "$0" & wait) & echo started; wait`,
			"that do not":                    stubborn,
			"of a parent that goes first":    `(trap "" TERM; exec sleep 1000 > "$0") & echo started; trap "exit 0" TERM; wait`,
		} {
			t.Run(name+" "+how, func(t *testing.T) {
				path := witness(t)
				ctx, cut := context.WithCancelCause(t.Context())
				ended := make(chan error, 1)
				go func() {
					_, _, _, err := on(ctx, h, input, "sh", "-c", script, path)
					ended <- err
				}()
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
}

// A command ends when this program does, however that ends, and when the network does. Nothing of ssh is left then either.
func TestACommandEndsWithThisProgram(t *testing.T) {
	for _, kind := range []string{"unfed", "fed"} {
		t.Run(kind, func(t *testing.T) {
			s, path := sshtest.New(t), witness(t)
			program := exec.CommandContext(t.Context(), os.Args[0], kind, "sh", "-c", stubborn, path)
			temporary := t.TempDir()
			program.Env = append(os.Environ(), mortal+"="+s.Config, "TMPDIR="+temporary, "XDG_RUNTIME_DIR=")
			stdin, err := program.StdinPipe()
			require.NoError(t, err)
			defer stdin.Close() //nolint:errcheck // nothing is written to it any more
			require.NoError(t, program.Start())
			held, err := os.Open(path)
			require.NoError(t, err)
			defer held.Close() //nolint:errcheck // nothing is written to it any more
			require.NoError(t, program.Process.Kill())
			_, err = io.ReadAll(held)
			require.NoError(t, err)
			require.Error(t, program.Wait())
			require.Eventually(t, func() bool {
				left, err := filepath.Glob(filepath.Join(temporary, "*"))
				return err == nil && len(left) == 0
			}, 10*time.Second, 50*time.Millisecond, "the folder of its sockets")
		})
	}
}

func first(h *Host) *connection {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.connections[0]
}

func TestALostConnection(t *testing.T) {
	s, path := sshtest.New(t), witness(t)
	h := to(t, s)
	ended := make(chan error, 1)
	go func() {
		_, _, _, err := on(t.Context(), h, nil, "sh", "-c", stubborn, path)
		ended <- err
	}()
	held, err := os.Open(path)
	require.NoError(t, err)
	defer held.Close() //nolint:errcheck // nothing is written to it any more
	first(h).kill(syscall.SIGKILL)
	var lost *command.Lost
	require.ErrorAs(t, <-ended, &lost)
	require.ErrorContains(t, lost, "nobody knows what became of it: the connection was lost")
	_, err = io.ReadAll(held)
	require.NoError(t, err, "it ends there")
	out, _, _, err := on(t.Context(), h, nil, "echo", "again")
	require.NoError(t, err)
	require.Equal(t, "again\n", out)
	require.Equal(t, 2, s.Connections(t))
}

// An ssh that answers nothing, as when the network is gone and nobody has noticed, holds nobody up for longer than he has time.
// A name can lead to another machine when a connection is made anew, as that of two of which one takes over.
func TestAnotherMachineTakesOver(t *testing.T) {
	server := sshtest.New(t, "SetEnv PATH="+machineCalled(t, "one"))
	h := to(t, server)
	m := h.Machine()
	named := func(want string) {
		t.Helper()
		name, err := m.Machine(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, name)
	}
	named("one")
	config, err := os.ReadFile(filepath.Join(server.Folder, "sshd_config"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(config), "\n")
	other := "SetEnv PATH=" + machineCalled(t, "other") + "\n" + rest
	require.NoError(t, os.WriteFile(filepath.Join(server.Folder, "sshd_config"), []byte(other), 0o600))
	named("one")
	lost := first(h)
	lost.kill(syscall.SIGKILL)
	<-lost.gone
	named("other")
}

// machineCalled is a PATH on which a machine calls itself so.
func machineCalled(t *testing.T, name string) string {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "uname"), []byte("#!/bin/sh\necho "+name+"\n"), 0o700))
	return folder + ":/usr/bin:/bin"
}

func TestASilentConnection(t *testing.T) {
	s := sshtest.New(t)
	h := to(t, s)
	_, _, _, err := on(t.Context(), h, nil, "true")
	require.NoError(t, err)
	first(h).kill(syscall.SIGSTOP)
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	began := time.Now()
	_, _, _, err = on(ctx, h, nil, "true")
	require.Equal(t, action.CodeTimeout, action.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "nothing was run")
	require.Less(t, time.Since(began), 10*time.Second)
	out, _, _, err := on(t.Context(), h, nil, "echo", "again")
	require.NoError(t, err)
	require.Equal(t, "again\n", out)
}

// The same when it falls silent while a command runs: then nobody knows.
func TestAConnectionFallsSilent(t *testing.T) {
	h, path := to(t, sshtest.New(t)), witness(t)
	ctx, cut := context.WithCancelCause(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, _, _, err := on(ctx, h, nil, "sh", "-c", stubborn, path)
		ended <- err
	}()
	held, err := os.Open(path)
	require.NoError(t, err)
	defer held.Close() //nolint:errcheck // nothing is written to it any more
	first(h).kill(syscall.SIGSTOP)
	cut(errCut)
	var lost *command.Lost
	require.ErrorAs(t, <-ended, &lost)
	require.ErrorContains(t, lost, "the run was cut off, and it did not confirm within 1.5s that it has ended")
	require.NoError(t, h.Close())
	_, err = io.ReadAll(held)
	require.NoError(t, err, "it ends with its connection")
}

func TestAShellThatIsKilled(t *testing.T) {
	h := to(t, sshtest.New(t))
	_, _, _, err := on(t.Context(), h, nil, "sh", "-c", "kill -9 0")
	var lost *command.Lost
	require.ErrorAs(t, err, &lost)
	require.ErrorContains(t, err, "killed the shell that watched over it")
	out, _, _, err := on(t.Context(), h, nil, "echo", "again")
	require.NoError(t, err)
	require.Equal(t, "again\n", out)
}

// What a login prints by itself is no part of what a command prints.
func TestALoginThatTalks(t *testing.T) {
	h := to(t, sshtest.New(t, `ForceCommand echo welcome; printf "no end of line"; echo warning >&2; exec /bin/sh -c "$SSH_ORIGINAL_COMMAND"`))
	out, complaint, code, err := on(t.Context(), h, nil, "sh", "-c", "echo out; echo err >&2; exit 3")
	require.NoError(t, err)
	require.Equal(t, "out\n", out)
	require.Equal(t, "err\n", complaint)
	require.Equal(t, 3, code)
	h = to(t, sshtest.New(t, "ForceCommand echo This account is not available.; exit 1"))
	_, _, _, err = on(t.Context(), h, nil, "df")
	require.EqualError(t, err, "cannot run df on rack-1: a login there does not run what it is told: This account is not available.")
	_, err = h.Machine().Find(t.Context(), "df")
	require.ErrorContains(t, err, "cannot ask rack-1: a login there does not run what it is told")
}

// Of a login that says nothing at all nobody knows whether the command ran: that it did not would be believed.
func TestALoginThatSaysNothing(t *testing.T) {
	h := to(t, sshtest.New(t, "ForceCommand true"))
	_, _, _, err := on(t.Context(), h, nil, "df")
	var lost *command.Lost
	require.ErrorAs(t, err, &lost)
	require.EqualError(t, err, "nobody knows what became of it: its login ended without a word, not even that the command began")
}

// Something on the way may hand on what a command printed long after its login has ended: it is waited for. What never comes is missed.
func TestAnOutputThatIsHeldUp(t *testing.T) {
	held := `ForceCommand mkfifo %[1]s/out && { cat "%[1]s/gate" - < %[1]s/out & exec /bin/sh -c "$SSH_ORIGINAL_COMMAND" > %[1]s/out; }`
	folder := t.TempDir()
	gate := filepath.Join(folder, "gate")
	require.NoError(t, syscall.Mkfifo(gate, 0o600))
	h, path := to(t, sshtest.New(t, fmt.Sprintf(held, folder))), witness(t)
	ended := make(chan string, 1)
	go func() {
		out, _, code, err := on(t.Context(), h, nil, "sh", "-c", `echo printed; cat "$0"; exit 3`, path)
		ended <- fmt.Sprintln(out, code, err)
	}()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close()) // the command ends
	f, err = os.OpenFile(gate, os.O_WRONLY, 0)
	require.NoError(t, err)
	require.NoError(t, f.Close()) // and then its output comes
	require.Equal(t, "printed\n 3 <nil>\n", <-ended)

	h = to(t, sshtest.New(t, `ForceCommand exec /bin/sh -c "$SSH_ORIGINAL_COMMAND" | head -c 30`))
	_, _, _, err = on(t.Context(), h, nil, "echo", "something that is cut off there")
	var lost *command.Lost
	require.ErrorAs(t, err, &lost)
	require.ErrorContains(t, err, "it ended with status 0, and not all that it printed came: its end is missing")
}

// Who wants no more of an output has missed nothing of it.
func TestWhoTakesNoMore(t *testing.T) {
	h := to(t, sshtest.New(t))
	var said strings.Builder
	code, err := h.Machine().Run(t.Context(), []string{"sh", "-c", "yes 2>/dev/null; exit 3"}, command.Streams{Stdout: full{}, Stderr: &said})
	require.NoError(t, err)
	require.Equal(t, 3, code)
	require.Empty(t, said.String(), "what watches over it has nothing to say of that")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errCut }

func TestAServerThatACommandStartsGoesOn(t *testing.T) {
	h, path := to(t, sshtest.New(t)), witness(t)
	out, _, code, err := on(t.Context(), h, nil, "sh", "-c", `echo started; cat "$0" & exit 0`, path)
	require.NoError(t, err)
	require.Zero(t, code)
	require.Equal(t, "started\n", out)
	f, err := os.OpenFile(path, os.O_WRONLY, 0) // returns once the server reads
	require.NoError(t, err)
	require.NoError(t, f.Close()) // it lived, and ends with its input
}

func TestNothingIsLeft(t *testing.T) {
	s := sshtest.New(t)
	temporary := t.TempDir()
	t.Setenv("XDG_RUNTIME_DIR", "")
	t.Setenv("TMPDIR", temporary)
	h := New(Config{Name: "rack-1", Destination: sshtest.Alias, ConfigFile: s.Config})
	_, _, _, err := on(t.Context(), h, nil, "true")
	require.NoError(t, err)
	c := first(h)
	require.NoError(t, h.Close())
	require.False(t, c.up())
	require.Eventually(t, func() bool { return errors.Is(syscall.Kill(-c.cmd.Process.Pid, 0), syscall.ESRCH) }, 10*time.Second, 10*time.Millisecond,
		"nor what holds its leash")
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	require.Empty(t, left)
	_, _, _, err = on(t.Context(), h, nil, "true")
	require.ErrorContains(t, err, "the run is over")
	require.NoError(t, h.Close(), "twice is once")
}

func TestNoTimeToConnect(t *testing.T) {
	s := sshtest.New(t)
	h := to(t, s)
	config, err := os.ReadFile(s.Config)
	require.NoError(t, err)
	slow := strings.Replace(string(config), "ProxyCommand ", "ProxyCommand sleep 1000; ", 1)
	require.NoError(t, os.WriteFile(s.Config, []byte(slow), 0o600))
	ctx, stop := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer stop()
	_, _, _, err = on(ctx, h, nil, "true")
	require.Equal(t, action.CodeTimeout, action.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "cannot reach the host rack-1: context deadline exceeded before it answered; nothing was run")
}
