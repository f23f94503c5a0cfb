// Package local runs commands on this machine: the command.Runner of the machine on which runbook itself runs.
//
// It starts what it is told to, and asks nobody whether it may: that is the gate's business, and in a dry run that of engine/wall, which
// stands before it. No command reaches a shell. It has this program's environment and folder, no terminal, and a session of its own, so that
// it ends with everything that it started, also when this program is killed; what makes itself a session of its own (setsid, a daemon) is
// out of reach. Read next: group_unix.go and leash_unix.go.
package local

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
)

// grace is how long a command that is told to end may take for it, and how long one that has ended may leave its output open, as a
// server does that it started, before nobody listens any more. It is shorter than what a run has to end that is out of time, so that
// nothing is left behind by one.
const grace = 400 * time.Millisecond

// shellBase is what is added to the number of the signal that ended a command, as shells and container runtimes do.
const shellBase = 128

// Machine is this machine.
type Machine struct{}

// Machine is its name.
func (Machine) Machine(context.Context) (string, error) { return os.Hostname() }

// Find looks where a shell would.
func (Machine) Find(_ context.Context, program string) (string, error) {
	path, err := exec.LookPath(program)
	if err != nil {
		return "", nil // it could not be run, whatever the reason
	}
	return filepath.Abs(path)
}

// Run runs a command, and ends it with all that it has started when the context ends.
func (Machine) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	if e := command.Unpassable(argv); e != nil {
		return 0, e
	}
	path, err := exec.LookPath(argv[0])
	if err != nil {
		return 0, unusable(argv, err)
	}
	cmd := exec.CommandContext(ctx, path, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = streams.Stdin, streams.Stdout, streams.Stderr
	cmd.WaitDelay = grace
	isolate(cmd)
	if ctx.Err() != nil {
		return 0, command.NotBegun(ctx, argv)
	}
	if err := held.start(cmd); err != nil {
		return 0, notStarted(argv, err)
	}
	defer held.ended(cmd.Process.Pid)
	err = cmd.Wait()
	if ctx.Err() != nil && !ended(cmd.ProcessState, err) {
		destroy(cmd.Process.Pid) // what did not go when it was told to
		return 0, &command.Cut{Cause: context.Cause(ctx)}
	}
	return exitCode(cmd.ProcessState), nil
}

// ended tells whether a command ended by itself just when its time was up.
func ended(state *os.ProcessState, err error) bool {
	return state.Exited() && (err == nil || errors.Is(err, exec.ErrWaitDelay))
}

func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return shellBase + int(status.Signal())
	}
	return state.ExitCode()
}

// unusable says why there is no program to start.
func unusable(argv []string, err error) error {
	if plain, ok := errors.AsType[*exec.Error](err); ok {
		err = plain.Err
	}
	switch {
	case errors.Is(err, exec.ErrDot):
		return failed(argv, action.CodeNotFound, err).Try("it is in the working folder alone; if it is the one that is meant: { \"./%s\" }", argv[0])
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return command.Missing(argv, command.Here, "install it, or look where it is and whether that is in your PATH: command -v %s", command.Line(argv[:1]))
	case errors.Is(err, os.ErrPermission):
		return failed(argv, action.CodeForbidden, err).Try("look whether you may execute it: ls -l %s", command.Line(argv[:1]))
	}
	return failed(argv, action.CodeCommand, err)
}

// notStarted says why a program that is there could not be started. Nothing ran.
func notStarted(argv []string, err error) error {
	switch {
	case errors.Is(err, os.ErrNotExist):
		return failed(argv, action.CodeCommand, errors.New("it is there, and what it is run with is not")).
			Try("look what that is: head -n 1 %s", command.Line(argv[:1]))
	case errors.Is(err, syscall.E2BIG):
		return failed(argv, action.CodeInvalid, err).Try(command.TooLong)
	case errors.Is(err, syscall.ENOEXEC):
		return failed(argv, action.CodeCommand, err).Try("it is no program for this machine; a script begins with a line such as #!/bin/sh")
	}
	return failed(argv, action.CodeCommand, err)
}

func failed(argv []string, code action.Code, err error) *action.Error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		err = path.Err // the name is said already
	}
	return action.Errorf(code, "cannot run %s on this machine: %w", command.Line(argv[:1]), err)
}
