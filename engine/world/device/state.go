package device

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"runbook/engine/driver"
	"runbook/engine/module"
	"runbook/engine/world/scenario"
)

// A device is one of the simulated ones.
type device struct {
	driver.Device
	values                 map[string]any            // what its tool tells of it when all is well
	states                 map[string]map[string]any // what of that is another in a state
	state, after           driver.State
	begins, ready          time.Time // of a reset: when its tool will show it, and when it will have ended
	resets, lags           time.Duration
	starts                 int // how often it was started anew
	reconnects, calibrates bool
	silent, hangs, garbled bool
	logs                   Logs
}

// Change lets something become of a device.
func (r *Rack) Change(e scenario.Event) error {
	said, err := e.Changed()
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := make([]string, len(r.devices))
	for i, d := range r.devices {
		if ids[i] = d.ID; d.ID == e.Device {
			d.become(*said)
			return nil
		}
	}
	return fmt.Errorf("there is no device %q%s", e.Device, module.Suggest(e.Device, ids))
}

// become is what a scenario says of a device, over what it is.
func (d *device) become(said scenario.Device) {
	maps.Copy(d.values, said.Has)
	if said.State != "" {
		d.state, d.begins, d.ready = driver.State(said.State), time.Time{}, time.Time{}
	}
	if said.After != "" {
		d.after = driver.State(said.After)
	}
	if said.Resets != 0 {
		d.resets = said.Resets
	}
	if said.Lags != 0 {
		d.lags = said.Lags
	}
	for _, flag := range []struct {
		is  *bool
		now *bool
	}{{&d.reconnects, said.Reconnects}, {&d.calibrates, said.Calibrates}, {&d.silent, said.Silent}, {&d.hangs, said.Hangs}, {&d.garbled, said.Garbled}} {
		if flag.now != nil {
			*flag.is = *flag.now
		}
	}
}

func (r *Rack) newDevice(d driver.Device, said scenario.Device, now time.Time) (*device, error) {
	tool := r.scenario.Tools[d.Driver]
	out := &device{
		Device: d, values: maps.Clone(tool.Values), states: tool.States,
		state: driver.Online, after: driver.Online, resets: time.Duration(float64(tool.Resets) * float64(time.Second)),
		reconnects: tool.Up, calibrates: true, logs: r.logs,
	}
	if out.values == nil {
		out.values = map[string]any{}
	}
	out.become(said)
	if d.Log == "" {
		return out, nil
	}
	logged := said.Logs
	if logged != "" && !strings.HasSuffix(logged, "\n") {
		logged += "\n"
	}
	return out, r.logs.Log(d.On, d.Log, logged, now)
}

// writeLog writes a line to the device's log. Where that cannot be written there is none: a device goes on without.
func (d *device) writeLog(at time.Time, line string) {
	if d.Log != "" {
		_ = d.logs.Log(d.On, d.Log, line+"\n", at)
	}
}

// settle begins and ends a reset whose time has come.
func (d *device) settle(now time.Time) {
	if d.pending() && !now.Before(d.begins) {
		d.state, d.ready, d.begins = driver.Resetting, d.begins.Add(d.resets), time.Time{}
		d.starts++
	}
	if d.state != driver.Resetting || now.Before(d.ready) {
		return
	}
	d.state, d.garbled = d.after, false
	if d.state != driver.Offline {
		d.writeLog(d.ready, "{time} INFO reset finished: it is "+string(d.state))
		return
	}
	d.writeLog(d.ready, "{time} ERROR reset finished: the fault persists")
}

// pending tells whether a reset was accepted that has not begun.
func (d *device) pending() bool { return !d.begins.IsZero() }

// usable tells whether it computes.
func (d *device) usable() bool { return d.state == driver.Online || d.state == driver.Degraded }

// The outcomes of a command, as simulated.yaml has them.
const (
	done     = "done"
	needless = "needless" // it was like that already
	failed   = "failed"   // it did not help, or is not well
	offline  = "offline"  // there is no link to it
	busy     = "busy"     // it is being reset
	unknown  = "unknown"  // there is no such device
)

// act does to the device what a command is for, and says what came of it.
func (d *device) act(does driver.Purpose, now time.Time) string {
	outcome := d.outcome(does)
	switch {
	case does.Changes() && (outcome == failed || outcome == offline):
		d.writeLog(now, fmt.Sprintf("{time} ERROR %s: %s", does, outcome))
		return outcome
	case !does.Changes() || outcome != done:
		return outcome
	}
	d.writeLog(now, fmt.Sprintf("{time} INFO %s", does))
	if does == driver.Reset {
		d.begins = now.Add(d.lags)
		d.settle(now)
		return outcome
	}
	d.state = driver.Online
	return outcome
}

func (d *device) outcome(does driver.Purpose) string {
	switch {
	case does == driver.List || does == driver.Status:
		return done
	case does == driver.Diagnose:
		return either(d.state == driver.Online, done, failed)
	case d.state == driver.Resetting || d.pending():
		return busy
	case does == driver.Reset:
		return done
	case does == driver.Reconnect && d.usable():
		return needless
	case does == driver.Reconnect:
		return either(d.reconnects && d.after != driver.Offline, done, failed)
	case d.state == driver.Offline:
		return offline
	case does == driver.Verify:
		return either(d.calibrates && d.state == driver.Online, done, failed)
	}
	return either(d.calibrates, done, failed)
}

func either(holds bool, yes, no string) string {
	if holds {
		return yes
	}
	return no
}

// shown are the values of the device for the templates of its tool.
func (d *device) shown() map[string]any {
	out := maps.Clone(d.values)
	maps.Copy(out, d.states[string(d.state)])
	maps.Copy(out, map[string]any{
		"id": d.Name(), "state": string(d.state), "address": d.Address, "usable": d.usable(), "resets": d.resets.Seconds(), "starts": d.starts,
		"ready": d.ready.UTC().Format(time.RFC3339), "passed": d.state == driver.Online,
	})
	return out
}
