// Package machine names the machines of a site: the one on which runbook itself runs, and those that its site file names.
//
// It knows nothing of what is done on them: a set is of whatever there is one of for each machine, such as what runs commands
// (engine/command) or has files (engine/files). Read next: engine/site for how hosts are named.
package machine

import (
	"maps"
	"slices"

	"runbook/engine/action"
	"runbook/engine/module"
)

// Local is the name of the machine on which runbook itself runs, wherever that is.
const Local = "localhost"

// A Set has one T for each machine of a site.
type Set[T any] struct {
	Local T            // for the machine on which runbook runs
	Hosts map[string]T // for the others, by name
}

// On is what there is for the machine of a name: "" and Local are the one on which runbook runs.
func (s Set[T]) On(name string) (T, error) {
	if name == "" || name == Local {
		return s.Local, nil
	}
	if one, known := s.Hosts[name]; known {
		return one, nil
	}
	var none T
	return none, action.Errorf(action.CodeInvalid, "the site has no host %q%s", name, module.Suggest(name, s.Names())).
		Try("name it in the section hosts of the site file, with how it is reached")
}

// Names are those of all machines, in order, the one on which runbook runs first.
func (s Set[T]) Names() []string {
	return append([]string{Local}, slices.Sorted(maps.Keys(s.Hosts))...)
}

// Each is a set made of another one, machine by machine.
func Each[T, U any](s Set[T], made func(T) U) Set[U] {
	out := Set[U]{Local: made(s.Local), Hosts: make(map[string]U, len(s.Hosts))}
	for name, one := range s.Hosts {
		out.Hosts[name] = made(one)
	}
	return out
}
