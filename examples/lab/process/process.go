// Package process starts servers that outlive the program that started them, and stops exactly those.
//
// Two rules make that safe. A server is recorded before it runs (see hold.go), so that a crash between start and
// record leaves nothing behind. And a record holds the process's start time besides its number, so that a number
// which now belongs to somebody else is never signalled.
//
// Read next: hold.go for the start, stop.go for the end.
package process

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// Command is a server to start.
type Command struct {
	Name string   // what people call it, and the name of its log
	Path string   // the program
	Args []string // its arguments
	Dir  string   // its working directory
	Log  string   // the file that takes its output
	Env  string   // a file of lines NAME=VALUE, which it finds in its environment; the place for secrets, as ps shows Args
}

// Record is what is kept of a started server, enough to find it again, to know that it is the same one, and to start it once more.
//
// It is a file that people show to each other. A command line holds no secrets, because everybody sees it in ps; an environment may, so
// only the name of its file is kept here.
type Record struct {
	Name     string   `json:"name"`
	PID      int      `json:"pid"`
	Identity string   `json:"started"`
	Path     string   `json:"path"`
	Args     []string `json:"args"`
	Dir      string   `json:"dir"`
	Log      string   `json:"log"`
	Env      string   `json:"env,omitempty"`
}

// Command is what starts the same server again.
func (r Record) Command() Command {
	return Command{Name: r.Name, Path: r.Path, Args: r.Args, Dir: r.Dir, Log: r.Log, Env: r.Env}
}

// Process is a server that this program started and whose end it can see.
type Process struct {
	Record
	log  string
	done chan struct{}
}

// Start runs c in a session of its own. The record callback keeps the new process; c begins only once that
// returned without an error.
func Start(c Command, record func(Record) error) (*Process, error) {
	held, release, err := startHeld(c)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	p := &Process{
		Record: Record{Name: c.Name, PID: held.Process.Pid, Path: c.Path, Args: c.Args, Dir: c.Dir, Log: c.Log, Env: c.Env},
		log:    c.Log,
		done:   make(chan struct{}),
	}
	go func() {
		_ = held.Wait() // the log tells why it ended
		close(p.done)
	}()
	p.Identity, err = identity(p.PID)
	if err == nil {
		err = record(p.Record)
	}
	if err = errors.Join(err, release(err == nil)); err != nil {
		return nil, fmt.Errorf("start %s: %w", c.Name, err)
	}
	return p, nil
}

// startHeld starts c behind its gate; release opens the gate, or closes it for good.
func startHeld(c Command) (*exec.Cmd, func(bool) error, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	own, err := environment(c.Env)
	if err != nil {
		return nil, nil, err
	}
	log, err := os.OpenFile(c.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, err
	}
	defer log.Close() //nolint:errcheck // the server has its own descriptor, and nothing is written through this one
	cmd := exec.Command(self, append([]string{HoldCommand, c.Path}, c.Args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.Dir, log, log
	cmd.Env = append(inherited(), own...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	gate, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	release := func(open bool) error {
		if !open {
			return gate.Close()
		}
		_, err := gate.Write(goAhead)
		return errors.Join(err, gate.Close())
	}
	return cmd, release, cmd.Start()
}

// inherited is what of this program's environment a server may have. The rest is the user's: some servers take settings from it.
func inherited() []string {
	var kept []string
	for _, name := range []string{"PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "LANG", "TZ"} {
		if value, set := os.LookupEnv(name); set {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// environment reads the file of a server's environment; an empty name is that of none.
func environment(file string) ([]string, error) {
	if file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read its environment: %w", err)
	}
	return strings.Split(strings.TrimRight(string(text), "\n"), "\n"), nil
}

// Done is closed when the server has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// LogTail returns the last lines that the server wrote.
func (p *Process) LogTail(lines int) string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	all := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
