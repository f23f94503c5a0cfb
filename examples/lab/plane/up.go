package plane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"k8s.io/client-go/rest"

	"runbook/examples/lab/kwok"
	"runbook/examples/lab/ports"
	"runbook/examples/lab/process"
	"runbook/examples/lab/site"
)

const (
	startTries   = 3               // with other ports each time
	startTimeout = 2 * time.Minute // for one try
	stopTimeout  = 30 * time.Second
	tailLines    = 15
)

// ErrRunning says that the lab is up already.
var ErrRunning = errors.New("already running")

// errPortTaken says that somebody took a port between our look and the server's own.
var errPortTaken = errors.New("a port was taken meanwhile")

// Up starts the lab and returns when it can be used. It returns ErrRunning where one runs already.
func (p Plane) Up(ctx context.Context) error {
	release, err := p.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	if err := p.clear(ctx); err != nil {
		return err
	}
	for try := 1; ; try++ {
		err = p.try(ctx)
		if !errors.Is(err, errPortTaken) || try == startTries {
			return err
		}
		fmt.Fprintln(p.Out, "a port was taken meanwhile; starting again with others")
	}
}

// clear makes room: it refuses to disturb a whole lab, and takes away the rest of a broken one.
func (p Plane) clear(ctx context.Context) error {
	state, err := readState(p.Dir)
	if err != nil {
		return err
	}
	alive := process.Alive(state.Processes)
	if len(alive) == serverCount {
		return ErrRunning
	}
	if len(alive) > 0 {
		fmt.Fprintf(p.Out, "stopping what is left of a lab in %s\n", p.Dir)
	}
	if err := process.Stop(ctx, alive); err != nil {
		return err
	}
	return discard(p.Dir)
}

// try starts everything once. If anything fails, everything is stopped again.
func (p Plane) try(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	start := &start{Plane: p, state: State{Started: time.Now().UTC()}}
	defer func() {
		if err == nil {
			return
		}
		// Also when ctx ended: an interrupted start must not leave its servers behind.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err = errors.Join(err, process.Stop(ctx, start.state.Processes), discard(p.Dir))
	}()
	// What an earlier try wrote must not explain the end of this one.
	if err := discardLogs(p.Dir); err != nil {
		return err
	}
	if err := start.prepare(); err != nil {
		return err
	}
	return start.run(ctx)
}

// start is one attempt at a running control plane.
type start struct {
	Plane
	state   State
	servers servers
	running []*process.Process
}

// prepare writes every file that the servers read.
func (s *start) prepare() error {
	free, err := ports.Free(serverPorts)
	if err != nil {
		return err
	}
	s.state.Ports = Ports{free[0], free[1], free[2], free[3], free[4], free[5]}
	s.servers = servers{dir: s.Dir, ports: s.state.Ports, path: s.Path}
	if err := writable(s.Dir); err != nil {
		return err
	}
	if err := writeCredentials(s.Dir, healthURL(s.state.Ports.APIServer, "")); err != nil {
		return err
	}
	if err := os.WriteFile(s.Dir.AuditPolicy(), auditPolicy, 0o600); err != nil {
		return fmt.Errorf("write the audit policy: %w", err)
	}
	return kwok.Write(s.Dir, s.state.Started)
}

// run starts the servers in the order in which they need each other, and sets up the site on them.
func (s *start) run(ctx context.Context) error {
	health, err := newProbe(s.Dir)
	if err != nil {
		return err
	}
	at := s.state.Ports
	if err := s.launch(ctx, health, s.servers.etcd(), healthURL(at.Etcd, "/readyz")); err != nil {
		return err
	}
	if err := s.launch(ctx, health, s.servers.apiServer(), healthURL(at.APIServer, "/readyz")); err != nil {
		return err
	}
	access, err := Stagehand(s.Dir)
	if err != nil {
		return err
	}
	// kwok looks for its own kinds when it starts, so they come before it.
	if err := s.watch(ctx, func(ctx context.Context) error { return kwok.Install(ctx, access) }); err != nil {
		return err
	}
	for _, server := range []struct {
		command process.Command
		health  string
	}{
		{s.servers.controllerManager(), healthURL(at.ControllerManager, "/healthz")},
		{s.servers.scheduler(), healthURL(at.Scheduler, "/healthz")},
		{s.servers.kwok(), healthURL(at.Kwok, "/healthz")},
	} {
		if err := s.launch(ctx, health, server.command, server.health); err != nil {
			return err
		}
	}
	return s.furnish(ctx, access)
}

func (s *start) furnish(ctx context.Context, access *rest.Config) error {
	fmt.Fprintln(s.Out, "setting up the site")
	return s.watch(ctx, func(ctx context.Context) error { return site.Apply(ctx, access) })
}

// launch starts one server and waits until it says that it is ready.
func (s *start) launch(ctx context.Context, health *probe, command process.Command, url string) error {
	begin := time.Now()
	server, err := process.Start(command, s.record)
	if err != nil {
		return err
	}
	s.running = append(s.running, server)
	if err := s.watch(ctx, func(ctx context.Context) error { return health.wait(ctx, url) }); err != nil {
		return fmt.Errorf("wait for %s to be ready: %w", command.Name, err)
	}
	fmt.Fprintf(s.Out, "%s is ready after %.1f s\n", command.Name, time.Since(begin).Seconds())
	return nil
}

// record keeps a server on disk before it begins to run.
func (s *start) record(r process.Record) error {
	s.state.Processes = append(s.state.Processes, r)
	return s.state.write(s.Dir)
}

// watch does work for as long as every server runs: a dead one explains a failure better than any timeout.
func (s *start) watch(ctx context.Context, work func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, server := range s.running {
		go func() {
			select {
			case <-server.Done():
				cancel(obituary(server))
			case <-ctx.Done():
			}
		}()
	}
	err := work(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return cause
	}
	return err
}

// obituary tells how a server ended.
func obituary(server *process.Process) error {
	tail := server.LogTail(tailLines)
	err := fmt.Errorf("%s ended by itself; the end of its log says:\n%s", server.Name, tail)
	if strings.Contains(tail, "address already in use") {
		return fmt.Errorf("%w: %w", errPortTaken, err)
	}
	return err
}
