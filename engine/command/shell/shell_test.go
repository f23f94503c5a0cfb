//go:build unix

package shell

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/command"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// awkward are words that a careless shell would make something else of.
var awkward = []string{
	"", " ", "a b", "it's", `"`, `\`, `\\n`, "$HOME", "`id`", "$(id)", "!x", "!", "a!b", "*", "?", "~", "#", ";", "|&<>()", "{a,b}", "-n", "--", "=x", "%s",
	"ü€😀", "\t", "^a", "[x]", `'\''`, "a'b\\c!d", "@x", "%self",
}

// logins are shells that somebody may have as a login shell.
func logins(t *testing.T) (out map[string][]string) {
	out = map[string][]string{}
	for _, argv := range [][]string{{"sh"}, {"dash"}, {"bash"}, {"zsh"}, {"ksh"}, {"mksh"}, {"csh", "-f"}, {"tcsh", "-f"}, {"fish", "--no-config"}, {"busybox", "sh"}} {
		if path, err := exec.LookPath(argv[0]); err == nil {
			out[strings.Join(argv, " ")] = append([]string{path}, argv[1:]...)
		}
	}
	require.NotEmpty(t, out)
	return out
}

func TestEveryWordArrivesAsItIs(t *testing.T) {
	for name, login := range logins(t) {
		t.Run(name, func(t *testing.T) {
			words := awkward
			if !strings.Contains(name, "csh") { // which knows no line end in a word
				words = append(words[:len(words):len(words)], "two\nlines", "\n")
			}
			line := Line(append([]string{"/usr/bin/printf", "%s\x01"}, words...))
			out, err := exec.CommandContext(t.Context(), login[0], append(login[1:], "-c", line)...).CombinedOutput()
			require.NoError(t, err, string(out))
			require.Equal(t, strings.Join(words, "\x01")+"\x01", string(out))
		})
	}
}

// What a supervised command is given arrives too, also by a login whose shell knows no line end in a word.
func TestEveryWordOfACommandArrivesAsItIs(t *testing.T) {
	words := append(awkward[:len(awkward):len(awkward)], "two\nlines", "\n", "ends\n\n", "=folded=", `=folded=\0012`, "a\n\\n\\0012%s\xff", "\n-n")
	want := Words(Feed, append([]string{"/usr/bin/printf", "%s\x01"}, words...)...)
	line := Line(want)
	require.NotContains(t, line, "\n")
	_, argv, ok := Parse(want)
	require.True(t, ok)
	require.Equal(t, words, argv[2:])
	_, _, ok = Parse(append(Words(Run), `=folded=\0143at`))
	require.False(t, ok, "it is another word to the machine than to us")
	for name, login := range logins(t) {
		t.Run(name, func(t *testing.T) {
			out, err := exec.CommandContext(t.Context(), login[0], append(login[1:], "-c", line)...).Output()
			require.NoError(t, err, string(out))
			p, printed := said(t, string(out), 10)
			require.Equal(t, strings.Join(words, "\x01")+"\x01", printed)
			require.True(t, p.end.came)
		})
	}
}

// Whatever the words are, a shell finds the same ones.
func FuzzLine(f *testing.F) {
	for _, word := range awkward {
		f.Add(word, "x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsRune(a+b, 0) {
			return
		}
		out, err := exec.CommandContext(t.Context(), "/bin/sh", "-c", Line([]string{"printf", "%s\n%s", a, b})).Output()
		require.NoError(t, err)
		require.Equal(t, a+"\n"+b, string(out))
	})
}

// The text is handed over by any login shell, some of which know no line end in a word.
func TestTheSupervisionIsOneLine(t *testing.T) {
	require.NotContains(t, supervision, "\n")
	require.NotContains(t, supervision, " #")
	require.Less(t, len(supervision), 2000)
}

// A shellHere is a way to this machine, by one of its shells. What it starts leads its own session, or does not.
type shellHere struct {
	argv   []string
	leader bool
}

func (shellHere) Way() int { return 1 }

func (s shellHere) Exec(ctx context.Context, words []string, streams command.Streams) (int, error) {
	ctx, stop := Patient(ctx)
	defer stop()
	argv := append(s.argv[:len(s.argv):len(s.argv)], words[1:]...)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: s.leader}
	cmd.Stdout, cmd.Stderr = streams.Stdout, streams.Stderr
	cmd.WaitDelay = patience
	if streams.Stdin != nil {
		in, err := cmd.StdinPipe()
		if err != nil {
			return 0, err
		}
		go func() {
			_, _ = io.Copy(in, streams.Stdin)
			_ = in.Close()
		}()
	}
	err := cmd.Run()
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) {
		return exited.ExitCode(), nil // -1 for a signal
	}
	if err != nil {
		return 0, &command.Lost{Cause: err}
	}
	return 0, nil
}

// machines are this one, by each shell that a machine may have as /bin/sh.
func machines(t *testing.T) map[string]*Machine {
	out := map[string]*Machine{}
	for name, login := range logins(t) {
		switch {
		case strings.Contains(name, "csh"), name == "fish --no-config":
			continue
		case name == "zsh":
			login = append(login, "--emulate", "sh")
		}
		out[name] = &Machine{Host: "rack-1", Transport: shellHere{login, true}}
		out[name+", no leader"] = &Machine{Host: "rack-1", Transport: shellHere{login, false}}
	}
	return out
}

// everywhere runs a test with each of them.
func everywhere(t *testing.T, test func(t *testing.T, m *Machine)) {
	for name, m := range machines(t) {
		t.Run(name, func(t *testing.T) { test(t, m) })
	}
}

func on(ctx context.Context, m *Machine, input io.Reader, argv ...string) (stdout, stderr string, code int, err error) {
	var out, complaints bytes.Buffer
	code, err = m.Run(ctx, argv, command.Streams{Stdin: input, Stdout: &out, Stderr: &complaints})
	return out.String(), complaints.String(), code, err
}

func TestACommandRunsToItsEnd(t *testing.T) {
	everywhere(t, func(t *testing.T, m *Machine) {
		t.Parallel()
		out, complaint, code, err := on(t.Context(), m, nil, "sh", "-c", "echo fine; echo oops >&2; exit 3")
		require.NoError(t, err)
		require.Equal(t, "fine\n", out)
		require.Equal(t, "oops\n", complaint)
		require.Equal(t, 3, code)
		out, complaint, code, err = on(t.Context(), m, nil, "sh", "-c", "kill -9 $$")
		require.NoError(t, err)
		require.Equal(t, 128+9, code)
		require.Empty(t, out+complaint, "the shell's own words are none of the command's")
		out, _, _, err = on(t.Context(), m, nil, append([]string{"printf", "%s|"}, awkward...)...)
		require.NoError(t, err)
		require.Equal(t, strings.Join(awkward, "|")+"|", out)
		out, _, _, err = on(t.Context(), m, nil, "cat")
		require.NoError(t, err)
		require.Empty(t, out)
		out, _, _, err = on(t.Context(), m, strings.NewReader("given\n"), "cat")
		require.NoError(t, err)
		require.Equal(t, "given\n", out)
		_, _, code, err = on(t.Context(), m, nil, "sh", "-c", "trap 2>&1 | grep -c TERM")
		require.NoError(t, err)
		require.Equal(t, 1, code, "the command can be told to end")
	})
}

func TestWhatCannotBeRun(t *testing.T) {
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	require.NoError(t, os.WriteFile(plain, nil, 0o600))
	everywhere(t, func(t *testing.T, m *Machine) {
		t.Parallel()
		for _, c := range []struct {
			program string
			code    action.Code
			message string
		}{
			{"no-such-program", action.CodeNotFound, "cannot run no-such-program: there is no such program on rack-1"},
			{"/no/such/file", action.CodeNotFound, "there is no such program"},
			{"df -h", action.CodeNotFound, `cannot run "df -h": there is no such program`},
			{"cd", action.CodeNotFound, "cannot run cd: there is no such program"},
			{plain, action.CodeForbidden, "cannot run " + plain + " on rack-1: permission denied"},
			{folder, action.CodeCommand, "cannot run " + folder + " on rack-1: it is a directory"},
		} {
			_, _, _, err := on(t.Context(), m, nil, c.program)
			require.Equal(t, c.code, action.CodeOf(err), "%v", err)
			require.ErrorContains(t, err, c.message)
		}
	})
	m := &Machine{Host: "rack-1", Transport: shellHere{[]string{"/bin/sh"}, true}}
	_, _, _, err := on(t.Context(), m, nil, "echo", "a\x00b")
	require.EqualError(t, err, "cannot run echo: a word of it holds a zero byte, which no program can be given")
	_, _, _, err = on(t.Context(), m, nil, "echo", strings.Repeat("x", 130<<10))
	require.Equal(t, action.CodeInvalid, action.CodeOf(err))
	require.ErrorContains(t, err, "bytes long, and another machine takes 122880")
	out, _, _, err := on(t.Context(), m, nil, "echo", strings.Repeat("x", 110<<10))
	require.NoError(t, err)
	require.Len(t, out, 110<<10+1)
}

func TestFind(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "with a space")
	require.NoError(t, os.Mkdir(folder, 0o700))
	tool := filepath.Join(folder, "tool")
	require.NoError(t, os.WriteFile(tool, []byte("#!/bin/sh\n"), 0o700))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	everywhere(t, func(t *testing.T, m *Machine) {
		for _, c := range []struct{ program, want string }{
			{"tool", tool}, {tool, tool}, {"none", ""}, {"", ""}, {"/no/such", ""}, {folder, ""}, {"*", ""}, {"cd", ""},
		} {
			got, err := m.Find(t.Context(), c.program)
			require.NoError(t, err)
			require.Equal(t, c.want, got, c.program)
		}
		name, err := m.Machine(t.Context())
		require.NoError(t, err)
		out, err := exec.CommandContext(t.Context(), "uname", "-n").Output()
		require.NoError(t, err)
		require.Equal(t, strings.TrimSpace(string(out)), name)
	})
}

var errCut = errors.New("the run was cut off")

func TestACommandEndsWithItsChildren(t *testing.T) {
	everywhere(t, func(t *testing.T, m *Machine) {
		t.Parallel()
		never, hold := io.Pipe()
		defer hold.Close() //nolint:errcheck // a pipe in memory
		for name, input := range map[string]io.Reader{"without input": nil, "with input": never} {
			path := filepath.Join(t.TempDir(), "witness")
			require.NoError(t, syscall.Mkfifo(path, 0o600))
			ctx, cut := context.WithCancelCause(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, _, _, err := on(ctx, m, input, "sh", "-c", `trap "" TERM; (sleep 1000 > "$0" & wait) & wait`, path)
				ended <- err
			}()
			held, err := os.Open(path) // returns once the grandchild has it
			require.NoError(t, err)
			cut(errCut)
			require.Equal(t, &command.Cut{Cause: errCut}, <-ended, name)
			_, err = io.ReadAll(held)
			require.NoError(t, err)
			require.NoError(t, held.Close())
		}
	})
}

func TestNothingBeginsWhenTheRunIsOver(t *testing.T) {
	ctx, cut := context.WithCancelCause(t.Context())
	cut(errCut)
	_, _, _, err := on(ctx, &Machine{}, nil, "touch", "x")
	require.EqualError(t, err, "touch x was not run: the run was cut off")
}

// said is a stream that was written to piece by piece.
func said(t *testing.T, text string, size int) (*preamble, string) {
	var out bytes.Buffer
	p := newPreamble(&out)
	buffer := make([]byte, size)
	_, err := io.CopyBuffer(struct{ io.Writer }{p}, struct{ io.Reader }{iotest.DataErrReader(strings.NewReader(text))}, buffer)
	require.NoError(t, err)
	p.rest()
	return p, out.String()
}

func TestWhereTheOutputBegins(t *testing.T) {
	for text, want := range map[string]struct{ out, word, noise string }{
		"=runbook= begun 12\nout\n":             {"out\n", "begun", ""},
		"hello\nworld=runbook= missing 3\nx":    {"x", "missing", "hello\nworld"},
		"=runbook= begun 1\n=runbook= folder\n": {"=runbook= folder\n", "begun", ""},
		"=runbook=":                             {"", "", "=runbook="},
		"no such shell\n":                       {"", "", "no such shell\n"},
		"":                                      {"", "", ""},
	} {
		for size := range 7 {
			p, out := said(t, text, size+1)
			require.Equal(t, want.out, out)
			require.Equal(t, want.word, p.beginning().word)
			require.Equal(t, want.noise, p.noise(func(s string) string { return s }))
		}
	}
	p, out := said(t, strings.Repeat("x", 1<<20)+"\n=runbook= begun 1\nout", 1<<15)
	require.Equal(t, "out", out)
	require.LessOrEqual(t, len(p.early), noiseLimit+1)
}

func FuzzPreamble(f *testing.F) {
	f.Add("noise", "out", 3)
	f.Fuzz(func(t *testing.T, noise, output string, size int) {
		if size < 1 || size > 100 || strings.Contains(noise+mark, mark) && strings.Index(noise+mark, mark) < len(noise) || len(noise) > noiseLimit {
			return
		}
		p, out := said(t, noise+mark+" begun 7\n"+output, size)
		require.Equal(t, output, out)
		require.Equal(t, beginning{Begun, 7}, p.beginning())
		require.False(t, p.end.came)
		p, out = said(t, noise+mark+" begun 7\n"+output+mark+" ended 7 255\n"+output, size)
		require.Equal(t, output+output, out)
		require.Equal(t, 255, p.end.code)
	})
}

func TestWhereTheOutputEnds(t *testing.T) {
	for text, want := range map[string]string{
		"out=runbook= ended 12 0\n":                       "out",
		"out\n=runbook= ended 12 3\nleft behind":          "out\nleft behind",
		"=runbook= ended 12 3\n=runbook= ended 12 3\n":    "=runbook= ended 12 3\n",
		"=runbook= ended 13 0\n=runbook= ended 12 3\n":    "=runbook= ended 13 0\n",
		"=runbook= ended 12 x\n=runbook= ended 12 3\n":    "=runbook= ended 12 x\n",
		"=runbook= ended 12 1234\n=runbook= ended 12 3\n": "=runbook= ended 12 1234\n",
		"==runbook= en=runbook= ended 12 3\n":             "==runbook= en",
	} {
		for size := range 30 {
			p, out := said(t, "=runbook= begun 12\n"+text, size+1)
			require.Equal(t, want, out)
			require.True(t, p.end.came)
		}
	}
	for _, text := range []string{"", "=runbook= ended 12 0", "=runbook= ended 1", "=", "x\n=runbook= ended 12 1234"} {
		for size := range 30 {
			p, out := said(t, "=runbook= begun 12\n"+text, size+1)
			require.Equal(t, text, out, "nothing of it is kept back")
			require.False(t, p.end.came)
		}
	}
}

// A wayThat is one on which something becomes of what comes over it.
type wayThat struct {
	Transport
	becomes func(io.Writer) io.Writer
	exec    func(code int, err error) (int, error)
}

func (w wayThat) Exec(ctx context.Context, words []string, streams command.Streams) (int, error) {
	streams.Stdout = w.becomes(streams.Stdout)
	return w.exec(w.Transport.Exec(ctx, words, streams))
}

type upTo struct {
	to   io.Writer
	left int
}

func (u *upTo) Write(p []byte) (int, error) {
	n := min(u.left, len(p))
	u.left -= n
	_, err := u.to.Write(p[:n])
	return len(p), err
}

// What is missing at the end of an output is missed, whatever the exit code: half an answer would be taken for the whole.
func TestAnOutputWithoutItsEnd(t *testing.T) {
	way := wayThat{shellHere{[]string{"/bin/sh"}, true}, func(to io.Writer) io.Writer { return &upTo{to, 40} }, func(code int, err error) (int, error) { return code, err }}
	_, _, _, err := on(t.Context(), &Machine{Host: "rack-1", Transport: way}, nil, "sh", "-c", "echo 0123456789012345678901234567890123456789; exit 3")
	var lost *command.Lost
	require.ErrorAs(t, err, &lost)
	require.EqualError(t, err, "nobody knows what became of it: it ended with status 3, and not all that it printed came: its end is missing")
	way.becomes = func(to io.Writer) io.Writer { return &upTo{to, 25} }
	_, err = (&Machine{Host: "rack-1", Transport: way}).Machine(t.Context())
	require.EqualError(t, err, "cannot ask the host rack-1: its answer did not come to its end")
	_, err = (&Machine{Host: "rack-1", Transport: way}).Find(t.Context(), "sh")
	require.EqualError(t, err, "cannot ask the host rack-1: its answer did not come to its end")
}

func TestAMachineThatCannotTellItsName(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "uname"), []byte("#!/bin/sh\necho no name >&2; exit 3\n"), 0o700))
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	everywhere(t, func(t *testing.T, m *Machine) {
		_, err := m.Machine(t.Context())
		require.EqualError(t, err, "cannot ask the host rack-1: what tells its name exited with status 3: no name")
	})
}

// A way that is lost after the command has told its end has lost nothing.
func TestAWayThatIsLostAtTheEnd(t *testing.T) {
	way := wayThat{
		shellHere{[]string{"/bin/sh"}, true}, func(to io.Writer) io.Writer { return to },
		func(int, error) (int, error) { return 0, &command.Lost{Cause: errCut} },
	}
	out, _, code, err := on(t.Context(), &Machine{Host: "rack-1", Transport: way}, nil, "sh", "-c", "echo fine; exit 3")
	require.NoError(t, err)
	require.Equal(t, "fine\n", out)
	require.Equal(t, 3, code)
}
