//go:build unix

package ssh

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
)

// A connection is one ssh that others share, and how many logins there are over it.
type connection struct {
	socket string
	cmd    *exec.Cmd
	alive  io.Closer     // as long as it is open, ssh runs
	gone   chan struct{} // closed when ssh has ended

	// What follows is guarded by Host.mu.
	used    int  // logins
	full    bool // the server lets in no more for now
	served  bool // it has let in one
	refused int  // how often it has not since then
}

// leash runs ssh in the place of a shell, as long as somebody holds the other end of what it reads: ssh would outlive a program that is
// killed. $0 is the folder of its socket.
const leash = `exec 3<&0
(while read -r x; do :; done; kill -TERM $$; sleep 1; rmdir "$0") <&3 3<&- >/dev/null 2>&1 &
exec 3<&- "$@" </dev/null`

// connected is what ssh prints when it is ready to be shared.
const connected = "connected"

// complaints is how much of what ssh says is kept, in bytes.
const complaints = 64 << 10

// connect starts an ssh, and returns when it is ready to be shared. heard gets what ssh says; nil for nobody who listens. The options come
// before all others.
func (h *Host) connect(ctx context.Context, socket, folder string, heard io.Writer, options ...string) (*connection, error) {
	program, err := exec.LookPath("ssh")
	if err != nil {
		return nil, action.Errorf(action.CodeNotFound, "cannot reach the host %s: there is no program ssh on this machine", h.Name).
			Try("install the client of OpenSSH, or look whether it is in your PATH: command -v ssh")
	}
	cmd := exec.Command("/bin/sh", append([]string{"-c", leash, folder, program}, h.arguments(socket, options)...)...) //nolint:noctx // it outlives this call
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}                                                               // no terminal to ask at, and no Ctrl-C
	cmd.Env = append(os.Environ(), "SSH_ASKPASS_REQUIRE=never")                                                        // nor a window to ask in: the ssh of a jump host knows nothing of BatchMode
	cmd.WaitDelay = grace
	said := command.NewBuffer(complaints)
	cmd.Stderr = said
	if heard != nil {
		cmd.Stderr = io.MultiWriter(said, heard)
	}
	alive, err := cmd.StdinPipe()
	if err != nil {
		return nil, h.unstarted(err)
	}
	answer, err := cmd.StdoutPipe()
	if err != nil {
		return nil, h.unstarted(err)
	}
	if err := cmd.Start(); err != nil {
		return nil, h.unstarted(err)
	}
	c := &connection{socket: socket, cmd: cmd, alive: alive, gone: make(chan struct{})}
	stop := context.AfterFunc(ctx, func() { c.kill(syscall.SIGKILL) })
	line, _ := bufio.NewReader(answer).ReadString('\n') // an error is one of ssh, which says more
	if stop() && line == connected+"\n" {
		go c.await()
		return c, nil
	}
	c.kill(syscall.SIGKILL)
	_ = c.cmd.Wait()
	if ctx.Err() != nil {
		return nil, h.late(ctx)
	}
	text, _ := said.Text(h.clean)
	return nil, h.failure(h.clean(text))
}

func (h *Host) unstarted(err error) error {
	return action.Errorf(action.CodeInternal, "cannot start ssh for the host %s: %w", h.Name, err)
}

func (h *Host) late(ctx context.Context) error {
	code := action.CodeInterrupted
	if errors.Is(ctx.Err(), context.DeadlineExceeded) || errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		code = action.CodeTimeout
	}
	return action.Errorf(code, "cannot reach the host %s: %w before it answered; nothing was run", h.Name, context.Cause(ctx))
}

// await waits for the end of ssh, of which nothing is left then.
func (c *connection) await() {
	defer close(c.gone)
	_ = c.cmd.Wait()
	c.kill(syscall.SIGKILL) // what holds the leash
}

func (c *connection) kill(signal syscall.Signal) { _ = syscall.Kill(-c.cmd.Process.Pid, signal) }

// up tells whether ssh still runs.
func (c *connection) up() bool {
	select {
	case <-c.gone:
		return false
	default:
		return true
	}
}

// close has ssh end the connection, and waits until it is gone.
func (c *connection) close() {
	c.kill(syscall.SIGTERM)
	expired := time.AfterFunc(grace, func() { c.kill(syscall.SIGKILL) })
	defer expired.Stop()
	<-c.gone
	_ = c.alive.Close()
	_ = os.Remove(c.socket) // of an ssh that had to be killed
}

// arguments are those of an ssh that is to be shared. They hold for every login over it, and come before what a configuration says: a dry
// run must not add to what the user's file of known hosts says, and a host whose key nobody has checked is none of ours.
func (h *Host) arguments(socket string, first []string) []string {
	var out []string
	if h.ConfigFile != "" {
		out = append(out, "-F", h.ConfigFile)
	}
	out = append(out, "-M", "-N", "-T", "-S", socket)
	for _, option := range append(first,
		"BatchMode=yes", "StrictHostKeyChecking=yes", "UpdateHostKeys=no",
		fmt.Sprintf("ConnectTimeout=%d", int(connectTimeout.Seconds())), "ConnectionAttempts=1",
		"ServerAliveInterval=15", "ServerAliveCountMax=3",
		"ControlPersist=no", "ClearAllForwardings=yes", "ForwardX11=no", "RemoteCommand=none",
		"PermitLocalCommand=yes", "LocalCommand=echo "+connected, "LogLevel=ERROR",
	) {
		out = append(out, "-o", option)
	}
	return append(out, "--", h.Destination)
}
