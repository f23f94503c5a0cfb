package devicetool

import (
	"context"
	"fmt"

	"runbook/examples/lab/device"
)

const lanes = 16

var fpgaUtil = tool{
	usage: "usage: fpga-util list\n",
	run: subcommands{
		"list": func(ctx context.Context, s *session, args []string) error {
			if err := newOptions().parse(args); err != nil {
				return err
			}
			return s.each(ctx, device.MIT, func(id string, d device.Device) error {
				link, up := "down", 0
				if d.Usable() {
					link, up = "up", lanes
				}
				s.printf("%s Processing accelerator [10ee:903f] array=%s serial=%s bitstream=%s link=%s lanes=%d/%d\n",
					d.Bus, id, d.Serial, d.Firmware, link, up, lanes)
				return nil
			})
		},
	}.run,
}

var mitPhotonicCLI = tool{
	usage: `usage: mit-photonic-cli reset --array ID
       mit-photonic-cli diagnose [--verbose]
`,
	run: subcommands{
		"reset": func(ctx context.Context, s *session, args []string) error {
			return s.reset(ctx, "mit-photonic-cli", "array", args, device.MIT)
		},
		"diagnose": func(ctx context.Context, s *session, args []string) error {
			o := newOptions()
			verbose := o.Bool("verbose", false, "")
			if err := o.parse(args); err != nil {
				return err
			}
			return s.diagnose(ctx, *verbose)
		},
	}.run,
}

// check is one line of a diagnosis.
type check struct {
	name, detail string
	passed       bool
}

func checks(d device.Device) []check {
	if !d.Usable() {
		return []check{{"link", string(d.Status), false}}
	}
	return []check{
		{"link", fmt.Sprintf("%d of %d lanes", lanes, lanes), true},
		{"laser", fmt.Sprintf("%.1f mW, nominal %.1f mW", d.Power, d.Nominal.Power), d.Power >= 0.9*d.Nominal.Power},
		{"thermal", fmt.Sprintf("%.1f C", d.Temperature), d.Temperature < 70},
		{"phase", fmt.Sprintf("drift %.1f %%, limit %.1f %%", d.Drift, device.MaxDrift), d.Drift <= device.MaxDrift},
	}
}

func (s *session) diagnose(ctx context.Context, verbose bool) error {
	arrays, failed := 0, 0
	err := s.each(ctx, device.MIT, func(id string, d device.Device) error {
		arrays++
		all := true
		for _, c := range checks(d) {
			all = all && c.passed
			if verbose || !c.passed {
				s.printf("%s: %-7s %s  %s\n", id, c.name, verdict(c.passed), c.detail)
			}
		}
		if !all {
			failed++
		}
		s.printf("%s: %s\n", id, verdict(all))
		return nil
	})
	if err == nil && failed > 0 {
		err = refuse(exitFailed, "%d of %d arrays failed", failed, arrays)
	}
	return err
}

func verdict(passed bool) string {
	if passed {
		return "PASS"
	}
	return "FAIL"
}
