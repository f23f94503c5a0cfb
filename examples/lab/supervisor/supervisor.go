// Package supervisor starts the servers of a lab and stops them: free ports, one start at a time, what runs recorded
// before it runs, the wait until each server is really ready, and a report of the one that is not.
//
// It knows no server by name. What a lab consists of are its parts; each brings its own servers up on the stage that it
// is given. It never leaves a server running after a failed start, and never signals a process that it did not start.
//
// Read next: stage.go, what a part can do; up.go and down.go.
package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/lock"
)

// Part is a group of servers that belong together, and what is in them.
type Part interface {
	// Ports names the loopback ports that the part listens on, each name once in a lab.
	Ports() []string
	// Prepare writes the files that the servers read. Nothing runs yet.
	Prepare(*Stage) error
	// Start launches the servers in the order in which they need each other, and gives them what a site has.
	Start(context.Context, *Stage) error
	// Ready is how that server tells that it is ready; nil for one that is not of the part.
	Ready(stage *Stage, server string) (Ready, error)
}

// Supervisor is who starts and stops the lab in Dir.
type Supervisor struct {
	Dir   layout.Dir
	Path  func(component string) string // where each component's program is
	Out   io.Writer                     // where progress is told
	First Part                          // what the others may need
	Rest  []Part                        // what starts after it, all at once
}

func (s Supervisor) parts() []Part { return append([]Part{s.First}, s.Rest...) }

// hold keeps two commands from starting or stopping one lab at the same time, and returns what the lab remembers.
func (s Supervisor) hold(ctx context.Context) (state State, release func(), err error) {
	if err := claim(s.Dir); err != nil {
		return State{}, nil, err
	}
	release, err = lock.Wait(ctx, s.Dir.Lock(), func() {
		fmt.Fprintln(s.Out, "another command is at work in", s.Dir, "and is waited for")
	})
	if err != nil {
		return State{}, nil, err
	}
	if state, err = ReadState(s.Dir); err != nil {
		release()
	}
	return state, release, err
}

// claim makes sure that the folder is a lab's, or nobody's: much in it will be removed without a question.
func claim(dir layout.Dir) error {
	entries, err := os.ReadDir(string(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look into the lab's folder: %w", err)
	}
	if len(entries) > 0 && !claimed(dir) {
		return fmt.Errorf("%s is not empty and no lab's folder, so nothing in it is touched; name another one with --dir", dir)
	}
	if err := os.MkdirAll(string(dir), layout.FolderMode); err != nil {
		return fmt.Errorf("make the lab's folder: %w", err)
	}
	return nil
}

// claimed tells whether a lab was ever there.
func claimed(dir layout.Dir) bool {
	_, err := os.Stat(dir.Lock())
	return err == nil
}

// discard removes what only a running lab needs. The logs stay, for whoever wants to know what happened.
func discard(dir layout.Dir) error {
	for _, path := range dir.Perishable() {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove what the lab left in %s: %w", dir, err)
		}
	}
	return nil
}

// discardLogs empties the logs of an earlier lab in the same folder.
func discardLogs(dir layout.Dir) error {
	for _, path := range []string{dir.AuditLog(), dir.Logs()} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove the logs of the lab before in %s: %w", dir, err)
		}
	}
	return nil
}
