package device

import (
	"embed"
	"fmt"
	"os"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/pastlog"
)

// loopback answers a ping for every device.
const loopback = "127.0.0.1"

// site is what a new lab has: envise-2 has lost its link, and the calibration of mit-2 has drifted.
var site = Devices{
	"envise-1": envise("LM-ENV-000117", "0000:17:00.0", Online),
	"envise-2": envise("LM-ENV-000123", "0000:65:00.0", Offline),
	"mit-1":    array("MIT-SP-0031", "0000:3b:00.0", Online),
	"mit-2":    array("MIT-SP-0034", "0000:5e:00.0", Degraded),
}

// envise is a device whose link comes back with a reset, and not without.
func envise(serial, bus string, status Status) Device {
	return Device{
		Type: Lightmatter, Model: "Lightmatter Envise", Serial: serial, Bus: bus, Address: loopback, Firmware: "3.2.1",
		Nominal:   Readings{Temperature: 41.5, Power: 12.4, Drift: 0.4},
		Behaviour: Behaviour{ResetSeconds: 3, CalibrationPasses: true},
	}.in(status)
}

// array is a device whose link a reconnection brings back.
func array(serial, bus string, status Status) Device {
	return Device{
		Type: MIT, Model: "MIT Silicon Photonics", Serial: serial, Bus: bus, Address: loopback, Firmware: "1.9.4",
		Nominal:   Readings{Temperature: 35.2, Power: 8.6, Drift: 0.9},
		Behaviour: Behaviour{ResetSeconds: 2, ReconnectHelps: true, CalibrationPasses: true},
	}.in(status)
}

func (d Device) in(status Status) Device {
	states[string(status)](&d)
	return d
}

// logEntries holds what each device has logged before the lab began. A line is: seconds before now, level, text.
//
//go:embed logs
var logEntries embed.FS

// Install writes the devices of a new lab, and their logs with recent times.
func Install(dir layout.Dir, now time.Time) error {
	if err := os.MkdirAll(dir.DeviceLogs(), layout.FolderMode); err != nil {
		return fmt.Errorf("make the folder of the devices' logs: %w", err)
	}
	for _, id := range site.IDs() {
		entries, err := logEntries.ReadFile("logs/" + id + ".txt")
		if err != nil {
			return fmt.Errorf("find the log entries of device %s: %w", id, err)
		}
		log, err := pastlog.Render(string(entries), now, func(at time.Time, entry string) (string, error) { return logLine(at, entry), nil })
		if err != nil {
			return fmt.Errorf("read the log entries of device %s: %w", id, err)
		}
		if err := os.WriteFile(dir.DeviceLog(id), []byte(log), 0o600); err != nil {
			return fmt.Errorf("write the log of device %s: %w", id, err)
		}
	}
	return write(dir, site)
}
