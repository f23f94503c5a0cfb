package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

func (b *binding) waitFunc() module.Func {
	return module.Func{
		Name: "wait",
		Doc: `Waits until a device is in a state, such as for the end of a reset.

A look that fails is no reason to end the wait before its time is up, nor is a device that its tool does not list meanwhile. In a dry run a
device that is not in that state is assumed to come to it.`,
		Params: []module.Param{idParam, {Name: "options", Kind: module.Object, Doc: "for what", Fields: []module.Param{
			{Name: "state", Kind: module.String, Default: string(driver.Online), Enum: []string{
				string(driver.Online), string(driver.Degraded), string(driver.Offline),
			}, Doc: "the state to wait for; online if not given"},
			{Name: "timeout", Kind: module.Duration, Default: 5 * time.Minute, Doc: "how long to wait"},
			{Name: "every", Kind: module.Duration, Default: 2 * time.Second, Doc: "how often to look"},
		}}},
		Returns:  module.Result{Type: statusType, Doc: "how it is then"},
		Errors:   []action.Code{action.CodeTimeout, action.CodeNotFound, action.CodeUnavailable},
		Examples: []string{`device.wait("envise-2", { state = "online", timeout = "5m" })`},
		Wait: func(args module.Args) (action.Wait, error) {
			c, err := b.call(args, driver.Status)
			if err != nil {
				return nil, err
			}
			w := waiting{call: c, state: args.String("state")}
			w.pace.Timeout, _ = args.Duration("timeout")
			w.pace.Every, _ = args.Duration("every")
			return w, nil
		},
	}
}

// A waiting is one call of wait.
type waiting struct {
	*call
	state string
	pace  action.Pace
}

func (w waiting) Describe() action.Description {
	d := w.looking("wait")
	d.Identity = append(d.Identity, action.Arg{Name: "state", Value: w.state})
	return d
}

func (w waiting) Pace() action.Pace { return w.pace }

// Check looks at the device. One that is being started anew may be gone from its tool's list meanwhile. Whether one that does not answer for
// the moment is waited for is for the gate to say: its error may be tried again.
func (w waiting) Check(ctx context.Context, view action.View) (action.Progress, error) {
	now, err := w.status(ctx, view)
	switch {
	case untold(err):
		return action.Progress{Detail: err.Error()}, nil
	case err != nil:
		return action.Progress{}, passing(err)
	}
	state := now[stateField]
	return action.Progress{Met: state == w.state, Detail: fmt.Sprintf("it is %v", state), Value: now}, nil
}

// passing marks an error of a device that may answer at the next look.
func passing(err error) error {
	e, known := errors.AsType[*action.Error](err)
	if !known {
		return err
	}
	switch e.Code {
	case action.CodeCommand, action.CodeUnavailable, action.CodeThrottled:
		again := *e
		again.Code, again.Retryable = action.CodeUnavailable, true
		return &again
	}
	return err
}

// Assume puts the state into what the run intends. Of a device that its tool does not know nothing is assumed: who misspelt it is told
// before a real run waits for it.
func (w waiting) Assume(ctx context.Context, view action.View) ([]action.Change, error) {
	before := map[string]any{stateField: string(driver.Unknown)}
	now, err := w.status(ctx, view)
	switch {
	case untold(err):
		return nil, err
	case err == nil:
		before[stateField] = now[stateField]
	}
	return []action.Change{{Target: w.target(), Before: before, After: map[string]any{stateField: w.state, expectedField: true}}}, nil
}
