// Package host is the simulated machines on which a run in a scenario runs commands: its own, and others.
//
// It has the programs that its scenario names, and runs nothing: the scenario says what comes of a command. The few programs that tell of
// disks and files answer from those that the machine has (program.go), so that they never contradict what is read without them. Read next:
// engine/world/scenario for what can be said, engine/command/local for the real one, which this one is held to by the table in
// bindings/host; files.go for the files, become.go for what happens to them.
package host

import (
	"context"
	"fmt"
	"io"
	"path"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/world/scenario"
)

// The places and answers of a simulated machine.
const (
	// Local is the name of the machine on which the run itself runs.
	Local        = "the simulated machine"
	bin          = "/usr/bin"
	usageFailure = 2 // how most programs say that they do not know their arguments
)

// A Machine is a simulated one.
type Machine struct {
	name    string
	section scenario.Host
	files   *Files
	sleep   func(context.Context, time.Duration) error
}

// New makes a machine of a scenario, with its files, on which time passes by sleep.
func New(f *Files, sleep func(context.Context, time.Duration) error) *Machine {
	return &Machine{f.name, f.section, f, sleep}
}

// Machine is its name.
func (m *Machine) Machine(context.Context) (string, error) { return m.name, nil }

// Find finds the programs that the scenario names.
func (m *Machine) Find(_ context.Context, program string) (string, error) {
	switch {
	case !m.section.Prints(program) && !m.files.offers(program):
		return "", nil
	case path.IsAbs(program):
		return program, nil
	}
	return path.Join(bin, program), nil
}

// placeOf is where the scenario says what a machine has.
func placeOf(name string) string {
	if name == Local {
		return "host"
	}
	return "hosts." + name
}

// called is its name for people.
func (m *Machine) called() string {
	if m.name == Local {
		return command.Here
	}
	return m.name
}

// commands is where the scenario says what the machine runs.
func (m *Machine) commands() string { return placeOf(m.name) + ".commands" }

// Run tells what the scenario says.
func (m *Machine) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	offered := m.files.offers(argv[0])
	if !m.section.Prints(argv[0]) && !offered {
		return 0, command.Missing(argv, m.called(), "the machine is simulated: if it should be there, the scenario names it in %s", m.commands())
	}
	if ctx.Err() != nil {
		return 0, command.NotBegun(ctx, argv)
	}
	said := m.answer(argv, offered)
	if said.Takes > 0 && m.sleep(ctx, said.Takes) != nil {
		return 0, &command.Cut{Cause: context.Cause(ctx)}
	}
	for _, s := range []struct {
		to   io.Writer
		text string
	}{{streams.Stdout, said.Stdout}, {streams.Stderr, said.Stderr}} {
		if _, err := io.WriteString(s.to, s.text); err != nil {
			return 0, err
		}
	}
	return said.ExitCode, nil
}

func (m *Machine) answer(argv []string, offered bool) scenario.Answer {
	for _, c := range m.section.Commands {
		if command.Answers(c.Argv, argv) {
			return c
		}
	}
	if offered {
		return m.files.run(argv)
	}
	return scenario.Answer{ExitCode: usageFailure, Stderr: fmt.Sprintf(
		"the scenario does not say what this does: add it to %s, with argv: %s\n", m.commands(), action.Text(argv))}
}
