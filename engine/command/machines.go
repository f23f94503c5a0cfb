package command

import (
	"maps"
	"slices"

	"runbook/engine/action"
	"runbook/engine/module"
)

// Localhost is the name of the machine on which runbook itself runs, wherever that is.
const Localhost = "localhost"

// Machines are those of a site: the one on which runbook runs, and those that its site file names.
type Machines struct {
	Local Runner
	Hosts map[string]Runner // by name; how each is reached is its Runner's business
}

// On is the machine of a name: "" and Localhost are the one on which runbook runs.
func (m Machines) On(name string) (Runner, error) {
	if name == "" || name == Localhost {
		return m.Local, nil
	}
	if runner, known := m.Hosts[name]; known {
		return runner, nil
	}
	return nil, action.Errorf(action.CodeInvalid, "the site has no host %q%s", name, module.Suggest(name, m.Names())).
		Try("name it in the section hosts of the site file, with how it is reached")
}

// Names are those of all machines, in order, the one on which runbook runs first.
func (m Machines) Names() []string {
	return append([]string{Localhost}, slices.Sorted(maps.Keys(m.Hosts))...)
}

// Each are the same machines, each behind something else.
func (m Machines) Each(behind func(Runner) Runner) Machines {
	out := Machines{Local: behind(m.Local), Hosts: make(map[string]Runner, len(m.Hosts))}
	for name, runner := range m.Hosts {
		out.Hosts[name] = behind(runner)
	}
	return out
}
