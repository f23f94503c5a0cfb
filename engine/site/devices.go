package site

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/yamlfile"
)

// A Device is one of the inventory. How its tool is called, and what it prints, says its driver.
type Device struct {
	Driver  string            `yaml:"driver"`  // which knows the vendor's tool: photon-debug, lightmatter-envise, or one of your own
	On      string            `yaml:"on"`      // the host on which the tool is; the machine on which runbook runs if not given
	Called  string            `yaml:"called"`  // what the tool calls the device, where that is not its name here
	Address string            `yaml:"address"` // in the network, for ping
	Log     string            `yaml:"log"`     // path of its log, on that host
	Vendor  driver.Vendor     `yaml:"vendor"`  // who to call when nothing else helps
	With    map[string]string `yaml:"with"`    // other words that the driver puts into its commands
}

// Inventory are the devices in the order of their names.
func Inventory(devices map[string]Device) []driver.Device {
	out := make([]driver.Device, 0, len(devices))
	for _, id := range slices.Sorted(maps.Keys(devices)) {
		d := devices[id]
		out = append(out, driver.Device{
			ID: id, Driver: d.Driver, On: cmp.Or(d.On, machine.Local), Called: d.Called, Address: d.Address, Log: d.Log, Vendor: d.Vendor, With: d.With,
		})
	}
	return out
}

// checkDevices finds what is wrong with the inventory. Whether there is such a driver is known where drivers are.
func (s *Site) checkDevices(text []byte) error {
	for _, d := range Inventory(s.Devices) {
		field, fault := d.Check()
		if _, named := s.Hosts[d.On]; fault == "" && !named && d.On != machine.Local {
			field, fault = "on", fmt.Sprintf("the site has no host %q%s", d.On, module.Suggest(d.On, slices.Collect(maps.Keys(s.Hosts))))
		}
		if fault != "" {
			where := []any{"devices", d.ID}
			if field != "" {
				where = append(where, field)
			}
			return action.Errorf(action.CodeInvalid, "line %d: devices.%s%s: %w", yamlfile.LineOf(text, where...), d.ID, dotted(field), errors.New(fault))
		}
	}
	return nil
}

func dotted(field string) string {
	if field == "" {
		return ""
	}
	return "." + field
}
