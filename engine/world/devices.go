package world

import (
	"runbook/engine/command"
	"runbook/engine/machine"
	"runbook/engine/world/device"
	"runbook/engine/world/host"
)

// Devices are those of the site.
func (w *World) Devices() *device.Rack { return w.rack }

// runner is a machine with the tools of the devices that are on it.
func (w *World) runner(name string, f *host.Files) command.Runner {
	said := w.scenario.Hosts[name].Commands
	if name == machine.Local {
		said = w.scenario.Host.Commands
	}
	return w.rack.On(name, host.New(f, sleeper{w}.Sleep), said)
}
