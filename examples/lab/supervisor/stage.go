package supervisor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
)

// Loopback is the only address that a lab listens on.
const Loopback = "127.0.0.1"

// Stage is one attempt at a running lab, as its parts see it. Parts that start at once share it.
type Stage struct {
	Dir layout.Dir
	Now time.Time // when the attempt began; what a part makes up has its times from here

	path func(component string) string
	out  io.Writer

	mu      sync.Mutex // guards all below
	state   State
	running []*process.Process
}

// Port is the port that was drawn for that name, one of those that the part asked for.
func (s *Stage) Port(name string) int {
	port, ok := s.state.Ports[name] // drawn before any part sees the stage, and never changed
	if !ok {
		panic("no part of the lab asked for a port " + name)
	}
	return port
}

// Address is host and port for that name.
func (s *Stage) Address(name string) string { return fmt.Sprintf("%s:%d", Loopback, s.Port(name)) }

// Program is where the component of that name was built to.
func (s *Stage) Program(component string) string { return s.path(component) }

// Command is a server whose program is a component of the same name.
func (s *Stage) Command(name string, args ...string) process.Command {
	return s.CommandOf(name, s.Program(name), args...)
}

// CommandOf is a server that runs another program. It works in the lab's folder, and its log is named for it.
func (s *Stage) CommandOf(name, program string, args ...string) process.Command {
	return process.Command{Name: name, Path: program, Args: args, Dir: string(s.Dir), Log: s.Dir.Log(name)}
}

// Own is a server that this program is itself, by one of its subcommands.
func (s *Stage) Own(name, subcommand string, args ...string) process.Command {
	return s.CommandOf(name, s.Dir.Self(), append([]string{subcommand}, args...)...)
}

// Tell says what the lab is at.
func (s *Stage) Tell(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.out, format+"\n", args...) //nolint:errcheck // it goes on without a reader
}

// Launch starts a server of the part and waits until it is ready.
func (s *Stage) Launch(ctx context.Context, part Part, command process.Command) error {
	ready, err := part.Ready(s, command.Name)
	if err != nil {
		return err
	}
	return s.launch(ctx, command, ready)
}

func (s *Stage) launch(ctx context.Context, command process.Command, ready Ready) error {
	begin := time.Now()
	server, err := process.Start(command, s.record)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.running = append(s.running, server)
	s.mu.Unlock()
	if err := s.Watch(ctx, ready.Wait); err != nil {
		return s.unready(ctx, server, err)
	}
	s.Tell("%s is ready after %.1f s", command.Name, time.Since(begin).Seconds())
	return nil
}

// unready explains why a server that runs is not ready. One that ended has its obituary already, and where the attempt was
// called off nothing is wrong with the server.
func (s *Stage) unready(ctx context.Context, server *process.Process, err error) error {
	if _, ended := errors.AsType[*endedError](err); ended || errors.Is(ctx.Err(), context.Canceled) {
		return err
	}
	return fmt.Errorf("wait for %s to be ready: %w; the end of its log, %s, says:\n%s",
		server.Name, err, s.Dir.Log(server.Name), server.LogTail(tailLines))
}

// Watch does work for as long as every server runs: a dead one explains a failure better than any timeout.
func (s *Stage) Watch(ctx context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.mu.Lock()
	running := slices.Clone(s.running)
	s.mu.Unlock()
	for _, server := range running {
		go func() {
			select {
			case <-server.Done():
				cancel(obituary(server, s.Dir.Log(server.Name)))
			case <-ctx.Done():
			}
		}()
	}
	err := work(ctx)
	if err != nil && errors.Is(ctx.Err(), context.Canceled) {
		return context.Cause(ctx)
	}
	return err
}

// record keeps a server on disk before it begins to run.
func (s *Stage) record(r process.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// One that is started again takes the place of the one that was: a server has one record.
	if at := slices.IndexFunc(s.state.Processes, func(old process.Record) bool { return old.Name == r.Name }); at >= 0 {
		s.state.Processes[at] = r
	} else {
		s.state.Processes = append(s.state.Processes, r)
	}
	return s.state.write(s.Dir)
}

// complete records that all of the lab is there.
func (s *Stage) complete() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Complete = true
	return s.state.write(s.Dir)
}

// endedError tells of a server that ended although nobody asked it to.
type endedError struct{ server, log, tail string }

func obituary(server *process.Process, log string) *endedError {
	return &endedError{server: server.Name, log: log, tail: server.LogTail(tailLines)}
}

func (e *endedError) Error() string {
	return fmt.Sprintf("%s ended by itself; the end of its log, %s, says:\n%s", e.server, e.log, e.tail)
}

// Is tells a port that somebody else took from other ends.
func (e *endedError) Is(target error) bool {
	return target == errPortTaken && strings.Contains(strings.ToLower(e.tail), "address already in use")
}
