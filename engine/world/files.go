package world

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"runbook/engine/files"
	"runbook/engine/machine"
	"runbook/engine/world/fault"
	"runbook/engine/world/host"
	"runbook/engine/world/scenario"
)

// newDisks makes the files of all machines of a scenario. They are filled when the world is rewound.
func newDisks(s *scenario.Scenario, now func() time.Time) machine.Set[*host.Files] {
	out := machine.Set[*host.Files]{Local: host.NewFiles(host.Local, s.Host, now), Hosts: map[string]*host.Files{}}
	for _, name := range s.Machines() {
		if name != machine.Local {
			out.Hosts[name] = host.NewFiles(name, s.Hosts[name], now)
		}
	}
	return out
}

// Files are those of the machines of this world.
func (w *World) Files() machine.Set[files.System] {
	out := machine.Set[files.System]{Local: w.filesOf(machine.Local, w.disks.Local), Hosts: map[string]files.System{}}
	for name, f := range w.disks.Hosts {
		out.Hosts[name] = w.filesOf(name, f)
	}
	return out
}

func (w *World) filesOf(name string, f *host.Files) files.System {
	return fault.Files{Name: name, Next: f, Armed: w.armed}
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

// Log adds to a file of a machine: what is on it logs something.
func (w logs) Log(name, file, text string, at time.Time) error {
	on, err := w.disks.On(name)
	if err != nil {
		return err
	}
	return on.Log(file, text, at)
}

// logs are the files of all machines, for what writes to them.
type logs struct{ disks machine.Set[*host.Files] }

// becomeOf is an event about a file or a disk, at a time.
func (w *World) becomeOf(e scenario.Event, now time.Time) error {
	on, err := w.disks.On(cmp.Or(e.On, machine.Local))
	if err != nil {
		return err
	}
	if e.Disk != "" {
		said, err := e.OfDisk()
		if err != nil {
			return err
		}
		return on.Fill(e.Disk, *said)
	}
	said, err := e.OfFile()
	if err != nil {
		return err
	}
	return on.Become(e.File, *said, now)
}

// stored is an event about an object, at a time.
func (w *World) stored(e scenario.Event, now time.Time) error {
	bucket, gone, o, err := e.OfObject()
	switch {
	case err != nil:
		return err
	case gone:
		return w.objects.Remove(bucket, o.Key)
	}
	return w.objects.Put(bucket, o, now)
}
