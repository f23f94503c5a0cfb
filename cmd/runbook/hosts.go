package main

import (
	"context"
	"slices"

	"runbook/bindings/device"
	"runbook/bindings/host"
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/files/local"
	"runbook/engine/files/remote"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/wall"
)

// hostModule is the host module of a run at a venue, on its machines and their disks. own are the commands that only look on one of them.
func hostModule(at systems, on machine.Set[command.Runner], disks machine.Set[files.System], own map[string]action.Commands, r *redact.Redactor) *module.Module {
	return host.New(host.Config{Machines: on, Files: disks, Commands: lookingOnMachines(at), Own: own, Needs: at.commands().needs, Secrets: r})
}

// machinesOf are the machines of a venue. The second wall is nil in a real run.
func machinesOf(at systems, w ways, own map[string]action.Commands, second *wall.Wall) machine.Set[command.Runner] {
	machines := at.machines(w)
	if second == nil {
		return machines
	}
	out := machine.Set[command.Runner]{Local: second.GuardLetting(machines.Local, own[machine.Local]), Hosts: map[string]command.Runner{}}
	for name, one := range machines.Hosts {
		out.Hosts[name] = second.GuardLetting(one, own[name])
	}
	return out
}

// disksOf are the files of a venue's machines, which run commands so. The second wall is nil in a real run.
func disksOf(at systems, on machine.Set[command.Runner], second *wall.Wall) machine.Set[files.System] {
	disks := at.files(on)
	if second == nil {
		return disks
	}
	return machine.Each(disks, second.GuardFiles)
}

// lookingOnEach are the commands that only look on one of the machines of a venue, by its name: those that are declared for it, and those of
// the drivers of the devices that are on it.
func lookingOnEach(ctx context.Context, at systems) map[string]action.Commands {
	out := lookingAtDevices(ctx, at)
	for name, reads := range at.commands().own {
		out[name] = slices.Concat(reads, out[name])
	}
	return out
}

// lookingOnMachines are the commands that only look, on every machine of a venue.
func lookingOnMachines(at systems) action.Commands {
	return slices.Concat(at.commands().reads, host.Reads, remote.Reads, device.Pings)
}

// filesOver are the files of machines that run commands so. Those of the one on which runbook itself runs need no commands.
func filesOver(runners machine.Set[command.Runner]) machine.Set[files.System] {
	out := machine.Each(runners, func(r command.Runner) files.System { return remote.New(r) })
	out.Local = local.New()
	return out
}
