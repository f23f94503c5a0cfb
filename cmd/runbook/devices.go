package main

import (
	"context"
	"path/filepath"

	"github.com/adrg/xdg"

	"runbook/bindings/device"
	"runbook/devices"
	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/driver"
	"runbook/engine/drivers"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/wall"
	"runbook/stdlib"
)

// driversFolder is the folder of drivers in every place of theirs.
const driversFolder = "devices"

// driverShelves are where drivers are found, the nearest last: as runbooks are.
func driverShelves() *drivers.Shelf {
	places := catalog.Catalog{{Origin: "shipped", Path: driversFolder, Files: devices.Files}}
	for i := len(xdg.DataDirs) - 1; i >= 0; i-- {
		places = append(places, catalog.Dir("system", filepath.Join(xdg.DataDirs[i], "runbook", driversFolder)))
	}
	places = append(places, catalog.Dir("user", filepath.Join(xdg.DataHome, "runbook", driversFolder)))
	return drivers.New(append(places, catalog.Dir("project", driversFolder)), stdlib.Files)
}

// A fleet is which devices a venue has, and how they are reached.
type fleet struct {
	inventory []driver.Device
	drivers   *drivers.Shelf
	pinger    device.Pinger
	atOnce    int
}

// deviceModule is the device module of a run at a venue. The second wall is nil in a real run.
func deviceModule(at venue, second *wall.Wall, r *redact.Redactor) *module.Module {
	machines, f := at.machines(), at.devices()
	if second != nil {
		machines = machine.Each(machines, second.Guard)
	}
	return device.New(device.Config{
		Inventory: f.inventory, Driver: f.drivers.Load, Machines: machines, Pinger: f.pinger, AtOnce: f.atOnce, Secrets: r,
	})
}

// lookingAtDevices are the commands of a venue's drivers that only look.
func lookingAtDevices(ctx context.Context, at venue) action.Commands {
	f := at.devices()
	return device.Reads(ctx, f.inventory, f.drivers.Load)
}
