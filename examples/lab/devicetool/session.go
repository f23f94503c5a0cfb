package devicetool

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"runbook/examples/lab/device"
)

// session is what one call of a tool has found and done so far.
type session struct {
	device.Store
	out        bytes.Buffer                        // for standard output
	unanswered func(context.Context, string) error // what a device that does not answer makes of the call
	changed    bool
	garbled    bool
}

func (s *session) printf(format string, args ...any) { fmt.Fprintf(&s.out, format, args...) }

// known returns a device of the types that the tool is for, without asking it.
func (s *session) known(id string, types ...device.Type) (device.Device, error) {
	devices, err := s.Look()
	if err != nil {
		return device.Device{}, err
	}
	if ids := devices.IDs(types...); !slices.Contains(ids, id) {
		return device.Device{}, refuse(exitUnknown, "no device %q; there are %s", id, strings.Join(ids, ", "))
	}
	return devices[id], nil
}

// ask returns a device that has answered.
func (s *session) ask(ctx context.Context, id string, types ...device.Type) (device.Device, error) {
	d, err := s.known(id, types...)
	if err != nil {
		return d, err
	}
	if d.Behaviour.Hangs {
		return d, s.unanswered(ctx, id)
	}
	s.garbled = s.garbled || d.Behaviour.Garbled
	return d, nil
}

// each asks every device of a type, in order.
func (s *session) each(ctx context.Context, of device.Type, f func(id string, d device.Device) error) error {
	devices, err := s.Look()
	if err != nil {
		return err
	}
	for _, id := range devices.IDs(of) {
		d, err := s.ask(ctx, id, of)
		if err == nil {
			err = f(id, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// act lets f change a device that has answered. The device logs what was done, also where f refused it.
func (s *session) act(ctx context.Context, id, what string, f func(*device.Device) error, types ...device.Type) error {
	if _, err := s.ask(ctx, id, types...); err != nil {
		return err
	}
	changed, err := s.Change(ctx, id, f)
	s.changed = changed
	entry := "INFO " + what
	if err != nil {
		entry = fmt.Sprintf("ERROR %s: %v", what, err)
	}
	if failed := s.Log(id, s.Now(), entry); err == nil {
		err = failed
	}
	return err
}

// linked refuses a device that nothing can be asked of.
func linked(id string, d *device.Device) error {
	switch d.Status {
	case device.Offline:
		return refuse(exitOffline, "device %s is offline: no link", id)
	case device.Resetting:
		return busy(id, d)
	}
	return nil
}

func busy(id string, d *device.Device) error {
	return refuse(exitBusy, "device %s is being reset until %s", id, d.ReadyAt.Format(time.RFC3339))
}
