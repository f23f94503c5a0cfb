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

// ofFile is an event about a file.
func (w *World) ofFile(e scenario.Event) func(time.Time) error {
	on, err := w.disks.On(cmp.Or(e.On, machine.Local))
	said, wrong := e.OfFile()
	if err := errors.Join(err, wrong); err != nil {
		return failing(err)
	}
	return func(now time.Time) error { return on.Become(e.File, *said, now) }
}

// ofDisk is an event about a disk.
func (w *World) ofDisk(e scenario.Event) func(time.Time) error {
	on, err := w.disks.On(cmp.Or(e.On, machine.Local))
	said, wrong := e.OfDisk()
	if err := errors.Join(err, wrong); err != nil {
		return failing(err)
	}
	return func(time.Time) error { return on.Fill(e.Disk, *said) }
}

// ofObject is an event about an object.
func (w *World) ofObject(e scenario.Event) func(time.Time) error {
	bucket, gone, o, err := e.OfObject()
	if err != nil {
		return failing(err)
	}
	return func(now time.Time) error {
		if gone {
			return w.objects.Remove(bucket, o.Key)
		}
		return w.objects.Put(bucket, o, now)
	}
}

// failing is what cannot happen.
func failing(err error) func(time.Time) error { return func(time.Time) error { return err } }
