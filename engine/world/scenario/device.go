package scenario

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/yamlfile"
)

// Inventory are the devices in the order of their names, as a site has them.
func (s *Scenario) Inventory() []driver.Device {
	out := make([]driver.Device, 0, len(s.Devices))
	for _, id := range slices.Sorted(maps.Keys(s.Devices)) {
		d := s.Devices[id]
		out = append(out, driver.Device{
			ID: id, Driver: d.Driver, On: cmp.Or(d.On, machine.Local), Called: d.Called, Address: d.Address, Log: d.Log,
			Vendor: driver.Vendor{Name: d.Vendor.Name, Contact: d.Vendor.Contact}, With: d.With,
		})
	}
	return out
}

// over is a device with what it does not say itself taken from another one.
func (d Device) over(base Device) Device {
	d.Driver, d.On, d.Called, d.Address, d.Log = cmp.Or(d.Driver, base.Driver), cmp.Or(d.On, base.On), cmp.Or(d.Called, base.Called), cmp.Or(d.Address, base.Address), cmp.Or(d.Log, base.Log)
	d.Vendor = Vendor{cmp.Or(d.Vendor.Name, base.Vendor.Name), cmp.Or(d.Vendor.Contact, base.Vendor.Contact)}
	d.With, d.Has = mapOver(d.With, base.With), mapOver(d.Has, base.Has)
	d.State, d.Logs = cmp.Or(d.State, base.State), cmp.Or(d.Logs, base.Logs)
	d.Resets, d.Lags, d.After = cmp.Or(d.Resets, base.Resets), cmp.Or(d.Lags, base.Lags), cmp.Or(d.After, base.After)
	d.Reconnects, d.Calibrates = cmp.Or(d.Reconnects, base.Reconnects), cmp.Or(d.Calibrates, base.Calibrates)
	d.Silent, d.Hangs, d.Garbled = cmp.Or(d.Silent, base.Silent), cmp.Or(d.Hangs, base.Hangs), cmp.Or(d.Garbled, base.Garbled)
	return d
}

func mapOver[V any](own, base map[string]V) map[string]V {
	if base == nil {
		return own
	}
	out := maps.Clone(base)
	maps.Copy(out, own)
	return out
}

func devicesOver(own, base map[string]Device) map[string]Device {
	out := mapOver(own, base)
	for id, d := range own {
		out[id] = d.over(base[id])
	}
	return out
}

// checkDevices finds what makes no sense in what a file says of devices. What one file leaves out, one that it extends may say.
func (s *Scenario) checkDevices(f file) error {
	for _, id := range slices.Sorted(maps.Keys(s.Devices)) {
		if field, err := s.Devices[id].check(id); err != nil {
			return f.at(err, "devices", id, field)
		}
	}
	return nil
}

func (d Device) check(id string) (field string, err error) {
	probe := driver.Device{ID: id, Driver: cmp.Or(d.Driver, "any"), Called: d.Called, Address: d.Address, Log: d.Log, With: d.With}
	if field, fault := probe.Check(); fault != "" {
		return field, errors.New(fault)
	}
	for _, state := range []struct{ field, is string }{{"state", d.State}, {"after", d.After}} {
		if state.is != "" && !slices.Contains(lasting, state.is) {
			return state.field, fmt.Errorf("no device is %q%s", state.is, module.Suggest(state.is, lasting))
		}
	}
	for _, one := range []struct {
		field string
		is    time.Duration
	}{{"resets", d.Resets}, {"lags", d.Lags}} {
		if one.is < 0 {
			return one.field, errors.New("a duration is not negative here")
		}
	}
	return "", nil
}

// lasting are the states that a device can be put into.
var lasting = []string{string(driver.Online), string(driver.Degraded), string(driver.Offline)}

// Changed is what becomes of the device of an event.
func (e Event) Changed() (*Device, error) {
	d, err := change[Device](e, "a device", "{state: offline}")
	if err != nil {
		return nil, err
	}
	if d.Driver != "" || d.On != "" || d.Called != "" || d.Logs != "" {
		return nil, errors.New("with: driver, on, called and logs are as they are from the beginning")
	}
	field, err := d.check(e.Device)
	return d, prefixed(field, err)
}

// equip reads how the tools of the drivers answer that are named.
func (s Shelves) equip(to *Scenario) error {
	if len(to.Devices) == 0 {
		return nil
	}
	sum := sha256.New()
	sum.Write([]byte(to.Digest))
	to.Tools = map[string]Tool{}
	for _, d := range to.Inventory() {
		if d.Driver == "" {
			return action.Errorf(action.CodeInvalid, "the scenario %s: the device %s has no driver", to.Name, d.ID).Try("devices: {%s: {driver: photon-debug, on: rack-1}}", d.ID)
		}
		if err := s.tool(to, d.Driver, 0); err != nil {
			return action.Errorf(action.CodeInvalid, "the scenario %s: the device %s: %w", to.Name, d.ID, err)
		}
		if err := to.Tools[d.Driver].tells(to.Devices[d.ID].Has); err != nil {
			return action.Errorf(action.CodeInvalid, "the scenario %s: the device %s: has: %w", to.Name, d.ID, err)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(to.Tools)) {
		sum.Write([]byte(name + "\x00"))
		sum.Write(to.Tools[name].text)
	}
	to.Digest = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// tool reads how the tools of a driver answer, and of those that it is based on.
func (s Shelves) tool(to *Scenario, name string, below int) error {
	if _, known := to.Tools[name]; known {
		return nil
	}
	if s.Tool == nil || below == deepest {
		return fmt.Errorf("the driver %s cannot be simulated here", name)
	}
	text, path, err := s.Tool(name)
	if err != nil {
		return err
	}
	tool, err := yamlfile.Decode[Tool](text, "a simulated tool")
	if err == nil {
		err = tool.check(text)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	tool.text = text
	to.Tools[name] = *tool
	if tool.Base == "" {
		return nil
	}
	return s.tool(to, tool.Base, below+1)
}

// tells finds what a tool would never tell of a device: it would be said in vain.
func (t Tool) tells(has map[string]any) error {
	known := slices.Collect(maps.Keys(t.Values))
	for _, values := range t.States {
		known = slices.AppendSeq(known, maps.Keys(values))
	}
	slices.Sort(known)
	known = slices.Compact(known)
	for _, name := range slices.Sorted(maps.Keys(has)) {
		if !slices.Contains(known, name) {
			return fmt.Errorf("its tool does not tell %q%s", name, module.Suggest(name, known))
		}
	}
	return nil
}

func (t *Tool) check(text []byte) error {
	for i, c := range t.Commands {
		fault := ""
		switch {
		case len(c.Argv) == 0 || strings.Contains(c.Argv[0], "{"):
			fault = "argv begins with the name of a program"
		case !slices.Contains(driver.Purposes, driver.Purpose(c.Does)):
			fault = fmt.Sprintf("nothing does %q%s", c.Does, module.Suggest(c.Does, purposes()))
		case len(c.Says) == 0:
			fault = "says is missing: what it prints"
		default:
			continue
		}
		return fmt.Errorf("line %d: commands[%d]: %s", yamlfile.LineOf(text, "commands", i), i, fault)
	}
	return nil
}

func purposes() []string {
	out := make([]string, len(driver.Purposes))
	for i, p := range driver.Purposes {
		out[i] = string(p)
	}
	return out
}
