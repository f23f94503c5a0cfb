// Package device is what the site's photonic devices are at: one file, which the vendors' tools change, a scenario
// may write, and metrics are made of.
//
// There is no hardware. How a device answers a reset or a calibration is data in the same file, so that a test can
// have one that no reset helps. Time is wall time: a device that is being reset is back when its time has come, for
// whoever looks.
//
// Read next: store.go for how the file is read and changed; start.go for what a new lab has; state.go for what people
// can set. Package devicetool has the tools.
package device

import (
	"maps"
	"slices"
	"time"
)

// Status is what a device seems to be.
type Status string

// What a device can be.
const (
	Online    Status = "online"
	Degraded  Status = "degraded" // it computes, less well than it should
	Offline   Status = "offline"
	Resetting Status = "resetting" // until ReadyAt
)

// Type is the maker of a device.
type Type string

// The makers that the handbook has procedures for.
const (
	Lightmatter Type = "lightmatter"
	MIT         Type = "mit"
)

// MaxDrift is the calibration drift, in percent, up to which a device computes well enough.
const MaxDrift = 5.0

// ambient is what a device without light measures, in degrees Celsius.
const ambient = 24.0

// Readings is what a device measures on itself.
type Readings struct {
	Temperature float64 `json:"temperature_celsius"`
	Power       float64 `json:"optical_power_mw"`
	Drift       float64 `json:"calibration_drift_percent"`
}

// Device is one photonic device.
type Device struct {
	Type     Type      `json:"type"`
	Model    string    `json:"model"`
	Serial   string    `json:"serial"`
	Bus      string    `json:"bus"` // its PCI address
	Address  string    `json:"address"`
	Firmware string    `json:"firmware"`
	Status   Status    `json:"status"`
	ReadyAt  time.Time `json:"ready_at,omitzero"` // when a reset will have ended
	Readings
	Nominal   Readings  `json:"nominal"` // what it measures when all is well
	Behaviour Behaviour `json:"behaviour"`
}

// Behaviour is how a device will answer.
type Behaviour struct {
	ResetSeconds      float64 `json:"reset_seconds"`
	ReconnectHelps    bool    `json:"reconnect_helps"` // a lost link comes back without a reset
	CalibrationPasses bool    `json:"calibration_passes"`
	HardwareFault     bool    `json:"hardware_fault"` // nothing helps: it is offline after a reset as well
	Hangs             bool    `json:"hangs"`          // a tool that asks it gets no answer
	Garbled           bool    `json:"garbled"`        // a tool that asks it prints nonsense
}

// Usable tells whether it computes.
func (d *Device) Usable() bool { return d.Status == Online || d.Status == Degraded }

// Calibrated tells whether it would pass a verification.
func (d *Device) Calibrated() bool { return d.Behaviour.CalibrationPasses && d.Drift <= MaxDrift }

// Recover puts it back to what it is when all is well.
func (d *Device) Recover() {
	d.Status, d.ReadyAt, d.Readings = Online, time.Time{}, d.Nominal
}

// Fail takes its light away.
func (d *Device) Fail() {
	d.Status, d.ReadyAt, d.Readings = Offline, time.Time{}, Readings{Temperature: ambient, Drift: d.Drift}
}

// Reset begins a reset, which ends by itself.
func (d *Device) Reset(now time.Time) {
	d.Status, d.ReadyAt = Resetting, now.Add(d.Behaviour.resetTime())
	d.Readings = Readings{Temperature: ambient, Drift: d.Drift}
}

// Calibrate measures again how the light has to be set.
func (d *Device) Calibrate() { d.Status, d.Readings = Online, d.Nominal }

func (b Behaviour) resetTime() time.Duration {
	return time.Duration(b.ResetSeconds * float64(time.Second))
}

// settle ends a reset whose time has come, and says what the device logs about it.
func (d *Device) settle(now time.Time) (entry string, settled bool) {
	if d.Status != Resetting || now.Before(d.ReadyAt) {
		return "", false
	}
	if d.Behaviour.HardwareFault {
		d.Fail()
		return "ERROR reset finished: laser bias fault persists, no light on any lane", true
	}
	d.Recover()
	d.Behaviour.Garbled = false
	return "INFO reset finished: link up, all lanes locked", true
}

// Devices are all of a site, by id.
type Devices map[string]Device

// IDs are those of the given types, or all, in order.
func (d Devices) IDs(types ...Type) []string {
	ids := slices.Sorted(maps.Keys(d))
	return slices.DeleteFunc(ids, func(id string) bool { return len(types) > 0 && !slices.Contains(types, d[id].Type) })
}
