package main

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/adrg/xdg"

	"runbook/bindings/device"
	"runbook/devices"
	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/drivers"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/site"
	simulated "runbook/engine/world/device"
	"runbook/stdlib"
)

// driversFolder is the folder of drivers in every place of theirs.
const driversFolder = "devices"

// driverShelves are where drivers are found, the nearest last: as runbooks are.
func driverShelves() *drivers.Shelf { return shelfOf(driverPlaces()) }

func shelfOf(places catalog.Catalog) *drivers.Shelf { return drivers.New(places, stdlib.Files) }

func driverPlaces() catalog.Catalog {
	places := catalog.Catalog{{Origin: catalog.Shipped, Path: driversFolder, Files: devices.Files}}
	for i := len(xdg.DataDirs) - 1; i >= 0; i-- {
		places = append(places, catalog.Dir("system", filepath.Join(xdg.DataDirs[i], "runbook", driversFolder)))
	}
	places = append(places, catalog.Dir("user", filepath.Join(xdg.DataHome, "runbook", driversFolder)))
	return append(places, catalog.Dir("project", driversFolder))
}

// A fleet is which devices a venue has, and how they are reached.
type fleet struct {
	inventory []driver.Device
	drivers   *drivers.Shelf
	here      device.Pinger // from the machine on which runbook runs
	// knocker is another way to try an address from a host than to run a command there; nil where there is none.
	knocker func(host string) command.Knocker
	atOnce  int
}

// driver finds drivers. Those of the inventory are loaded before: a run has them while it lasts, whatever becomes of their files.
func (f fleet) driver(ctx context.Context) func(name string) (driver.Driver, error) {
	type loaded struct {
		driver driver.Driver
		err    error
	}
	all := map[string]loaded{}
	for i := range f.inventory {
		name := f.inventory[i].Driver
		if _, known := all[name]; !known {
			d, err := f.drivers.Load(ctx, name)
			all[name] = loaded{d, err}
		}
	}
	return func(name string) (driver.Driver, error) { return all[name].driver, all[name].err }
}

// deviceModule is the device module of a run at a venue, on its machines.
func deviceModule(ctx context.Context, at systems, on machine.Set[command.Runner], r *redact.Redactor) *module.Module {
	f := at.devices()
	return device.New(device.Config{
		Inventory: f.inventory, Driver: f.driver(ctx), Machines: on, Needs: at.commands().needs, AtOnce: f.atOnce, Secrets: r,
		Pingers: device.From(on, f.here, f.knocker, r),
	})
}

// lookingAtDevices are the commands of a venue's drivers that only look, by the machine on which they are.
func lookingAtDevices(ctx context.Context, at systems) map[string]action.Commands {
	f := at.devices()
	return device.Reads(f.inventory, f.driver(ctx))
}

// devices are the inventory of the site file.
func (l liveSite) devices() fleet {
	return fleet{inventory: site.Inventory(l.file.Devices), drivers: l.drivers, here: device.Network{}, knocker: l.hosts.knocker}
}

// simulatedDrivers are loaded once for all simulated sites of the process: tests open many.
var simulatedDrivers = sync.OnceValue(driverShelves)

// devices are those of the scenario, whose world is open by the time that one is pinged.
func (s *simulatedSite) devices() fleet {
	return fleet{inventory: s.scenario.Inventory(), drivers: simulatedDrivers(), here: simulatedNetwork{s}, knocker: noKnocker, atOnce: 1}
}

// simulatedNetwork is that of a scenario. Only devices have addresses in it.
type simulatedNetwork struct{ site *simulatedSite }

// noKnocker is for where every host has a ping.
func noKnocker(string) command.Knocker { return nil }

// Command is none.
func (simulatedNetwork) Command(string, device.Query) []string { return nil }

// Ping asks the world.
func (n simulatedNetwork) Ping(_ context.Context, address string, q device.Query) (device.Echo, error) {
	answers, known := n.site.world.Devices().Answers(address)
	if !known {
		return device.Echo{}, fmt.Errorf("the scenario has no device at %s", address)
	}
	echo := device.Echo{Method: device.ICMP, Sent: q.Count}
	if answers {
		echo.Received, echo.Least, echo.Mean, echo.Most = q.Count, simulated.RoundTrip, simulated.RoundTrip, simulated.RoundTrip
	}
	return echo, nil
}

// simulatedFile is how the tools of a driver answer in a simulated site: a file beside the driver.
const simulatedFile = "simulated.yaml"

// toolOf finds how the tools of a driver answer.
func toolOf(name string) (text []byte, where string, err error) {
	return simulatedDrivers().Beside(name, simulatedFile)
}
