package world

import (
	"runbook/engine/command"
	"runbook/engine/machine"
	"runbook/engine/world/device"
	"runbook/engine/world/host"
	"runbook/engine/world/scenario"
)

// Devices are those of the site.
func (w *World) Devices() *device.Rack { return w.rack }

// withTools are the machines with the tools of the devices that are on them. A host that only a device names is there too.
func (w *World) withTools(machines machine.Set[command.Runner]) machine.Set[command.Runner] {
	for _, name := range w.rack.Hosts() {
		if name == machine.Local {
			machines.Local = w.rack.On(name, machines.Local, w.scenario.Host.Commands)
			continue
		}
		next := machines.Hosts[name]
		if next == nil {
			next = host.New(name, scenario.Host{}, sleeper{w}.Sleep)
		}
		machines.Hosts[name] = w.rack.On(name, next, w.scenario.Hosts[name].Commands)
	}
	return machines
}
