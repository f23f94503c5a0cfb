package devicetool

import (
	"context"
	"fmt"
	"text/tabwriter"

	"runbook/examples/lab/device"
)

var photonDebug = tool{
	usage: `usage: photon-debug --list-devices
       photon-debug --reconnect-device ID
`,
	run: func(ctx context.Context, s *session, args []string) error {
		o := newOptions()
		list := o.Bool("list-devices", false, "")
		id := o.String("reconnect-device", "", "")
		if err := o.parse(args); err != nil {
			return err
		}
		switch {
		case *list == (*id != ""):
			return refuse(exitUsage, "one of --list-devices and --reconnect-device is needed")
		case *list:
			return s.listDevices()
		}
		return s.reconnect(ctx, *id)
	},
}

// listDevices prints the driver's own table. It asks no device, so that one that hangs does not hide the others.
func (s *session) listDevices() error {
	devices, err := s.Look()
	if err != nil {
		return err
	}
	count := map[device.Status]int{}
	table := tabwriter.NewWriter(&s.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DEVICE\tMODEL\tSTATUS\tTEMP(C)\tPOWER(mW)\tADDRESS\tFIRMWARE") //nolint:errcheck // into memory
	for _, id := range devices.IDs() {
		d := devices[id]
		count[d.Status]++
		temperature, power := "-", "-"
		if d.Usable() {
			temperature, power = fmt.Sprintf("%.1f", d.Temperature), fmt.Sprintf("%.1f", d.Power)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", id, d.Model, d.Status, temperature, power, d.Address, d.Firmware) //nolint:errcheck // into memory
	}
	if err := table.Flush(); err != nil {
		return err
	}
	s.printf("%d devices: %d online, %d degraded, %d offline, %d resetting\n", len(devices),
		count[device.Online], count[device.Degraded], count[device.Offline], count[device.Resetting])
	return nil
}

func (s *session) reconnect(ctx context.Context, id string) error {
	answer := "link up"
	err := s.act(ctx, id, "photon-debug: reconnect", func(d *device.Device) error {
		switch {
		case d.Status == device.Resetting:
			return busy(id, d)
		case d.Usable():
			answer = "link is up already"
		case !d.Behaviour.ReconnectHelps || d.Behaviour.HardwareFault:
			return refuse(exitOffline, "device %s stays offline: link training failed, no light on lane 3", id)
		default:
			d.Recover()
		}
		return nil
	})
	if err == nil {
		s.printf("%s: %s\n", id, answer)
	}
	return err
}
