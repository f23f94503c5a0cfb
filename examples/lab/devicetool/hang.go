package devicetool

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"runbook/examples/lab/device"
)

// lookEvery is the pause between two looks at a device that does not answer.
const lookEvery = 100 * time.Millisecond

// hang waits for a device that does not answer: until somebody ends this program, sets the device to another state,
// or takes the lab down. The call is recorded before, and not again: nothing can be once it is killed.
//
// As vendors' tools do, it has a helper that holds its output open, so that who kills the tool alone goes on waiting
// for the end of the output. The helper ends with the tool even then: it reads from a pipe that closes with it.
func (i Invocation) hang(ctx context.Context, call device.Call, id string) error {
	helper := exec.Command("cat")
	helper.Stdout, helper.Stderr = i.Out, i.Err
	pipe, err := helper.StdinPipe()
	if err == nil {
		err = helper.Start()
	}
	if err != nil {
		return fmt.Errorf("start the helper: %w", err)
	}
	err = i.Store.Record(call)
	if err == nil {
		err = awaitAnswer(ctx, i.Store, id)
	}
	return errors.Join(err, pipe.Close(), helper.Wait())
}

func awaitAnswer(ctx context.Context, store device.Store, id string) error {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		devices, err := store.Look()
		switch d, ok := devices[id]; {
		case errors.Is(err, device.ErrNone) || err == nil && (!ok || !d.Behaviour.Hangs):
			return refuse(exitFailed, "device %s: connection lost", id)
		case err != nil:
			return err
		}
		select {
		case <-ctx.Done():
			return refuse(exitFailed, "device %s: interrupted while waiting for its answer", id)
		case <-ticker.C:
		}
	}
}
