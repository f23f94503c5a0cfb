//go:build unix

package main

import (
	"bytes"
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
)

// A process is the real program under way, in a folder and a home of its own, with a script.lua that it runs.
type process struct {
	t       *testing.T
	cmd     *exec.Cmd
	home    string
	out     *os.File // what it prints on standard output, unread unless somebody reads
	err     *transcript
	control *os.File // of its terminal, if it has one
}

// deadline is only there so that a test that hangs fails.
const deadline = time.Minute

// newProcess prepares the program; nothing of its output is a terminal.
func newProcess(t *testing.T, script string, args ...string) *process {
	t.Helper()
	p := &process{t: t, home: t.TempDir(), err: newTranscript()}
	p.file("script.lua", script)
	p.cmd = exec.Command("runbook", append([]string{"run", "./script.lua"}, args...)...)
	p.cmd.Dir = p.home
	p.cmd.Env = append(os.Environ(), "HOME="+p.home, "XDG_STATE_HOME="+filepath.Join(p.home, "state"), "TERM=xterm",
		"XDG_CONFIG_HOME="+p.home, "XDG_DATA_HOME="+p.home, "XDG_DATA_DIRS="+p.home, "KUBECONFIG="+filepath.Join(p.home, "kubeconfig"))
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return p
}

// resumed prepares the program to take its run up again, in its home.
func (p *process) resumed() *process {
	next := newProcess(p.t, "")
	next.home, next.cmd = p.home, exec.Command("runbook", "resume", "last")
	next.cmd.Dir, next.cmd.Env, next.cmd.SysProcAttr = p.cmd.Dir, p.cmd.Env, p.cmd.SysProcAttr
	return next
}

func (p *process) file(name, text string) {
	require.NoError(p.t, os.WriteFile(filepath.Join(p.home, name), []byte(text), 0o600))
}

// start runs it with a pipe for its standard output that only this test reads.
func (p *process) start() *process {
	p.t.Helper()
	reader, writer, err := os.Pipe()
	require.NoError(p.t, err)
	p.out, p.cmd.Stdout = reader, writer
	errReader, errWriter, err := os.Pipe()
	require.NoError(p.t, err)
	p.cmd.Stderr = errWriter
	go p.err.fill(errReader)
	p.run()
	require.NoError(p.t, writer.Close())
	require.NoError(p.t, errWriter.Close())
	return p
}

func (p *process) run() {
	require.NoError(p.t, p.cmd.Start())
	watch := time.AfterFunc(deadline, p.killAll)
	p.t.Cleanup(func() {
		watch.Stop()
		p.killAll()
		if p.out != nil {
			_ = p.out.Close()
		}
	})
}

// killAll ends it and whatever it started.
func (p *process) killAll() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

func (p *process) signal(s syscall.Signal) {
	require.NoError(p.t, p.cmd.Process.Signal(s))
}

// exit waits for its end and returns its exit code.
func (p *process) exit() int {
	p.t.Helper()
	_ = p.cmd.Wait() // the exit code says it
	require.True(p.t, p.cmd.ProcessState.Exited(), "it was killed: %s\n%s", p.cmd.ProcessState, p.err.String())
	return p.cmd.ProcessState.ExitCode()
}

// begun waits until it prints.
func (p *process) begun() {
	_, err := p.out.Read(make([]byte, 1))
	require.NoError(p.t, err)
}

// drained reads standard output to its end.
func (p *process) drained() string {
	text, err := io.ReadAll(p.out)
	require.NoError(p.t, err)
	return string(text)
}

// journalFile is its one journal.
func (p *process) journalFile() string {
	found, err := filepath.Glob(filepath.Join(p.home, "state", "runbook", "runs", "*", "journal.jsonl"))
	require.NoError(p.t, err)
	require.Len(p.t, found, 1)
	return found[0]
}

// journal is the text of its one journal.
func (p *process) journal() string {
	text, err := os.ReadFile(p.journalFile())
	require.NoError(p.t, err)
	return string(text)
}

// lastRecord is the last line of the journal.
func (p *process) lastRecord() string {
	lines := strings.Split(strings.TrimSpace(p.journal()), "\n")
	return lines[len(lines)-1]
}

// transcript gathers what is printed and can be waited for.
type transcript struct {
	mu      sync.Mutex
	changed *sync.Cond
	text    bytes.Buffer
	closed  bool
}

func newTranscript() *transcript {
	o := &transcript{}
	o.changed = sync.NewCond(&o.mu)
	return o
}

func (o *transcript) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	defer o.changed.Broadcast()
	return o.text.Write(b)
}

func (o *transcript) fill(from *os.File) {
	_, _ = io.Copy(o, from) // a terminal ends with an error
	_ = from.Close()
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.changed.Broadcast()
}

func (o *transcript) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// waitFor waits until the text was printed n times.
func (o *transcript) waitFor(t *testing.T, text string, n int) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	for strings.Count(o.text.String(), text) < n {
		require.False(t, o.closed, "%q was never printed:\n%s", text, o.text.String())
		o.changed.Wait()
	}
}
