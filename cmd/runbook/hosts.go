package main

import (
	"slices"

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

// hostModule is the host module of a run at a venue. The second wall is nil in a real run.
func hostModule(at venue, second *wall.Wall, r *redact.Redactor) *module.Module {
	machines := at.machines()
	if second != nil {
		machines = machine.Each(machines, second.Guard)
	}
	disks := at.files(machines)
	if second != nil {
		disks = machine.Each(disks, second.GuardFiles)
	}
	return host.New(host.Config{Machines: machines, Files: disks, Commands: lookingOnMachines(at), Secrets: r})
}

// lookingOnMachines are the commands that only look, on the machines of a venue.
func lookingOnMachines(at venue) action.Commands {
	return slices.Concat(at.reads(), host.Reads, remote.Reads)
}

// filesOver are the files of machines that run commands so. Those of the one on which runbook itself runs need no commands.
func filesOver(runners machine.Set[command.Runner]) machine.Set[files.System] {
	out := machine.Each(runners, func(r command.Runner) files.System { return remote.New(r) })
	out.Local = local.New()
	return out
}
