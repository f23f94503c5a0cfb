package host

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/machine"
	"runbook/engine/module"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A fake is a machine that prints what it is told to.
type fake struct {
	name   string
	stderr string
	err    error
}

func (f fake) Machine(context.Context) (string, error) { return f.name, f.err }

func (fake) Find(context.Context, string) (string, error) { return "/bin/x", nil }

func (f fake) Run(_ context.Context, argv []string, s command.Streams) (int, error) {
	if _, err := s.Stderr.Write([]byte(f.stderr)); err != nil {
		return 0, err
	}
	return len(argv) - 1, nil
}

type hiding string

func (hiding) Add(...string) bool { return true }

func (h hiding) String(text string) string { return strings.ReplaceAll(text, string(h), action.Masked) }

func decided(t *testing.T, cfg Config, argv ...any) (action.Read, action.Action, error) {
	m := New(cfg)
	args, err := m.Func("run").Bind(m, []any{argv})
	require.NoError(t, err)
	return m.Func("run").Decide(args)
}

func TestWhatIsAReadAndWhatIsAnAction(t *testing.T) {
	cfg := Config{Commands: Reads}
	image := []any{"trivy", "image", "--quiet", "--format", "json", "--scanners", "vuln", "--severity", "CRITICAL", "--ignore-unfixed=false", "--exit-code", "0", "nginx:1.29"}
	read, act, err := decided(t, cfg, image...)
	require.NoError(t, err)
	require.Nil(t, act)
	require.True(t, read.Describe().Idempotent)
	require.Equal(t, "host/commands/localhost/trivy", read.Describe().Target.Key())
	argv, _ := read.Describe().Arg("argv")
	require.Len(t, argv, 13)
	for _, other := range [][]any{
		{"trivy", "image", "nginx"}, append(image[:12:12], "--output=/etc/passwd"), append(image[:13:13], "--output", "x"), {"systemctl", "restart", "x"},
	} {
		read, act, err := decided(t, cfg, other...)
		require.NoError(t, err)
		require.Nil(t, read, other)
		require.Equal(t, action.Disruptive, act.Describe().Risk)
		require.False(t, act.Describe().Idempotent)
		require.Equal(t, "host.run", act.Describe().Verb)
	}
	for _, none := range [][]any{{}, {""}} {
		_, _, err := decided(t, cfg, none...)
		require.ErrorContains(t, err, "host.run: the command is empty")
	}
	require.Contains(t, New(cfg).Func("run").Kinds, "commands")
}

func TestAHostHasReadsAndNeedsOfItsOwn(t *testing.T) {
	need := action.Permission{System: "kubernetes", Verb: "create", Resource: "pods", Subresource: "exec"}
	m := New(Config{
		Machines: machine.Set[command.Runner]{Local: fake{}, Hosts: map[string]command.Runner{"rack-1": fake{}}},
		Own:      map[string]action.Commands{"rack-1": {{"photon-debug", "--list-devices"}}}, Needs: map[string][]action.Permission{"rack-1": {need}},
	})
	decide := func(options ...any) (action.Read, action.Action, error) {
		args, err := m.Func("run").Bind(m, append([]any{[]any{"photon-debug", "--list-devices"}}, options...))
		require.NoError(t, err)
		return m.Func("run").Decide(args)
	}
	read, act, err := decide(map[string]any{"on": "rack-1"})
	require.NoError(t, err)
	require.Nil(t, act)
	require.Equal(t, []action.Permission{need}, read.Describe().Permissions)
	read, act, err = decide()
	require.NoError(t, err)
	require.Nil(t, read, "elsewhere it may be anything")
	require.Empty(t, act.Describe().Permissions)
	_, _, err = decide(map[string]any{"on": "rack-2"})
	require.EqualError(t, err, `the site has no host "rack-2"; did you mean "rack-1"?`)
}

// A losing machine begins what it is told to, and is not heard of again.
type losing struct{ fake }

func (losing) Run(context.Context, []string, command.Streams) (int, error) {
	return 0, &command.Lost{Cause: errors.New("the connection was lost")}
}

func TestTheWayToAMachineIsLost(t *testing.T) {
	cfg := Config{Machines: machine.Set[command.Runner]{Hosts: map[string]command.Runner{"rack-1": losing{}}}, Commands: action.Commands{{"df"}}}
	at := func(program string) (action.Read, action.Action) {
		m := New(cfg)
		args, err := m.Func("run").Bind(m, []any{[]any{program}, map[string]any{"on": "rack-1"}})
		require.NoError(t, err)
		read, act, err := m.Func("run").Decide(args)
		require.NoError(t, err)
		return read, act
	}
	read, _ := at("df")
	_, err := read.Read(t.Context(), nil)
	require.EqualError(t, err, "cannot run df on rack-1 to its end: the connection was lost")
	require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
	var e *action.Error
	require.ErrorAs(t, err, &e)
	require.True(t, e.Retryable, "to look twice does no harm")
	_, act := at("reboot")
	_, err = act.Apply(t.Context(), action.Prediction{})
	require.EqualError(t, err, "reboot on rack-1 was begun, and nobody knows what became of it: the connection was lost")
	require.Equal(t, action.CodeUncertain, action.CodeOf(err))
	require.ErrorAs(t, err, &e)
	require.False(t, e.Retryable)
}

func TestTheEndOfAComplaintHoldsNoHalfOfASecret(t *testing.T) {
	cfg := Config{Machines: machine.Set[command.Runner]{Local: fake{stderr: strings.Repeat("x", 2000) + "hunter22" + strings.Repeat("y", 497)}}, Secrets: hiding("hunter22")}
	_, act, err := decided(t, cfg, "x", "y")
	require.NoError(t, err)
	_, err = act.Apply(t.Context(), action.Prediction{})
	require.ErrorContains(t, err, "x y exited with status 1: …")
	require.NotContains(t, err.Error(), "r22")
}

func TestAPlanIsOfItsMachine(t *testing.T) {
	_, planned, err := decided(t, Config{Machines: machine.Set[command.Runner]{Local: fake{name: "laptop"}}}, "x")
	require.NoError(t, err)
	p, err := planned.Predict(t.Context(), nil)
	require.NoError(t, err)
	_, elsewhere, err := decided(t, Config{Machines: machine.Set[command.Runner]{Local: fake{name: "bastion"}}}, "x")
	require.NoError(t, err)
	_, err = elsewhere.Apply(t.Context(), p)
	require.Equal(t, action.CodeConflict, action.CodeOf(err))
	require.ErrorContains(t, err, "this was for the machine laptop, and here is bastion")
	_, err = planned.Apply(t.Context(), p)
	require.NoError(t, err)
	_, nameless, err := decided(t, Config{Machines: machine.Set[command.Runner]{Local: fake{err: errors.New("no name")}}}, "x")
	require.NoError(t, err)
	_, err = nameless.Predict(t.Context(), nil)
	require.ErrorContains(t, err, "no name")
}

// Whatever a command is, it is a read exactly if it is declared as one, and says itself what it runs.
func FuzzDecide(f *testing.F) {
	f.Add("trivy\nimage\n--quiet\n--format\njson\n--scanners\nvuln\n--severity\nLOW\n--ignore-unfixed=false\n--exit-code\n0\n-o")
	f.Add("df\n-h")
	f.Fuzz(func(t *testing.T, words string) {
		argv := strings.Split(words, "\n")
		m := New(Config{Commands: Reads})
		read, act, err := m.Func("run").Decide(module.Args{"argv": argv})
		if argv[0] == "" {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, Reads.Match(argv), read != nil)
		require.Equal(t, read == nil, act != nil)
	})
}
