package supervisor

import (
	"context"
	"fmt"
	"strings"
	"time"

	"runbook/examples/lab/process"
)

// Restart stops one server of a running lab, leaves it down for a while, starts it again with the same command line, and returns when it
// is ready. Nothing else is touched. A server that is down already, also after a crash of an earlier Restart, is only started.
func (s Supervisor) Restart(ctx context.Context, name string, down time.Duration) error {
	if !claimed(s.Dir) {
		_, err := State{}.find(name)
		return err
	}
	state, release, err := s.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	at, err := state.find(name)
	if err != nil {
		return err
	}
	stage := &Stage{Dir: s.Dir, Now: state.Started, path: s.Path, out: s.Out, state: state}
	ready, err := s.ready(stage, name)
	if err != nil {
		return err
	}
	server := state.Processes[at]
	// The record of the old one stays until there is a new one: of a process that is gone nothing is left to stop.
	if err := process.Stop(ctx, []process.Record{server}); err != nil {
		return err
	}
	stage.Tell("%s is down", name)
	select {
	case <-ctx.Done():
		return fmt.Errorf("start %s again: %w; it is down, start it with: lab restart --dir %s %s", name, ctx.Err(), s.Dir, name)
	case <-time.After(down):
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return stage.launch(ctx, server.Command(), ready)
}

// find is where the record of that server is.
func (s State) find(name string) (int, error) {
	names := make([]string, len(s.Processes))
	for i, r := range s.Processes {
		if r.Name == name {
			return i, nil
		}
		names[i] = r.Name
	}
	if len(names) == 0 {
		return 0, fmt.Errorf("restart %s: no lab runs there; start one with: lab up", name)
	}
	return 0, fmt.Errorf("restart %s: the lab has no such server; it has %s", name, strings.Join(names, ", "))
}

// ready is how that server tells that it is ready, by the part that it belongs to.
func (s Supervisor) ready(stage *Stage, name string) (Ready, error) {
	for _, part := range s.parts() {
		if ready, err := part.Ready(stage, name); ready != nil || err != nil {
			return ready, err
		}
	}
	return nil, fmt.Errorf("restart %s: no part of this lab knows it; was the lab started by another version of this program?", name)
}
