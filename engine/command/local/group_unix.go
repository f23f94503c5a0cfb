//go:build unix

package local

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// isolate gives a command a session of its own: it has no terminal to ask somebody at, a Ctrl-C at ours is not for it, and it can be
// ended with all of its children. It is asked to end first, so that it can leave things in order.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Cancel = func() error {
		err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		if errors.Is(err, syscall.ESRCH) {
			return os.ErrProcessDone
		}
		return err
	}
}

// destroy ends whatever is left of a command's session.
func destroy(pid int) { _ = syscall.Kill(-pid, syscall.SIGKILL) } // mostly nothing is
