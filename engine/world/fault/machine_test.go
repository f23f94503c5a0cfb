package fault

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/world/scenario"
)

// A counter is a machine that counts what it runs.
type counter struct{ ran int }

func (c *counter) Machine(context.Context) (string, error) { return "counter", nil }

func (c *counter) Find(context.Context, string) (string, error) { return "/bin/x", nil }

func (c *counter) Run(_ context.Context, _ []string, s command.Streams) (int, error) {
	c.ran++
	_, err := io.WriteString(s.Stdout, "abcdef")
	return 3, err
}

// A sleeping is a clock that is asked to wait, and gives up when the context has ended.
type sleeping struct{ total time.Duration }

func (s *sleeping) Sleep(ctx context.Context, d time.Duration) error {
	s.total += d
	return ctx.Err()
}

func TestHowAMachineGoesWrong(t *testing.T) {
	for name, c := range map[string]struct {
		fault scenario.Fault
		over  bool // the run is, by the time that it matters
		want  string
		out   string
		ran   int
		slept time.Duration
	}{
		"well":               {scenario.Fault{On: "run commands", Namespace: "rack-2", Answer: "503"}, false, "exit 3", "abcdef", 1, 0},
		"another program":    {scenario.Fault{On: "run commands", Name: "rm", Answer: "503"}, false, "exit 3", "abcdef", 1, 0},
		"unreachable":        {scenario.Fault{On: "host", Answer: "503"}, false, "unavailable: cannot reach the host rack-1: it does not answer", "", 0, 0},
		"with words":         {scenario.Fault{On: "host", Answer: "503", Message: "it is on fire"}, false, "unavailable: cannot reach the host rack-1: it does not answer: it is on fire", "", 0, 0},
		"kept out":           {scenario.Fault{On: "run commands", Answer: "403"}, false, "forbidden: cannot reach the host rack-1: it lets nobody in with the keys that you have", "", 0, 0},
		"cut":                {scenario.Fault{On: "run *", Answer: "cut"}, false, "lost: the connection was lost", "", 0, 0},
		"cut when done":      {scenario.Fault{On: "run *", Answer: "cut", Done: true}, false, "lost: the connection was lost", "", 1, 0},
		"half":               {scenario.Fault{On: "run *", Answer: "half"}, false, "lost: the connection was lost", "abc", 1, 0},
		"slow":               {scenario.Fault{On: "run *", Answer: "slow", Takes: time.Second}, false, "exit 3", "abcdef", 1, time.Second},
		"too slow":           {scenario.Fault{On: "run *", Answer: "slow", Takes: time.Second}, true, "cut: over", "", 0, time.Second},
		"hung":               {scenario.Fault{On: "run *", Answer: "timeout"}, true, "cut: over", "", 0, hung},
		"hung when done":     {scenario.Fault{On: "run *", Answer: "timeout", Done: true}, true, "cut: over", "", 1, hung},
		"hung and not ended": {scenario.Fault{On: "run *", Answer: "timeout"}, false, "lost: the connection was lost", "", 0, hung},
	} {
		t.Run(name, func(t *testing.T) {
			clock, next := &sleeping{}, &counter{}
			faults := New([]scenario.Fault{c.fault}, clock)
			m := Machine{Name: "rack-1", Next: next, Armed: func() *Faults { return faults }}
			ctx, end := context.WithCancelCause(t.Context())
			if c.over {
				end(errors.New("over"))
			}
			defer end(nil)
			var out bytes.Buffer
			code, err := m.Run(ctx, []string{"tool"}, command.Streams{Stdout: &out, Stderr: io.Discard})
			require.Equal(t, c.want, ending(code, err))
			require.Equal(t, c.out, out.String())
			require.Equal(t, c.ran, next.ran)
			require.Equal(t, c.slept, clock.total)
		})
	}
}

func ending(code int, err error) string {
	cut, lost, own := (*command.Cut)(nil), (*command.Lost)(nil), (*action.Error)(nil)
	switch {
	case errors.As(err, &cut):
		return "cut: " + cut.Cause.Error()
	case errors.As(err, &lost):
		return "lost: " + lost.Cause.Error()
	case errors.As(err, &own):
		return string(own.Code) + ": " + own.Message
	}
	return "exit " + string(rune('0'+code))
}

func TestLookingForAProgramGoesWrong(t *testing.T) {
	clock := &sleeping{}
	faults := New([]scenario.Fault{{On: "find programs", Answer: "503"}, {On: "find programs", Answer: "slow", Takes: time.Second}}, clock)
	m := Machine{Name: "rack-1", Next: &counter{}, Armed: func() *Faults { return faults }}
	_, err := m.Find(t.Context(), "x")
	require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
	for range 2 {
		path, err := m.Find(t.Context(), "x")
		require.NoError(t, err)
		require.Equal(t, "/bin/x", path)
	}
	require.Equal(t, time.Second, clock.total)
	name, err := m.Machine(t.Context())
	require.NoError(t, err)
	require.Equal(t, "counter", name)
}

func TestWhatNoMachineAnswers(t *testing.T) {
	for _, on := range []string{"host", "run commands", "find programs"} {
		require.ErrorContains(t, CheckMachine(scenario.Fault{On: on, Answer: "429"}), `a machine does not answer "429"`)
		for answer := range strings.FieldsSeq("503 403 timeout cut half slow") {
			require.NoError(t, CheckMachine(scenario.Fault{On: on, Answer: answer}))
		}
	}
	require.NoError(t, CheckMachine(scenario.Fault{On: "kubernetes", Answer: "429"}))
}
