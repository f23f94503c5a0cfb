package device

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/driver"
	"runbook/engine/gate"
	"runbook/engine/machine"
	"runbook/engine/module"
)

// An awkward machine has a tool that prints that, or fails so.
type awkward struct {
	out  string
	code int
	err  error
}

func (*awkward) Machine(context.Context) (string, error)      { return "awkward", nil }
func (*awkward) Find(context.Context, string) (string, error) { return "", nil }

func (a *awkward) Run(_ context.Context, _ []string, s command.Streams) (int, error) {
	if a.err != nil {
		return 0, a.err
	}
	_, err := io.WriteString(s.Stdout, a.out)
	return a.code, err
}

// lines is a driver whose tool prints "device state serial", a line each.
const lines = `
local states = { up = "online", down = "offline", dazed = "unknown" }
local function parse(said)
  local out, unread = {}, {}
  for line in said.text:gmatch("[^\n]+") do
    local id, state, serial = line:match("^(%S+) (%S+) ?(%S*)$")
    if id then out[#out + 1] = { id = id, state = states[state], serial = serial } else unread[#unread + 1] = line end
  end
  return { devices = out, unread = unread }
end
return driver { summary = "x", formats = "x", commands = {
  status = { argv = { "lines" }, reads = true, refuses = { not_found = 3 }, parse = parse },
  reset  = { argv = { "lines", "--reset", "{id}" }, risk = "disruptive", expects = "online" },
} }`

func (a *awkward) site(t *testing.T, ids ...string) site {
	out := site{ctx: t.Context(), cfg: Config{
		Driver: driverOf(t, lines), Machines: machine.Set[command.Runner]{Hosts: map[string]command.Runner{"bench": a}},
		Needs: map[string][]action.Permission{"bench": {{Verb: "create"}}},
	}}
	for _, id := range ids {
		out.cfg.Inventory = append(out.cfg.Inventory, driver.Device{ID: id, Driver: "lines", On: "bench", Log: "/log"})
	}
	return out
}

func TestAListSaysWhereItsCommandsRunAndWhatTheyNeed(t *testing.T) {
	read, err := (&awkward{}).site(t, "a", "b").reading(t, "list")
	require.NoError(t, err)
	d := read.Describe()
	require.Equal(t, []action.Arg{{Name: "argv on bench", Value: []string{"lines"}}}, d.Identity, "once for both")
	require.Len(t, d.Permissions, 1)
	on, ok := action.MachineOfArgv(d.Identity[0].Name)
	require.True(t, ok)
	require.Equal(t, "bench", on)
}

// What the second wall of a dry run refuses is no state of a device: the run ends there.
func TestAListPassesARefusalOn(t *testing.T) {
	a := &awkward{err: action.Errorf(action.CodeRefused, "a dry run may only look")}
	require.Equal(t, action.CodeRefused, a.site(t, "a").fails(t, "list").Code)
	a.err = action.Errorf(action.CodeUnavailable, "no way there")
	s := a.site(t, "a", "b")
	s.cfg.Machines.Hosts["other"] = &awkward{out: "b up\n"}
	s.cfg.Inventory[1].On = "other"
	rows := s.read(t, "list").([]any)
	require.Equal(t, "unavailable", rows[0].(map[string]any)["error"].(map[string]any)["code"], "one that cannot be reached hides no other")
	require.Equal(t, "online", rows[1].(map[string]any)["state"])
}

// Of a tool that prints without end the beginning is read, in whole lines; a device that may have come later is unknown, and not missing.
func TestAToolThatPrintsMoreThanIsKept(t *testing.T) {
	a := &awkward{out: "a up A1\n" + strings.Repeat("x", maxOutput) + " up\nb up\n"}
	s := a.site(t, "a", "b")
	require.Equal(t, "online", s.status(t, "a")["state"])
	got := s.status(t, "b")
	require.Equal(t, "unknown", got["state"])
	require.Equal(t, []string{"… and what came after 1 MiB, which is not kept"}, got["unread"])
	a.out = strings.Repeat("b up\n", 3)
	require.Contains(t, s.status(t, "b")["fault"], `the device "b" is there twice`)
}

// What is asked for of a log is its end: it is not cut off in silence.
func TestALogThatIsTooLong(t *testing.T) {
	a := &awkward{out: strings.Repeat("x", 2*maxOutput) + "\nthe end\n"}
	s := a.site(t, "a")
	got := s.read(t, "logs", "a").([]any)
	require.Equal(t, "the end", got[len(got)-1])
	a.out = strings.Repeat(strings.Repeat("x", 1023)+"\n", maxLog>>10+1)
	e := s.fails(t, "logs", "a", map[string]any{"lines": float64(9000)})
	require.Equal(t, action.CodeInvalid, e.Code)
	require.Equal(t, "the last 9000 lines of the log of the device a are more than 8 MiB", e.Message)
	require.Equal(t, `ask for fewer: device.logs("a", { lines = 900 })`, e.Hint)
}

