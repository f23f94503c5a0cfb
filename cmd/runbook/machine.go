package main

import (
	"slices"

	"runbook/bindings/host"
	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/wall"
)

// machineModule is the host module of a run at a venue. The second wall is nil in a real run.
func machineModule(at venue, second *wall.Wall, r *redact.Redactor) *module.Module {
	runner := at.machine()
	if second != nil {
		runner = second.Guard(runner)
	}
	return host.New(host.Config{Runner: runner, Commands: lookingOnMachine(at), Secrets: r})
}

// lookingOnMachine are the commands that only look on the machine on which the run runs.
func lookingOnMachine(at venue) action.Commands { return slices.Concat(at.reads(), host.Reads) }
