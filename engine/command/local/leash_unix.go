//go:build unix

package local

import (
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
)

// leash is what a shell does beside this program: it is told which commands there are, and when nobody is there any more who could tell it,
// because this program was killed, it ends those that are left. There is one for all of them: a command costs no further process, and
// nothing stands between it and its streams and exit code. The shell has no name of this program in its command line, so that whoever
// kills all that have does not mean it.
const leash = `trap "" HUP INT TERM
all=" "
while read -r what id; do
  case $what in
  began) all="$all$id " ;;
  ended) case $all in *" $id "*) all="${all%% $id *} ${all#* $id }" ;; esac ;;
  esac
done
[ "$all" != " " ] || exit 0
for id in $all; do kill -TERM -"$id"; done
sleep 0.4 || sleep 1
for id in $all; do kill -KILL -"$id"; done`

// held is the leash of this process, and so of all machines that are this one.
var held = holder{running: map[int]bool{}}

// A holder has the end of a leash that ends commands when it is let go.
type holder struct {
	mu      sync.Mutex
	end     *os.File     // nil before the first command, and where there is no shell
	running map[int]bool // which commands there are
}

// start starts a command that ends when this program is gone. Where there is no shell it does not, and is started all the same.
func (h *holder) start(cmd *exec.Cmd) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.end == nil {
		h.unroll()
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	h.running[cmd.Process.Pid] = true
	h.tell("began", cmd.Process.Pid)
	return nil
}

// ended lets go of a command that has ended. What it has left behind, such as a server, goes on.
func (h *holder) ended(pid int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.running, pid)
	h.tell("ended", pid)
}

// tell tells the shell. If somebody killed it another one takes its place.
func (h *holder) tell(what string, pid int) {
	if h.end != nil && !h.say(what, pid) {
		h.unroll()
	}
}

func (h *holder) say(what string, pid int) bool {
	_, err := h.end.WriteString(what + " " + strconv.Itoa(pid) + "\n")
	return err == nil
}

// unroll starts a shell, and tells it which commands there are.
func (h *holder) unroll() {
	if h.end != nil {
		_ = h.end.Close()
	}
	h.end = unrolled()
	for pid := range h.running {
		if h.end != nil && !h.say("began", pid) {
			_ = h.end.Close()
			h.end = nil
		}
	}
}

// unrolled starts the shell, and returns what it is told by; nil if there is none.
func unrolled() *os.File {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil
	}
	defer func() { _ = theirs.Close() }()                // the shell has it now, or never will
	cmd := exec.Command("/bin/sh", "-c", leash, "leash") //nolint:noctx // it outlives this program
	cmd.Stdin = theirs
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // what ends a terminal or a session does not end it
	if cmd.Start() != nil {
		_ = ours.Close()
		return nil
	}
	_ = cmd.Process.Release() // nobody waits for it: it ends after this program
	return ours
}
