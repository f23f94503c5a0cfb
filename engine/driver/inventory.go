package driver

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"runbook/engine/module"
)

// A Device is one of a site's inventory.
type Device struct {
	ID      string            // by which a runbook knows it
	Driver  string            // by name
	On      string            // the machine on which the driver's commands run: a name of the site's hosts
	Called  string            // what the tool calls it; its ID if not given
	Address string            // in the network
	Log     string            // path of its log, on that machine
	Vendor  Vendor            // who is asked when nothing else helps
	With    map[string]string // placeholders of its driver
}

// A Vendor is who made a device.
type Vendor struct {
	Name    string `yaml:"name"`
	Contact string `yaml:"contact"` // how they are reached: a mail address, a telephone number, a portal
}

// Name is what the tool calls the device.
func (d *Device) Name() string { return cmp.Or(d.Called, d.ID) }

// Values are what stands for the placeholders of a driver, or what is wrong with those that the device gives.
func (d *Device) Values(about *About) (map[string]string, error) {
	common := map[string]string{ID: d.Name(), Address: d.Address, Log: d.Log}
	out := maps.Clone(common)
	var known []string
	for _, p := range about.Placeholders {
		out[p.Name] = placeholder.ReplaceAllStringFunc(p.Default, func(found string) string { return common[strings.Trim(found, "{}")] })
		known = append(known, p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(d.With)) {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("with: the driver %s has no placeholder {%s}%s", about.Name, name, module.Suggest(name, known))
		}
		out[name] = d.With[name]
	}
	return out, nil
}

// Check says what is wrong with a device, and in which field; "" if nothing is.
func (d *Device) Check() (field, fault string) {
	switch {
	case d.Driver == "":
		return "driver", "which driver knows its tool? runbook docs driver lists them"
	case strings.ContainsAny(d.ID+d.Called, " /"):
		return "", "an id has neither a space nor a slash in it"
	case d.Log != "" && !strings.HasPrefix(d.Log, "/"):
		return "log", "the path of a log begins with a slash"
	}
	for _, value := range []struct{ field, text string }{{"", d.ID}, {"called", d.Called}, {"address", d.Address}, {"log", d.Log}} {
		if wrong := CheckValue(value.text); wrong != "" {
			return value.field, fmt.Sprintf("%q %s", value.text, wrong)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.With)) {
		if wrong := CheckValue(d.With[name]); wrong != "" {
			return "with", fmt.Sprintf("%s: %q %s", name, d.With[name], wrong)
		}
	}
	return "", ""
}
