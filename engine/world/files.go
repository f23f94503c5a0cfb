package world

import (
	"errors"
	"fmt"
	"time"

	"runbook/engine/files"
	"runbook/engine/machine"
	"runbook/engine/world/host"
	"runbook/engine/world/scenario"
)

// newDisks makes the files of all machines of a scenario. They are filled when the world is rewound.
func newDisks(s *scenario.Scenario, now func() time.Time) machine.Set[*host.Files] {
	out := machine.Set[*host.Files]{Local: host.NewFiles(host.Local, s.Host, now), Hosts: map[string]*host.Files{}}
	for name, section := range s.Hosts {
		out.Hosts[name] = host.NewFiles(name, section, now)
	}
	return out
}

// Files are those of the machines of this world.
func (w *World) Files() machine.Set[files.System] {
	return machine.Each(w.disks, func(f *host.Files) files.System { return f })
}

// rewindDisks makes all files what they are when the scenario starts.
func (w *World) rewindDisks(starts time.Time) error {
	var errs []error
	for _, name := range w.disks.Names() {
		one, err := w.disks.On(name)
		if err == nil {
			err = one.Rewind(starts)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("the scenario %s: on %s: %w", w.scenario.Name, name, err))
		}
	}
	return errors.Join(errs...)
}
