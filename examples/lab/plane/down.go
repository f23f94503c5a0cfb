package plane

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"runbook/examples/lab/process"
)

// Down stops what runs in the lab and removes what only a running lab needs. A lab that is not there is no error:
// what was asked for is so.
func (p Plane) Down(ctx context.Context) error {
	if _, err := os.Stat(string(p.Dir)); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(p.Out, "there is no lab in", p.Dir)
		return nil
	}
	release, err := p.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	state, err := readState(p.Dir)
	if err != nil {
		return err
	}
	alive := process.Alive(state.Processes)
	if err := process.Stop(ctx, alive); err != nil {
		return err
	}
	if err := discard(p.Dir); err != nil {
		return err
	}
	fmt.Fprintf(p.Out, "stopped %d of %d servers; their logs stay in %s\n", len(alive), len(state.Processes), p.Dir.Logs())
	return nil
}
