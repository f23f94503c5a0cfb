package device

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// states are what people can set a device to, and what it takes.
var states = map[string]func(*Device){
	"online": (*Device).Recover,
	"degraded": func(d *Device) {
		d.Recover()
		d.degrade()
	},
	"offline": (*Device).Fail,
	"broken": func(d *Device) {
		d.Fail()
		d.Behaviour.HardwareFault = true
	},
	"hung": func(d *Device) {
		d.Fail()
		d.Behaviour.Hangs = true
	},
	"garbled": func(d *Device) {
		d.Recover()
		d.degrade()
		d.Behaviour.Garbled = true
	},
}

// degrade lets the calibration drift, and with it the light.
func (d *Device) degrade() {
	d.Status, d.Drift, d.Power = Degraded, 6.8, d.Nominal.Power*0.75
}

// States names what a device can be set to.
func States() []string { return slices.Sorted(maps.Keys(states)) }

// Set puts a device into a state, whatever it was in before.
func (s Store) Set(ctx context.Context, id, state string) error {
	set, ok := states[state]
	if !ok {
		return fmt.Errorf("set device %s to %q: there is no such state; choose one of %s", id, state, strings.Join(States(), ", "))
	}
	_, err := s.Change(ctx, id, func(d *Device) error {
		d.Behaviour.HardwareFault, d.Behaviour.Hangs, d.Behaviour.Garbled = false, false, false
		set(d)
		return nil
	})
	if err != nil {
		return fmt.Errorf("set device %s to %s: %w", id, state, err)
	}
	return nil
}