// A device that is being started anew may be gone from its tool's list: that ends no wait. One that is misspelt is told of by a dry run.
func TestADeviceThatIsGoneIsWaitedFor(t *testing.T) {
	for name, gone := range map[string]*awkward{"not listed": {out: "b up\n"}, "not known": {code: 3}} {
		t.Run(name, func(t *testing.T) {
			s := gone.site(t, "a")
			f, args := s.bind(t, "wait", []any{"a"})
			w, err := f.Wait(args)
			require.NoError(t, err)
			seen, err := w.Check(s.ctx, gate.Nothing{})
			require.NoError(t, err)
			require.False(t, seen.Met)
			require.NotEmpty(t, seen.Detail)
			_, err = w.Assume(s.ctx, gate.Nothing{})
			require.Equal(t, action.CodeNotFound, action.CodeOf(err))
			*gone = awkward{out: "a up\n"}
			seen, err = w.Check(s.ctx, gate.Nothing{})
			require.NoError(t, err)
			require.True(t, seen.Met)
		})
	}
}

// Another device under the same name is not reset, also if nobody could tell the state of the one that was meant.
func TestAnotherDeviceInItsPlaceIsNotReset(t *testing.T) {
	a := &awkward{out: "a dazed A1\n"}
	s := a.site(t, "a")
	reset := s.changing(t, "reset", "a")
	p, err := reset.Predict(s.ctx, gate.Nothing{})
	require.NoError(t, err)
	a.out = "a dazed A2\n"
	_, err = reset.Apply(s.ctx, p)
	require.Equal(t, action.CodeConflict, action.CodeOf(err))
	require.ErrorContains(t, err, `this was for the device with the serial number "A1", and here is "A2"`)
}

// Two devices of one name are a mistake in the inventory, and nothing is done to either. Looking at them does no harm.
func TestTwoDevicesOfOneNameAreNotChanged(t *testing.T) {
	s := (&awkward{out: "a up\n"}).site(t, "a", "b", "c")
	s.cfg.Inventory[1].Called, s.cfg.Inventory[2].Called, s.cfg.Inventory[2].On = "a", "a", "elsewhere"
	f, args := s.bind(t, "reset", []any{"b"})
	_, err := f.Act(args)
	require.Equal(t, action.CodeInvalid, action.CodeOf(err))
	require.EqualError(t, err, "cannot reset the device b: lines --reset a on bench would be the command for a too, and one of them is not that device")
	require.Equal(t, "online", s.status(t, "b")["state"])
	s.cfg.Inventory[1].Called = ""
	s.changing(t, "reset", "a") // the third is on another machine
}

// A tool that does what it was asked is not said to have failed without a word of why: its driver takes no 0 for an answer.
func TestAnExitCodeOf0ThatIsNoAnswer(t *testing.T) {
	a := &awkward{}
	out := a.site(t, "a")
	out.cfg.Driver = driverOf(t, `return driver { summary = "s", formats = "f", commands = {
		diagnose = { argv = { "lines" }, reads = true, answers = { 1 }, parse = function() return { devices = {} } end } } }`)
	e := out.fails(t, "diagnose", "a")
	require.Equal(t, "lines on bench exited with status 0", e.Message)
	require.Contains(t, e.Hint, "the driver takes [1] alone for an answer: if 0 is one too, say so: answers of the command diagnose in ")
}

// hides hides that text.
type hides struct {
	module.Openly
	secret string
}

func (h hides) String(text string) string { return strings.ReplaceAll(text, h.secret, action.Masked) }

// A line that is not understood is cut short where it is very long, and no half of a secret is left by that.
func TestALongLineWithASecretIsNotCutInIt(t *testing.T) {
	a := &awkward{out: strings.Repeat("x", 490) + "hunter22hunter22\na up\n"}
	s := a.site(t, "a")
	s.cfg.Secrets = hides{secret: "hunter22hunter22"}
	got := s.status(t, "a")
	require.Equal(t, "online", got["state"])
	require.Equal(t, []string{strings.Repeat("x", 490) + action.Masked}, got["unread"])
}

func TestAToolThatPrintsNothing(t *testing.T) {
	e := (&awkward{}).site(t, "a").fails(t, "status", "a")
	require.Equal(t, action.CodeNotFound, e.Code)
	require.Equal(t, `lines on bench tells nothing of a device "a": it printed nothing at all`, e.Message)
}
