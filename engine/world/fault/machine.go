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
	"runbook/engine/files"
	"runbook/engine/world/scenario"
)

// MachineSystem is what machines are called as a system.
const MachineSystem = "host"

// The calls that machines know, in the words of a fault. Their namespace is the machine, and their name the program or the path.
const (
	runVerb, runResource   = "run", "commands"
	findVerb, findResource = "find", "programs"

	statVerb, readVerb, writeVerb = "stat", "read", "write"
	fileResource, diskResource    = "files", "disks"
)

// machineCalls are the verbs of what a machine is asked, by what they are about.
var machineCalls = map[string][]string{
	runResource:  {runVerb},
	findResource: {findVerb},
	fileResource: {statVerb, findVerb, readVerb, writeVerb, string(files.Remove), string(files.Chown), string(files.Rename)},
	diskResource: {readVerb},
}

// MachineVerbs are all verbs of what a machine is asked.
func MachineVerbs() []string {
	var out []string
	for _, verbs := range machineCalls {
		out = append(out, verbs...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// How a machine answers wrongly that is not reached. Any other status makes no sense.
const (
	unreachable = "503"
	keptOut     = "403"
)

// CheckMachine finds what no machine is asked, or would answer, in a fault that is about machines alone.
func CheckMachine(f scenario.Fault) error {
	verb, resource, _ := strings.Cut(strings.Join(strings.Fields(f.On), " "), " ")
	if resource == "*" && verb != "*" && slices.Contains(MachineVerbs(), verb) {
		resource = aboutOf(verb)
	}
	verbs, known := machineCalls[resource]
	switch {
	case verb == MachineSystem:
		resource = runResource
	case !known && slices.Contains(MachineVerbs(), verb):
		return fmt.Errorf("nothing of a machine is %q: its calls are %s", f.On, strings.Join(allCalls(), ", "))
	case !known:
		return nil
	case !slices.ContainsFunc(verbs, func(v string) bool { return like(verb, v) }):
		return fmt.Errorf("there is no call %q: of a machine's %s there are %s", f.On, resource, strings.Join(verbs, ", "))
	}
	others := []string{scenario.Timeout, scenario.Cut, scenario.Half, scenario.Slow}
	if f.Answer == unreachable || f.Answer == keptOut || slices.Contains(others, f.Answer) {
		return nil
	}
	if resource != fileResource && resource != diskResource {
		return fmt.Errorf("a machine does not answer %q: it is %s (nothing is reached), %s (nobody is let in), or one of %s",
			f.Answer, unreachable, keptOut, strings.Join(others, ", "))
	}
	switch {
	case failures[f.Answer] == nil:
		return fmt.Errorf("a file system does not answer %q: it is 403 (permission denied), 423 (in use), 500 (input/output error), 503 (the machine is not reached), "+
			"507 (no space is left), or one of %s", f.Answer, strings.Join(others, ", "))
	case f.Answer == diskFull && (resource != fileResource || !like(verb, writeVerb)):
		return fmt.Errorf("only who writes finds a disk full: on: %s %s", writeVerb, fileResource)
	}
	return nil
}

// aboutOf is what a verb of a machine is mostly about.
func aboutOf(verb string) string {
	for _, resource := range []string{fileResource, diskResource, runResource, findResource} {
		if slices.Contains(machineCalls[resource], verb) {
			return resource
		}
	}
	return ""
}

func allCalls() (out []string) {
	for _, resource := range []string{runResource, findResource, fileResource, diskResource} {
		for _, verb := range machineCalls[resource] {
			out = append(out, verb+" "+resource)
		}
	}
	return out
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
	return "", refusal(m.Name, f)
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
		return 0, refusal(m.Name, f)
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
func refusal(name string, f *scenario.Fault) error {
	e := action.Errorf(action.CodeUnavailable, "cannot reach the host %s: it does not answer", name).Again()
	if f.Answer == keptOut {
		e = action.Errorf(action.CodeForbidden, "cannot reach the host %s: it lets nobody in with the keys that you have", name)
	}
	if f.Message != "" {
		e.Message += ": " + f.Message
	}
	return e.Try("this is a fault of the scenario: on a real site, see what becomes of it by hand: ssh %s", name)
}
