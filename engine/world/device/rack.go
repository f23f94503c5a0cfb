// Package device is the devices of a simulated site, and the tools of their vendors.
//
// It knows no vendor: what a tool prints is data beside the driver (simulated.yaml), what a device does on a reset stands in the scenario.
// A device has no time of its own; a reset has ended when the clock of the world says so, for whoever looks. Read next: tool.go for how a
// tool answers, state.go for what becomes of a device, engine/world/scenario/device.go for what can be said of one.
package device

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"sync"
	"time"

	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/world/scenario"
)

// A Clock is the time of the world.
type Clock interface {
	// Now is the time, at which everything has happened that was to happen by then.
	Now() time.Time
	Sleep(ctx context.Context, d time.Duration) error
}

// Logs are where devices write what they log: in files of the machines that they are on.
type Logs interface {
	// Log adds to a file of a machine, at a time, which stands where the text says {time}. The file is made if it is not there.
	Log(machine, file, text string, at time.Time) error
}

// Rack are all devices of a world.
type Rack struct {
	scenario *scenario.Scenario
	clock    Clock
	logs     Logs

	mu      sync.Mutex
	devices []*device // in the order of their names
}

// New are the devices of a scenario, in a world with that clock. They are there once they have begun.
func New(s *scenario.Scenario, clock Clock, logs Logs) *Rack {
	return &Rack{scenario: s, clock: clock, logs: logs}
}

// Begin takes the devices to the moment at which their scenario begins.
func (r *Rack) Begin(now time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.devices = nil
	for _, d := range r.scenario.Inventory() {
		begun, err := r.newDevice(d, r.scenario.Devices[d.ID], now)
		if err != nil {
			return fmt.Errorf("the device %s: %w", d.ID, err)
		}
		r.devices = append(r.devices, begun)
	}
	return nil
}

// Advance ends the resets whose time has come.
func (r *Rack) Advance(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.devices {
		d.settle(now)
	}
}

// Hosts are the machines on which tools are.
func (r *Rack) Hosts() []string {
	known := map[string]bool{}
	for _, d := range r.scenario.Inventory() {
		known[d.On] = true
	}
	return slices.Sorted(maps.Keys(known))
}

// On is a machine with the tools of the devices that are on it, and a ping where devices have addresses. What its scenario says outright of
// a command comes first.
func (r *Rack) On(name string, next command.Runner, said []scenario.Answer) command.Runner {
	if !slices.Contains(r.Hosts(), name) && !r.addressed() {
		return next
	}
	return &machine{next, r, name, said}
}

// bin is where simulated programs are.
const bin = "/usr/bin"

// A machine is a simulated one on which tools of vendors are.
type machine struct {
	command.Runner
	rack *Rack
	name string
	said []scenario.Answer
}

// Find finds the tools, and what else the machine has.
func (m *machine) Find(ctx context.Context, program string) (string, error) {
	if found, err := m.Runner.Find(ctx, program); found != "" || err != nil {
		return found, err
	}
	if !m.has(program) {
		return "", nil
	}
	return path.Join(bin, path.Base(program)), nil
}

func (m *machine) has(program string) bool {
	m.rack.mu.Lock()
	defer m.rack.mu.Unlock()
	if dir := path.Dir(program); dir != "." && dir != bin {
		return false
	}
	name := path.Base(program)
	if name == pingTool {
		return m.rack.addressed()
	}
	for _, c := range m.rack.commandsOn(m.name) {
		if c.Argv[0] == name {
			return true
		}
	}
	return false
}

// Run has a tool answer.
func (m *machine) Run(ctx context.Context, argv []string, streams command.Streams) (int, error) {
	outright := slices.ContainsFunc(m.said, func(a scenario.Answer) bool { return command.Answers(a.Argv, argv) })
	if outright || !m.has(argv[0]) {
		return m.Runner.Run(ctx, argv, streams)
	}
	if ctx.Err() != nil {
		return 0, command.NotBegun(ctx, argv)
	}
	said, ended := m.answer(ctx, argv)
	if !ended {
		return 0, &command.Cut{Cause: context.Cause(ctx)}
	}
	if _, err := streams.Stdout.Write([]byte(said.Stdout)); err != nil {
		return 0, err
	}
	if _, err := streams.Stderr.Write([]byte(said.Stderr)); err != nil {
		return 0, err
	}
	return said.ExitCode, nil
}

// answer is what a tool prints, once it has ended by itself.
func (m *machine) answer(ctx context.Context, argv []string) (said scenario.Answer, ended bool) {
	if path.Base(argv[0]) == pingTool {
		return m.ping(ctx, argv[1:])
	}
	says, hung := m.rack.answer(m.name, slices.Concat([]string{path.Base(argv[0])}, argv[1:]))
	if hung {
		_ = m.rack.clock.Sleep(ctx, forever) // it ends with its context
		return said, false
	}
	return scenario.Answer{Stdout: says.Stdout, Stderr: says.Stderr, ExitCode: says.ExitCode}, true
}

// forever is longer than any run waits.
const forever = 1000 * time.Hour

// Answers tells whether a device answers at an address, and whether there is one. Where several share one, as behind a controller, any does.
func (r *Rack) Answers(address string) (answers, known bool) {
	now := r.clock.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, d := range r.devices {
		if d.Address == address {
			d.settle(now)
			answers, known = answers || d.state != driver.Offline && !d.silent, true
		}
	}
	return answers, known
}
