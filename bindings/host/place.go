package host

import (
	"cmp"

	"runbook/engine/command"
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

// place is where the option says.
func (b *binding) place(args module.Args) (place, error) {
	name := args.String(onParam.Name)
	runner, err := b.Machines.On(name)
	return place{cmp.Or(name, machine.Local), runner}, err
}
