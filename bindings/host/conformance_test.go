//go:build unix

package host

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/command/local"
	"runbook/engine/command/ssh"
	"runbook/engine/command/ssh/sshtest"
	"runbook/engine/machine"
	"runbook/engine/module"
	"runbook/engine/world"
	"runbook/engine/world/scenario"
)

// The conformance table is what we know of machines. TestConformance holds this one, one behind ssh and simulated ones to it: the
// expectations are the same literals.

// A site is a machine that has the program tool, which is this script, and no other.
const tool = `#!/bin/sh
case "$1" in
  say) echo "one"; echo "two" ;;
  fail) echo "half of it"; echo "disk is full" >&2; exit 3 ;;
  silent) exit 1 ;;
  binary) printf 'a\377\000b' ;;
  large) i=0; while [ $i -lt 2000 ]; do echo 0123456789; i=$((i+1)); done ;;
  hang) echo "working" >&2; exec sleep 1000 ;;
esac
`

// simulated is what a scenario says of the same program, in the section SECTION. YAML has no bytes that are no text: the real machine's
// are replaced.
const simulated = `
SECTION
  commands:
    - {argv: [tool, say], stdout: "one\ntwo\n"}
    - {argv: [tool, fail], stdout: "half of it\n", stderr: "disk is full\n", exit_code: 3}
    - {argv: [tool, silent], exit_code: 1}
    - {argv: [tool, binary], stdout: "a\ufffd\0b"}
    - {argv: [tool, large], stdout: "LARGE"}
    - {argv: [tool, hang], stderr: "working\n", takes: 1000s}
    - {argv: [tool, ...]}
`

type machineUnderTest struct {
	runner command.Runner
	ctx    context.Context
	path   string // of tool
	on     string // its name; "" for the machine of the run
}

// said is a text about the machine of the run, as it is of this one.
func (m machineUnderTest) said(text string) string {
	where := ""
	if m.on != "" {
		where = " on " + m.on
	}
	return strings.ReplaceAll(text, "{where}", where)
}

// installed is a folder that has the program.
func installed(t *testing.T) string {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "tool"), []byte(tool), 0o700))
	return folder
}

func here(t *testing.T) machineUnderTest {
	folder := installed(t)
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	return machineUnderTest{local.Machine{}, t.Context(), filepath.Join(folder, "tool"), ""}
}

func overSSH(t *testing.T) machineUnderTest {
	folder := installed(t)
	server := sshtest.New(t, "SetEnv SHLVL=1 PATH="+folder+":/usr/bin:/bin")
	host := ssh.New(ssh.Config{Name: "rack-1", Destination: sshtest.Alias, ConfigFile: server.Config})
	t.Cleanup(func() { require.NoError(t, host.Close()) })
	_, err := host.Machine().Find(t.Context(), "tool")
	require.NoError(t, err, "to be connected takes longer than some of what follows may")
	return machineUnderTest{host.Machine(), t.Context(), filepath.Join(folder, "tool"), "rack-1"}
}

func inAWorld(t *testing.T) machineUnderTest { return simulatedAs(t, "host:", "") }

func onAHostOfAWorld(t *testing.T) machineUnderTest {
	return simulatedAs(t, "hosts:\n rack-1:", "rack-1")
}

func simulatedAs(t *testing.T, section, on string) machineUnderTest {
	text := strings.Replace(simulated, "LARGE", strings.Repeat(`0123456789\n`, 2000), 1)
	text = strings.Replace(text, "SECTION", section, 1)
	files := fstest.MapFS{"host.yaml": {Data: []byte(text)}}
	s, err := scenario.Shelves{Folders: []scenario.Shelf{{Path: "the table", Files: files}}, Check: world.Check}.Load("host")
	require.NoError(t, err)
	w, err := world.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	runner, err := w.Machines().On(on)
	require.NoError(t, err)
	return machineUnderTest{runner, module.WithOutside(t.Context(), w.Clock()), "/usr/bin/tool", on}
}

