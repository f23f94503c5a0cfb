package supervisor

import (
	"context"
	"fmt"

	"runbook/examples/lab/process"
)

// Down stops what runs in the lab and removes what only a running lab needs. A lab that is not there is no error:
// what was asked for is so.
func (s Supervisor) Down(ctx context.Context) error {
	if !claimed(s.Dir) {
		fmt.Fprintln(s.Out, "there is no lab in", s.Dir)
		return nil
	}
	state, release, err := s.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	if len(state.Processes) == 0 {
		fmt.Fprintln(s.Out, "no lab runs in", s.Dir)
		return discard(s.Dir)
	}
	alive := process.Alive(state.Processes)
	if err := s.strike(ctx, alive); err != nil {
		return err
	}
	fmt.Fprintf(s.Out, "stopped %d of %d servers; their logs stay in %s\n", len(alive), len(state.Processes), s.Dir.Logs())
	return nil
}
