package main

import (
	"slices"

	"runbook/bindings/host"
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/wall"
)

// hostModule is the host module of a run at a venue, on its machines.
func hostModule(at venue, on machine.Set[command.Runner], r *redact.Redactor) *module.Module {
	return host.New(host.Config{Machines: on, Commands: lookingOnMachines(at), Own: at.hostReads(), Needs: at.hostNeeds(), Secrets: r})
}

// machinesOf are the machines of a venue. The second wall is nil in a real run.
func machinesOf(at venue, w ways, second *wall.Wall) machine.Set[command.Runner] {
	machines := at.machines(w)
	if second == nil {
		return machines
	}
	out := machine.Set[command.Runner]{Local: second.Guard(machines.Local), Hosts: map[string]command.Runner{}}
	own := at.hostReads()
	for name, one := range machines.Hosts {
		out.Hosts[name] = second.GuardLetting(one, own[name])
	}
	return out
}

// lookingOnMachines are the commands that only look, on every machine of a venue.
func lookingOnMachines(at venue) action.Commands { return slices.Concat(at.reads(), host.Reads) }