func TestConformance(t *testing.T) {
	for name, open := range map[string]func(*testing.T) machineUnderTest{
		"this machine": here, "a host behind ssh": overSSH, "a simulated one": inAWorld, "a simulated host": onAHostOfAWorld,
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t)
			for _, c := range table {
				t.Run(c.name, func(t *testing.T) { c.run(t, m) })
			}
		})
	}
}

var table = []struct {
	name string
	run  func(t *testing.T, m machineUnderTest)
}{
	{"what a read prints", func(t *testing.T, m machineUnderTest) {
		require.Equal(t, map[string]any{"stdout": "one\ntwo\n", "stderr": "", "exit_code": int64(0)}, m.read(t, []any{"tool", "say"}))
	}},
	{"what an action prints", func(t *testing.T, m machineUnderTest) {
		a := m.act(t, []any{"tool", "say", "it"})
		p, err := a.Predict(m.ctx, nil)
		require.NoError(t, err)
		require.Equal(t, action.Assumed, p.Label)
		require.Equal(t, "nothing can know what this prints or changes: tool say it", p.Note)
		require.Equal(t, map[string]any{"stdout": "", "stderr": "", "exit_code": int64(0)}, p.Value)
		require.Empty(t, p.Warnings)
		name, err := m.runner.Machine(m.ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]any{"machine": name}, p.Evidence.Old)
		require.Empty(t, p.Changes)
		_, err = a.Apply(m.ctx, p)
		require.NoError(t, err)
		settled, err := a.Settle(m.ctx, action.Intent{})
		require.NoError(t, err)
		require.Equal(t, action.Unknown, settled)
	}},
	{"a failure", func(t *testing.T, m machineUnderTest) {
		e := m.fails(t, []any{"tool", "fail"})
		require.Equal(t, action.CodeCommand, e.Code)
		require.Equal(t, m.said("tool fail{where} exited with status 3: disk is full"), e.Message)
		require.Equal(t, "commands/tool in "+cmp.Or(m.on, machine.Local), e.Target.String())
		e = m.fails(t, []any{"tool", "silent"})
		require.Equal(t, m.said("tool silent{where} exited with status 1"), e.Message)
		_, err := m.act(t, []any{"tool", "fail"}).Apply(m.ctx, action.Prediction{})
		require.Equal(t, action.CodeCommand, action.CodeOf(err))
	}},
	{"a program that is not there", func(t *testing.T, m machineUnderTest) {
		e := m.fails(t, []any{"no-such-tool", "x"})
		require.Equal(t, action.CodeNotFound, e.Code)
		where := cmp.Or(m.on, command.Here)
		require.Equal(t, "cannot run no-such-tool: there is no such program on "+where, e.Message)
		require.NotEmpty(t, e.Hint)
		e = m.fails(t, []any{"tool say"})
		require.Contains(t, e.Hint, `{ "tool", "say" }`)
		a := m.act(t, []any{"no-such-tool"})
		p, err := a.Predict(m.ctx, nil)
		require.NoError(t, err, "an action before this one may have brought it")
		require.Equal(t, []string{"there is no program no-such-tool on " + where + " as it is now"}, p.Warnings)
		_, err = a.Apply(m.ctx, p)
		require.Equal(t, action.CodeNotFound, action.CodeOf(err), "nothing was run, and that is certain")
	}},
	{"what is no text", func(t *testing.T, m machineUnderTest) {
		require.Equal(t, "a\uFFFD\x00b", m.read(t, []any{"tool", "binary"})["stdout"])
	}},
	{"more than is kept", func(t *testing.T, m machineUnderTest) {
		got := m.read(t, []any{"tool", "large"}, map[string]any{"max_output": float64(15)})
		require.Equal(t, map[string]any{"stdout": "0123456789\n0123", "stderr": "", "exit_code": int64(0), "truncated": true}, got)
		require.Len(t, m.read(t, []any{"tool", "large"})["stdout"], 22000)
	}},
	{"no time left", func(t *testing.T, m machineUnderTest) {
		soon := map[string]any{"timeout": 0.2}
		e := m.fails(t, []any{"tool", "hang"}, soon)
		require.Equal(t, action.CodeTimeout, e.Code)
		require.True(t, strings.HasPrefix(e.Message, m.said("tool hang{where} did not end within 200ms, and was ended with everything that it had started")), e.Message)
		require.Equal(t, `if it takes so long, give it more time: { timeout = "400ms" }`, e.Hint)
		_, err := m.act(t, []any{"tool", "hang"}, soon).Apply(m.ctx, action.Prediction{})
		require.Equal(t, action.CodeUncertain, action.CodeOf(err), "it may have done some of it")
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}},
	{"a run that is over", func(t *testing.T, m machineUnderTest) {
		var cut context.CancelFunc
		m.ctx, cut = module.OutsideOf(m.ctx).WithTimeout(m.ctx, 50*time.Millisecond)
		defer cut()
		e := m.fails(t, []any{"tool", "hang"})
		require.Equal(t, action.CodeTimeout, e.Code)
		require.Equal(t, m.said("tool hang{where} was ended, with everything that it had started: context deadline exceeded"), e.Message)
		_, err := m.act(t, []any{"tool", "say", "it"}).Apply(m.ctx, action.Prediction{})
		require.EqualError(t, err, "tool say it was not run: context deadline exceeded")
		require.Equal(t, action.CodeInterrupted, action.CodeOf(err))
	}},
	{"which", func(t *testing.T, m machineUnderTest) {
		require.Equal(t, m.path, m.which(t, "tool"))
		require.Nil(t, m.which(t, "no-such-tool"))
		require.Nil(t, m.which(t, "/no/such/tool"))
	}},
}

