package main

import (
	"context"
	"slices"

	"runbook/bindings/host"
	"runbook/engine/action"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/wall"
)

// hostModule is the host module of a run at a venue. The second wall is nil in a real run.
func hostModule(ctx context.Context, at venue, second *wall.Wall, r *redact.Redactor) *module.Module {
	machines := at.machines()
	if second != nil {
		machines = machine.Each(machines, second.Guard)
	}
	return host.New(host.Config{Machines: machines, Commands: lookingOnMachines(ctx, at), Secrets: r})
}

// lookingOnMachines are the commands that only look, on the machines of a venue.
func lookingOnMachines(ctx context.Context, at venue) action.Commands {
	return slices.Concat(at.reads(), host.Reads, lookingAtDevices(ctx, at))
}
