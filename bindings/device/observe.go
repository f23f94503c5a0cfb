package device

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/driver"
)

// The fields of what is said of a device.
const (
	stateField    = "state"
	expectedField = "expected" // it is what a driver expects, and not what the tool says
	assumedField  = "assumed"  // nothing was run
)

// A seen is what a tool says of a device, as the driver understands it.
type seen struct {
	driver.Observation
	unread []string
	fault  string
}

// look runs the command, which only looks, and finds what it says of the device.
func (c *call) look(ctx context.Context) (*seen, error) {
	said, err := c.run(ctx, action.CodeTimeout)
	if err != nil {
		return nil, err
	}
	return c.understood(ctx, said)
}

// understood is what was said of the device. Of one that the tool did not tell of, while all that it told was understood, it knows
// nothing; where something was not understood, that may be about the device.
func (c *call) understood(ctx context.Context, said driver.Said) (*seen, error) {
	reading := c.driver.Read(ctx, c.command.Purpose, said)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	found := reading.Of(c.Name())
	if said.Cut {
		reading.Unread = append(slices.Clone(reading.Unread), fmt.Sprintf("… and what came after %d MiB, which is not kept", maxOutput>>20))
	}
	switch {
	case found != nil:
	case said.ExitCode != 0:
		return nil, c.refused(said.ExitCode, c.b.Secrets.String(said.Stderr))
	case len(reading.Unread) == 0 && reading.Fault == "":
		printed := ""
		if strings.TrimSpace(said.Stdout) == "" {
			printed = ": it printed nothing at all"
		}
		e := action.Errorf(action.CodeNotFound, "%s tells nothing of a device %q%s", c.line(), c.Name(), printed).On(c.target()).
			Try("the inventory in the site file says what the tool calls it (called), and on which host it is (on)")
		e.Cause = errUntold
		return nil, e
	default:
		found = &driver.Observation{ID: c.Name()}
	}
	return &seen{*found, reading.Unread, reading.Fault}, nil
}

// errUntold is why a device is not found of which its tool told nothing.
var errUntold = errors.New("nothing was told of it")

// untold tells whether a tool was asked, and knows no such device.
func untold(err error) bool {
	_, refused := errors.AsType[exit](err)
	return errors.Is(err, errUntold) || refused && action.CodeOf(err) == action.CodeNotFound
}

// state is the state that was said, or that nobody could tell.
func (s *seen) state() driver.State {
	if s.State == "" {
		return driver.Unknown
	}
	return s.State
}

// base is what every function says of a device.
func (u *unit) base() map[string]any {
	return map[string]any{"id": u.ID, "name": u.ID, "driver": u.Driver, "on": u.On}
}

// value is what was seen as a script gets it.
func (u *unit) value(s *seen) map[string]any {
	out := u.base()
	out[stateField] = string(s.state())
	s.addTo(out)
	return out
}

// addTo adds what was said beside the state.
func (s *seen) addTo(out map[string]any) {
	for name, text := range map[string]string{"said": s.Said, "serial": s.Serial, "fault": s.fault} {
		if text != "" {
			out[name] = text
		}
	}
	out["fields"] = map[string]any{}
	if s.Fields != nil {
		out["fields"] = maps.Clone(s.Fields)
	}
	if len(s.unread) > 0 {
		out["unread"] = slices.Clone(s.unread)
	}
}

// laid is what was seen, with what the run intends over it. What was measured before says nothing of a device after it.
func (u *unit) laid(view action.View, s *seen) map[string]any {
	live := map[string]any{stateField: string(s.state())}
	object, intended := view.Lay(u.target(), live)
	if !intended || object == nil {
		return u.value(s)
	}
	out := u.base()
	out[stateField], out[expectedField], out["fields"] = object[stateField], true, map[string]any{}
	if s.Serial != "" {
		out["serial"] = s.Serial
	}
	return out
}

// intended tells whether the run intends something about the device.
func (u *unit) intended(view action.View) bool {
	_, intended := view.Lay(u.target(), nil)
	return intended
}

// unreached is what a run intends about a device that cannot be looked at: nil if it intends nothing.
func (u *unit) unreached(view action.View) map[string]any {
	if !u.intended(view) {
		return nil
	}
	return u.laid(view, &seen{})
}
