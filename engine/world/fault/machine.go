package fault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/world/scenario"
)

// MachineSystem is what machines are called as a system.
const MachineSystem = "host"

// The calls that machines know, in the words of a fault. Their namespace is the machine, and their name the program.
const (
	runVerb, runResource   = "run", "commands"
	findVerb, findResource = "find", "programs"
)

// How a machine answers wrongly that is not reached. Any other status makes no sense.
const (
	unreachable = "503"
	keptOut     = "403"
)

// CheckMachine finds what no machine would answer, in a fault that is about machines alone.
func CheckMachine(f scenario.Fault) error {
	verb, _, _ := strings.Cut(f.On, " ")
	if verb != MachineSystem && verb != runVerb && verb != findVerb {
		return nil
	}
	known := []string{unreachable, keptOut, scenario.Timeout, scenario.Cut, scenario.Half, scenario.Slow}
	if slices.Contains(known, f.Answer) {
		return nil
	}
	return fmt.Errorf("a machine does not answer %q: it is %s (nothing is reached), %s (nobody is let in), or one of %s",
		f.Answer, unreachable, keptOut, strings.Join(known[2:], ", "))
}

// A Machine is one behind the faults of its world.
type Machine struct {
	Name  string         // as a runbook knows it
	Next  command.Runner // what it is when all goes well
	Armed func() *Faults // at the present time
}

// Machine is its name.
func (m Machine) Machine(ctx context.Context) (string, error) { return m.Next.Machine(ctx) }

// Find finds a program, unless a fault is met.
func (m Machine) Find(ctx context.Context, program string) (string, error) {
	faults := m.Armed()
	f := faults.next(Call{System: MachineSystem, Verb: findVerb, Resource: findResource, Namespace: m.Name, Name: program})
	if f == nil {
		return m.Next.Find(ctx, program)
	}
	if f.Answer == scenario.Slow {
		if faults.clock.Sleep(ctx, f.Takes) != nil {
			return "", command.NotBegun(ctx, []string{program})
		}
		return m.Next.Find(ctx, program)
	}
	return "", m.refusal(f)
}

// Run runs a command, unless a fault is met.
func (m Machine) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	faults := m.Armed()
	f := faults.next(Call{System: MachineSystem, Verb: runVerb, Resource: runResource, Namespace: m.Name, Name: argv[0]})
	if f == nil {
		return m.Next.Run(ctx, argv, streams)
	}
	switch f.Answer {
	case scenario.Slow:
		if faults.clock.Sleep(ctx, f.Takes) != nil {
			return 0, &command.Cut{Cause: context.Cause(ctx)}
		}
		return m.Next.Run(ctx, argv, streams)
	case scenario.Half:
		return 0, m.half(ctx, argv, streams)
	case scenario.Timeout, scenario.Cut:
		m.perform(ctx, f, argv, streams)
	default:
		return 0, m.refusal(f)
	}
	if f.Answer == scenario.Timeout && faults.clock.Sleep(ctx, hung) != nil {
		return 0, &command.Cut{Cause: context.Cause(ctx)}
	}
	return 0, &command.Lost{Cause: errLost}
}

// hung is how long a command hangs that nobody ends: until something else does, such as who restarts the machine.
const hung = 24 * time.Hour

var errLost = errors.New("the connection was lost")

// perform has the command do its work, if the fault says that only the answer goes wrong.
func (m Machine) perform(ctx context.Context, f *scenario.Fault, argv []string, streams command.Streams) {
	if f.Done {
		// What comes of it nobody hears.
		_, _ = m.Next.Run(context.WithoutCancel(ctx), argv, command.Streams{Stdin: streams.Stdin, Stdout: io.Discard, Stderr: io.Discard})
	}
}

// half is a command of which the first half of what it prints arrives.
func (m Machine) half(ctx context.Context, argv []string, streams command.Streams) error {
	var out bytes.Buffer
	if _, err := m.Next.Run(ctx, argv, command.Streams{Stdin: streams.Stdin, Stdout: &out, Stderr: streams.Stderr}); err != nil {
		return err
	}
	_, _ = streams.Stdout.Write(out.Bytes()[:out.Len()/2])
	return &command.Lost{Cause: errLost}
}

// refusal is the error of a machine that is not reached, in the words of ssh's.
func (m Machine) refusal(f *scenario.Fault) error {
	e := action.Errorf(action.CodeUnavailable, "cannot reach the host %s: it does not answer", m.Name).Again()
	if f.Answer == keptOut {
		e = action.Errorf(action.CodeForbidden, "cannot reach the host %s: it lets nobody in with the keys that you have", m.Name)
	}
	if f.Message != "" {
		e.Message += ": " + f.Message
	}
	return e.Try("this is a fault of the scenario: on a real site, see what becomes of it by hand: ssh %s", m.Name)
}
