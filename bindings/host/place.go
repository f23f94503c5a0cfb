package host

import (
	"cmp"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/files/intended"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// onParam is the option that names a machine.
var onParam = module.Param{Name: "on", Kind: module.String, Doc: `the host's name in the site file; the machine on which runbook itself runs if not given`}

// A place is a machine, and what it is called.
type place struct {
	name   string
	runner command.Runner
}

// A shelf is the files of a machine, and what it is called.
type shelf struct {
	name  string
	files files.System
	needs []action.Permission // to reach it
}

// shelf is where the option says.
func (b *binding) shelf(args module.Args) (shelf, error) {
	name := args.String(onParam.Name)
	system, err := b.Files.On(name)
	return shelf{cmp.Or(name, machine.Local), system, b.Needs[name]}, err
}

// as is the shelf as a run intends it to be.
func (s shelf) as(view action.View) *intended.Files { return intended.Over(s.files, view, s.name) }

// target is a file, or the root of several.
func (s shelf) target(path string) action.Target {
	return action.Target{System: system, Kind: filesKind, Scope: s.name, Name: files.Spell(path)}
}

// place is where the option says.
func (b *binding) place(args module.Args) (place, error) {
	name := args.String(onParam.Name)
	runner, err := b.Machines.On(name)
	return place{cmp.Or(name, machine.Local), runner}, err
}
