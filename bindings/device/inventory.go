package device

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/driver"
	"runbook/engine/module"
)

// selection are the options that choose among the devices.
var selection = []module.Param{
	{Name: "driver", Kind: module.String, Doc: "only those of this driver"},
	{Name: "on", Kind: module.String, Doc: "only those whose tool is on this host"},
}

func (b *binding) inventoryFunc() module.Func {
	return module.Func{
		Name: "inventory",
		Doc: `Lists the devices that the site file names, without asking any of them.

name is the same as id: parallel calls its branches by it. vendor is who to call when nothing else helps.`,
		Params: []module.Param{{Name: "options", Kind: module.Object, Doc: "which; all if not given", Fields: selection}},
		Returns: module.Result{
			Type: "{ id: string, name: string, driver: string, on: string, address?: string, log?: string, vendor: { name?: string, contact?: string } }[]",
			Doc:  "in the order of their ids",
		},
		Examples: []string{
			`for _, d in ipairs(device.inventory()) do log(d.id .. ": " .. (d.vendor.contact or "nobody to call")) end`,
			`local states, errors = parallel(device.inventory({ on = "rack-1" }), { limit = 200, on_error = "continue" }, function(d) return device.status(d.id) end)`,
		},
		Read: func(args module.Args) (action.Read, error) {
			return inventoryRead{chosenBy(args), b.selected(args)}, nil
		},
	}
}

// selected are the devices that options choose.
func (b *binding) selected(args module.Args) []driver.Device {
	var out []driver.Device
	for _, d := range b.Inventory {
		if wants(args, "driver", d.Driver) && wants(args, "on", d.On) {
			out = append(out, d)
		}
	}
	return out
}

func wants(args module.Args, option, value string) bool {
	return args.String(option) == "" || args.String(option) == value
}

// An inventoryRead is one call of inventory.
type inventoryRead struct {
	by     []action.Arg
	chosen []driver.Device
}

func (i inventoryRead) Describe() action.Description { return ofSeveral("inventory", i.by) }

// ofSeveral describes a read of the devices that options choose.
func ofSeveral(function string, by []action.Arg) action.Description {
	return action.Description{
		Verb: system + "." + function, Target: action.Target{System: system, Kind: devices}, Identity: by, Idempotent: true,
	}
}

// chosenBy are the options that choose, as they belong to what an operation is.
func chosenBy(args module.Args) (by []action.Arg) {
	for _, p := range selection {
		if value := args.String(p.Name); value != "" {
			by = append(by, action.Arg{Name: p.Name, Value: value})
		}
	}
	return by
}

func (i inventoryRead) Read(context.Context, action.View) (any, error) {
	out := make([]any, 0, len(i.chosen))
	for _, d := range i.chosen {
		out = append(out, entry(d))
	}
	return out, nil
}

// entry is a device of the inventory as a script gets it.
func entry(d driver.Device) map[string]any {
	vendor := map[string]any{}
	out := map[string]any{"id": d.ID, "name": d.ID, "driver": d.Driver, "on": d.On, "vendor": vendor}
	for _, f := range []struct {
		of         map[string]any
		name, text string
	}{{out, "address", d.Address}, {out, "log", d.Log}, {vendor, "name", d.Vendor.Name}, {vendor, "contact", d.Vendor.Contact}} {
		if f.text != "" {
			f.of[f.name] = f.text
		}
	}
	return out
}
