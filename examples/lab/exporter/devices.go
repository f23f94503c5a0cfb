package exporter

import (
	"errors"
	"fmt"
	"time"

	"runbook/examples/lab/device"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/photon"
)

// statuses are what the model calls what a device of the rack is at. One that is being reset serves nobody.
var statuses = map[device.Status]photon.Status{
	device.Online:    photon.Online,
	device.Degraded:  photon.Degraded,
	device.Offline:   photon.Offline,
	device.Resetting: photon.Offline,
}

// ReadDevices looks what the devices of the lab in dir are at. Where there is no rack, nobody plays the devices, and none is
// known.
func ReadDevices(dir layout.Dir, now func() time.Time) (map[string]photon.Status, error) {
	devices, err := device.Store{Dir: dir, Now: now}.Look()
	if errors.Is(err, device.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	states := map[string]photon.Status{}
	for id, d := range devices {
		status, known := statuses[d.Status]
		if !known {
			return nil, fmt.Errorf("look at the devices: %s is %q, which is nothing that the model knows", id, d.Status)
		}
		states[id] = status
	}
	return states, nil
}
