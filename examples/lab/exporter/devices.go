package exporter

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/photon"
)

// DevicesFile is where the lab's rack of devices keeps their states.
func DevicesFile(dir layout.Dir) string { return filepath.Join(dir.Data("rack"), "devices.json") }

// ReadDevices reads the devices' states from the file. Where there is none, nobody plays the devices, and none is known.
func ReadDevices(path string) (map[string]photon.Status, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var devices map[string]struct {
		Status photon.Status `json:"status"`
	}
	if err == nil {
		err = json.Unmarshal(data, &devices)
	}
	if err != nil {
		return nil, fmt.Errorf("read the devices' states from %s: %w", path, err)
	}
	states := map[string]photon.Status{}
	for id, device := range devices {
		if !device.Status.Known() {
			return nil, fmt.Errorf("read the devices' states from %s: %s has the status %q, which is none that the model knows", path, id, device.Status)
		}
		states[id] = device.Status
	}
	return states, nil
}
