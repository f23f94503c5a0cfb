// Package host is the simulated machine on which a run in a scenario runs its own commands.
//
// It has the programs that its scenario names, and runs nothing: the scenario says what comes of a command. Read next:
// engine/world/scenario for what can be said, engine/command/local for the real one, which this one is held to by the table in
// bindings/host.
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
	name         = "the simulated machine"
	bin          = "/usr/bin"
	usageFailure = 2 // how most programs say that they do not know their arguments
)

// A Machine is a simulated one.
type Machine struct {
	section *scenario.Host
	sleep   func(context.Context, time.Duration) error
}

// New makes the machine of a scenario, on which time passes by sleep.
func New(section *scenario.Host, sleep func(context.Context, time.Duration) error) *Machine {
	return &Machine{section, sleep}
}

// Machine is its name.
func (*Machine) Machine() (string, error) { return name, nil }

// Find finds the programs that the scenario names.
func (m *Machine) Find(_ context.Context, program string) (string, error) {
	switch {
	case !m.has(program):
		return "", nil
	case path.IsAbs(program):
		return program, nil
	}
	return path.Join(bin, program), nil
}

func (m *Machine) has(program string) bool {
	for _, c := range m.section.Commands {
		if c.Argv[0] == program {
			return true
		}
	}
	return false
}

// Run tells what the scenario says.
func (m *Machine) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	if !m.has(argv[0]) {
		return 0, command.Missing(argv, "the machine is simulated: if it should be there, the scenario names it in host.commands")
	}
	if ctx.Err() != nil {
		return 0, command.NotBegun(ctx, argv)
	}
	said := m.answer(argv)
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

func (m *Machine) answer(argv []string) scenario.Answer {
	for _, c := range m.section.Commands {
		if command.Answers(c.Argv, argv) {
			return c
		}
	}
	return scenario.Answer{ExitCode: usageFailure, Stderr: fmt.Sprintf(
		"the scenario does not say what this does: add it to host.commands, with argv: %s\n", action.Text(argv))}
}
