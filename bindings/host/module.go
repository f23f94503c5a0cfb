// Package host offers machines to Lua: what is done on the one on which runbook itself runs, and on those that the site file names.
//
// It never runs a command by itself, and touches no file: a function builds an operation (engine/action), the gate decides, and a
// command.Runner or a files.System carries it out, which is a real machine, a simulated one, or one behind the wall of a dry run. It knows
// no shell, and no mode. A command is an action unless it is declared to only look. Files are looked at through what the run intends
// (engine/files/intended).
//
// Read next: run.go, then engine/command/local for how a command is run, and how it ends; find.go and remove.go, then engine/files.
package host

import (
	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// What targets are called.
const (
	system   = "host"
	commands = "commands"
	programs = "programs"

	filesKind = "files" // and folders
)

// Config says which machines, and what is known about their commands.
type Config struct {
	Machines machine.Set[command.Runner]
	Files    machine.Set[files.System]
	Commands action.Commands            // that only look
	Own      map[string]action.Commands // that only look on one of the hosts, by its name
	// Needs are the rights in another system that running a command on a host takes, by the host's name: a pod's, in its cluster.
	Needs   map[string][]action.Permission
	Secrets module.Secrets // kept out of what is shown; nil for nobody who does that
}

// looks tells whether a command only looks, on that machine.
func (b *binding) looks(on string, argv []string) bool {
	return b.Commands.Match(argv) || b.Own[on].Match(argv)
}

// A binding is the module of a site's machines.
type binding struct{ Config }

// New makes the module. It runs nothing.
func New(cfg Config) *module.Module {
	if cfg.Secrets == nil {
		cfg.Secrets = module.Openly{}
	}
	b := &binding{cfg}
	return &module.Module{
		Name: "host",
		Doc: `Machines: the one on which runbook itself runs, and the hosts that the site file names.

A command is a list of words, never a shell string: there are no pipes, no variables and no patterns of file names. Paths of files are
absolute, with slashes; a byte of a name that is no text is written \\xff. Below a root no symbolic link is followed. In a scenario
machines are simulated too, and nothing is run or changed on a real one.`,
		Funcs: []module.Func{
			b.runFunc(),
			b.whichFunc(),
			b.diskFunc(),
			b.usageFunc(),
			b.findFunc(),
			b.statFunc(),
			b.readFunc(),
			b.tailFunc(),
			b.awaitLineFunc(),
			b.yamlFunc(),
			b.jsonFunc(),
			b.removeFunc(),
			b.chownFunc(),
			b.renameFunc(),
		},
	}
}