// module is the module of the machine. looking are the commands that only look.
func (m machineUnderTest) module(looking action.Commands) *module.Module {
	machines := machine.Set[command.Runner]{Local: m.runner}
	if m.on != "" {
		machines = machine.Set[command.Runner]{Hosts: map[string]command.Runner{m.on: m.runner}}
	}
	return New(Config{Machines: machines, Commands: looking})
}

// placed are the arguments of a call, with the machine among its options.
func (m machineUnderTest) placed(values []any) []any {
	if m.on == "" {
		return values
	}
	options := map[string]any{"on": m.on}
	for _, given := range values[1:] {
		maps.Copy(options, given.(map[string]any))
	}
	return []any{values[0], options}
}

func (m machineUnderTest) decide(t *testing.T, looking action.Commands, values []any) (action.Read, action.Action) {
	t.Helper()
	of := m.module(looking)
	args, err := of.Func("run").Bind(of, m.placed(values))
	require.NoError(t, err)
	read, act, err := of.Func("run").Decide(args)
	require.NoError(t, err)
	return read, act
}

// asLooking are patterns by which a command only looks.
func asLooking(values []any) action.Commands {
	var pattern []string
	for _, word := range values[0].([]any) {
		pattern = append(pattern, word.(string))
	}
	return action.Commands{pattern}
}

func (m machineUnderTest) read(t *testing.T, values ...any) map[string]any {
	t.Helper()
	read, _ := m.decide(t, asLooking(values), values)
	require.NotNil(t, read)
	got, err := read.Read(m.ctx, nil)
	require.NoError(t, err)
	return got.(map[string]any)
}

func (m machineUnderTest) fails(t *testing.T, values ...any) *action.Error {
	t.Helper()
	read, _ := m.decide(t, asLooking(values), values)
	_, err := read.Read(m.ctx, nil)
	var e *action.Error
	require.ErrorAs(t, err, &e)
	return e
}

func (m machineUnderTest) act(t *testing.T, values ...any) action.Action {
	t.Helper()
	_, act := m.decide(t, nil, values)
	require.NotNil(t, act)
	return act
}

func (m machineUnderTest) which(t *testing.T, name string) any {
	t.Helper()
	of := m.module(nil)
	args, err := of.Func("which").Bind(of, m.placed([]any{name}))
	require.NoError(t, err)
	read, err := of.Func("which").Read(args)
	require.NoError(t, err)
	got, err := read.Read(m.ctx, nil)
	require.NoError(t, err)
	return got
}
