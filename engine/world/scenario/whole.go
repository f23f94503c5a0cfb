package scenario

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// checkWhole finds what makes no sense once a scenario is laid over those that it extends: what names something that is nowhere, and what is
// said twice.
func (s *Scenario) checkWhole() error {
	if err := s.Host.once("host"); err != nil {
		return s.wrong(err)
	}
	for _, name := range slices.Sorted(maps.Keys(s.Hosts)) {
		h := s.Hosts[name]
		if err := h.once("hosts." + name); err != nil {
			return s.wrong(err)
		}
		if h.Pod == "" && h.Namespace+h.Container != "" {
			return s.wrong(fmt.Errorf("hosts.%s has a namespace or a container, which only a pod has: say which (pod)", name))
		}
	}
	for _, e := range s.Timeline {
		if err := s.Knows(e); err != nil {
			return action.Errorf(action.CodeInvalid, "%s: %w", e.Where, err)
		}
	}
	for _, f := range s.Faults {
		if err := s.reached(f); err != nil {
			return action.Errorf(action.CodeInvalid, "%s: %w", f.Where, err)
		}
	}
	return nil
}

func (s *Scenario) wrong(err error) error {
	return action.Errorf(action.CodeInvalid, "the scenario %s: %w", cmp.Or(s.Path, s.Name), err)
}

// once refuses to say twice how full the disks of a machine are: what df prints, and what there is. One of both would be wrong.
func (h Host) once(where string) error {
	if len(h.Disks) > 0 && h.Prints("df") {
		return fmt.Errorf("%s has disks, from which df answers, and says in %s.commands what df prints: leave out one of both", where, where)
	}
	return nil
}

// Machines are the names of all machines.
func (s *Scenario) Machines() []string {
	all := map[string]bool{machine.Local: true}
	for name := range s.Hosts {
		all[name] = true
	}
	for _, d := range s.Inventory() {
		all[d.On] = true
	}
	return slices.Sorted(maps.Keys(all))
}

// Knows finds out whether there is what an event is about, as far as the scenario names such things.
func (s *Scenario) Knows(e Event) error {
	if e.Fault != nil {
		return s.reached(*e.Fault)
	}
	if on := cmp.Or(e.On, machine.Local); !slices.Contains(s.Machines(), on) {
		return fmt.Errorf("there is no host %q%s", on, module.Suggest(on, s.Machines()))
	}
	bucket, _, _ := strings.Cut(e.Object, "/")
	if _, known := s.S3.Buckets[bucket]; e.Object != "" && !known {
		return fmt.Errorf("there is no bucket %q%s", bucket, module.Suggest(bucket, slices.Sorted(maps.Keys(s.S3.Buckets))))
	}
	disks := s.on(e.On).Disks
	if _, known := disks[e.Disk]; e.Disk != "" && !known {
		return fmt.Errorf("%s has no disk at %q%s", cmp.Or(e.On, machine.Local), e.Disk, module.Suggest(e.Disk, slices.Sorted(maps.Keys(disks))))
	}
	if _, known := s.Devices[e.Device]; e.Device != "" && !known {
		return fmt.Errorf("there is no device %q%s", e.Device, module.Suggest(e.Device, slices.Sorted(maps.Keys(s.Devices))))
	}
	return nil
}

func (s *Scenario) on(name string) Host {
	if name == "" || name == machine.Local {
		return s.Host
	}
	return s.Hosts[name]
}

// reached finds out whether there is the machine that a fault is about: else nothing would go wrong, and nobody would know.
func (s *Scenario) reached(f Fault) error {
	words := strings.Fields(f.On)
	about := words[len(words)-1]
	if f.Namespace == "" || !slices.Contains(onMachines, about) || slices.Contains(s.Machines(), f.Namespace) {
		return nil
	}
	return fmt.Errorf("there is no host %q%s", f.Namespace, module.Suggest(f.Namespace, s.Machines()))
}

// onMachines are the calls of a fault that machines are asked, by what they are about.
var onMachines = []string{"host", "commands", "programs", "files", "disks"}

// mark notes where the files of a machine are said.
func (h Host) mark(f file, at ...any) {
	for i := range h.Files {
		h.Files[i].Where = f.line(slices.Concat(at, []any{"files", i})...) + ": "
	}
}
