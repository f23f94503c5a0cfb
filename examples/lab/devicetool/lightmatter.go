package devicetool

import (
	"context"
	"encoding/json"

	"runbook/examples/lab/device"
)

const lightmatterSDK = "2.8.0"

// lightmatterStates is what the vendor calls a status.
var lightmatterStates = map[device.Status]string{
	device.Online:    "READY",
	device.Degraded:  "DEGRADED",
	device.Offline:   "NO_LINK",
	device.Resetting: "RESETTING",
}

var lightmatterCLI = tool{
	usage: `usage: lightmatter-cli status [--json]
       lightmatter-cli reset --device ID
       lightmatter-cli calibrate --device ID [--verify]
`,
	run: subcommands{
		"status": func(ctx context.Context, s *session, args []string) error {
			o := newOptions()
			asJSON := o.Bool("json", false, "")
			if err := o.parse(args); err != nil {
				return err
			}
			return s.lightmatterStatus(ctx, *asJSON)
		},
		"reset": func(ctx context.Context, s *session, args []string) error {
			return s.reset(ctx, "lightmatter-cli", "device", args, device.Lightmatter)
		},
		"calibrate": func(ctx context.Context, s *session, args []string) error {
			o := newOptions()
			id := o.String("device", "", "")
			verify := o.Bool("verify", false, "")
			if err := o.parse(args); err != nil {
				return err
			}
			switch {
			case *id == "":
				return refuse(exitUsage, "--device is missing")
			case *verify:
				return s.verifyCalibration(ctx, *id)
			}
			return s.calibrate(ctx, *id)
		},
	}.run,
}

// lightmatterDevice is a device as the vendor's JSON has it.
type lightmatterDevice struct {
	ID          string   `json:"id"`
	Serial      string   `json:"serial"`
	State       string   `json:"state"`
	Firmware    string   `json:"firmware"`
	Temperature *float64 `json:"temperature_c"` // null without a link
	Power       *float64 `json:"optical_power_mw"`
	Drift       *float64 `json:"calibration_drift_pct"`
}

func (s *session) lightmatterStatus(ctx context.Context, asJSON bool) error {
	var devices []lightmatterDevice
	err := s.each(ctx, device.Lightmatter, func(id string, d device.Device) error {
		seen := lightmatterDevice{ID: id, Serial: d.Serial, State: lightmatterStates[d.Status], Firmware: d.Firmware}
		if d.Usable() {
			seen.Temperature, seen.Power, seen.Drift = &d.Temperature, &d.Power, &d.Drift
		}
		devices = append(devices, seen)
		return nil
	})
	if err != nil {
		return err
	}
	if asJSON {
		encoder := json.NewEncoder(&s.out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(map[string]any{"sdk": lightmatterSDK, "devices": devices})
	}
	s.printf("SDK version: %s\nDriver: loaded\nDevices: %d\n", lightmatterSDK, len(devices))
	for _, d := range devices {
		s.printf("\nDevice: %s\n  Serial: %s\n  State: %s\n  Firmware: %s\n", d.ID, d.Serial, d.State, d.Firmware)
		if d.Temperature != nil {
			s.printf("  Temperature: %.1f C\n  Optical power: %.1f mW\n  Calibration drift: %.1f %%\n", *d.Temperature, *d.Power, *d.Drift)
		}
	}
	return nil
}

// reset is the same for both vendors, but for the name of the option.
func (s *session) reset(ctx context.Context, tool, option string, args []string, of device.Type) error {
	o := newOptions()
	id := o.String(option, "", "")
	if err := o.parse(args); err != nil {
		return err
	}
	if *id == "" {
		return refuse(exitUsage, "--%s is missing", option)
	}
	var seconds float64
	err := s.act(ctx, *id, tool+": reset", func(d *device.Device) error {
		if d.Status == device.Resetting {
			return busy(*id, d)
		}
		d.Reset(s.Now())
		seconds = d.Behaviour.ResetSeconds
		return nil
	}, of)
	if err == nil {
		s.printf("%s: reset started, takes about %.0f s\n", *id, seconds)
	}
	return err
}

func (s *session) calibrate(ctx context.Context, id string) error {
	var drift float64
	err := s.act(ctx, id, "lightmatter-cli: calibrate", func(d *device.Device) error {
		if err := linked(id, d); err != nil {
			return err
		}
		if !d.Behaviour.CalibrationPasses {
			return refuse(exitFailed, "calibration of %s failed: did not converge after 200 iterations", id)
		}
		d.Calibrate()
		drift = d.Drift
		return nil
	}, device.Lightmatter)
	if err == nil {
		s.printf("Calibration of %s finished\nDrift: %.1f %%\nResult: PASS\n", id, drift)
	}
	return err
}

// verifyCalibration only looks.
func (s *session) verifyCalibration(ctx context.Context, id string) error {
	d, err := s.ask(ctx, id, device.Lightmatter)
	if err == nil {
		err = linked(id, &d)
	}
	if err != nil {
		return err
	}
	result := "PASS"
	if !d.Calibrated() {
		result = "FAIL"
		err = refuse(exitFailed, "calibration of %s is out of tolerance", id)
	}
	s.printf("Calibration of %s\nDrift: %.1f %%\nTolerance: %.1f %%\nResult: %s\n", id, d.Drift, device.MaxDrift, result)
	return err
}
