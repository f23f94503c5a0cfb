package engine

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/watchdog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// valve is a module whose one action turns a valve, and whose one read looks at it.
type valve struct {
	mu     sync.Mutex
	turned []string
	hook   func() error // called before each turn
}

func (v *valve) module() *module.Module {
	name := module.Param{Name: "name", Kind: module.String, Required: true}
	return &module.Module{Name: "valve", Funcs: []module.Func{
		{Name: "turn", Params: []module.Param{name}, Risk: action.Disruptive, Act: func(a module.Args) (action.Action, error) {
			return &turn{v, a.String("name")}, nil
		}},
		{Name: "look", Params: []module.Param{name}, Read: func(a module.Args) (action.Read, error) {
			return &look{v, a.String("name")}, nil
		}},
		{Name: "hang", Control: func(ctx context.Context, _ module.Args) (any, error) {
			<-ctx.Done()
			return nil, context.Cause(ctx)
		}},
	}, Denied: func(context.Context, []action.Permission) ([]action.Permission, error) {
		return nil, errors.New("not asked")
	}}
}

type turn struct {
	*valve
	name string
}

func (t *turn) Describe() action.Description {
	return action.Description{Verb: "valve.turn", Target: action.Target{System: "valve", Kind: "valves", Name: t.name}, Risk: action.Disruptive}
}

func (t *turn) Predict(context.Context, action.View) (action.Prediction, error) {
	return action.Prediction{Label: action.Simulated, Changes: []action.Change{{Target: t.Describe().Target, After: map[string]any{"open": true}}}}, nil
}

func (t *turn) Apply(context.Context, action.Prediction) (action.Result, error) {
	if t.hook != nil {
		if err := t.hook(); err != nil {
			return action.Result{}, err
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turned = append(t.turned, t.name)
	return action.Result{}, nil
}

func (t *turn) Settle(context.Context, action.Intent) (action.Settlement, error) {
	return action.Unknown, nil
}

type look struct {
	*valve
	name string
}

func (l *look) Describe() action.Description {
	return action.Description{Verb: "valve.look", Target: action.Target{System: "valve", Kind: "valves", Name: l.name}}
}

func (l *look) Read(_ context.Context, view action.View) (any, error) {
	object, _ := view.Lay(l.Describe().Target, nil)
	return object["open"] == true, nil
}

// records is a sink in memory.
type records struct {
	mu  sync.Mutex
	all []journal.Record
}

func (s *records) Write(r *journal.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, *r)
	return nil
}

func (s *records) of(kind journal.Kind) []journal.Record {
	var out []journal.Record
	for _, r := range s.all {
		if r.Kind == kind {
			out = append(out, r)
		}
	}
	return out
}

func (s *records) end() *journal.End { return s.of(journal.KindEnd)[0].End }

// bench runs scripts with a valve and everything else visible.
type bench struct {
	valve   valve
	records records
	cfg     Config
	opened  bool
}

func newBench(t testing.TB, text string, mode Mode) *bench {
	t.Helper()
	b := &bench{}
	b.cfg = Config{
		Entry:   &catalog.Entry{Name: "test", Origin: "project", Path: "test.lua", File: "test.lua", Folder: fstest.MapFS{"test.lua": {Data: []byte(text)}}},
		Library: Library{Modules: []*module.Module{b.valve.module()}},
		Mode:    mode, Actions: t.Context(), Redactor: redact.New(),
		Open: func() (journal.Sink, error) { b.opened = true; return &b.records, nil },
		Exit: func(code int) { t.Errorf("the process would have been ended with %d", code) },
	}
	return b
}

func (b *bench) run(t testing.TB) Result {
	t.Helper()
	result, err := Run(t.Context(), b.cfg)
	require.NoError(t, err)
	return result
}

var start = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

func dry() Mode      { return Dry(start, Otherwise{}) }
func carryOut() Mode { return Real(Yes{Nobody{}}) }

const twoSteps = `
local valve = require "valve"
return runbook {
  summary = "Turn valves",
  may = { "valve.turn" },
  params = { names = { type = "string", default = "a" } },
  steps = {
    step("Turn", function(run) valve.turn(run.params.names) run.open = valve.look(run.params.names) end),
    step("Check", function(run) log(tostring(run.open)) verdict(run.open and "healthy" or "down") end),
  },
}`

func TestADryRunSeesItsOwnWritesAndChangesNothing(t *testing.T) {
	b := newBench(t, twoSteps, dry())
	result := b.run(t)
	assert.Equal(t, Result{Exit: ExitDone, Actions: 1}, result)
	assert.Empty(t, b.valve.turned)
	assert.Equal(t, "true", b.records.of(journal.KindShow)[0].Show.Text)
	assert.True(t, b.records.of(journal.KindVerdict)[0].Verdict.Assumed, "the verdict rests on something intended")
	assert.Equal(t, journal.DryRun, b.records.all[0].Run.Mode)
}

func TestARealRunDoesWhatTheDryRunSaid(t *testing.T) {
	rehearsed, done := newBench(t, twoSteps, dry()), newBench(t, twoSteps, carryOut())
	rehearsed.run(t)
	result := done.run(t)
	assert.Equal(t, []string{"a"}, done.valve.turned)
	assert.Equal(t, ExitDown, result.Exit, "this valve's look does not see what was turned")
	intents := func(b *bench) (keys []string) {
		for _, r := range b.records.of(journal.KindIntent) {
			keys = append(keys, r.Key)
		}
		return keys
	}
	assert.Len(t, intents(done), 1)
	assert.Equal(t, intents(rehearsed), intents(done))
}

// What is wrong before the first record leaves no journal, and says how to put it right.
func TestWrongCallsLeaveNoJournal(t *testing.T) {
	for _, c := range []struct {
		name, text   string
		given        map[string]string
		mode         Mode
		message, tip string
	}{
		{name: "unknown parameter", text: twoSteps, given: map[string]string{"nmes": "x"}, mode: dry(),
			message: `test has no parameter "nmes"; did you mean "names"?`, tip: "runbook show test"},
		{name: "wrong type", text: `return runbook { summary = "s", params = { n = { type = "integer", max = 5 } }, steps = { step("x", function() end) } }`,
			given: map[string]string{"n": "six"}, mode: dry(), message: `parameter n must be a whole number, not the string "six"`, tip: "runbook show test"},
		{name: "out of range", text: `return runbook { summary = "s", params = { n = { type = "integer", max = 5 } }, steps = { step("x", function() end) } }`,
			given: map[string]string{"n": "6"}, mode: dry(), message: `parameter n must be at most 5, got 6`, tip: "runbook show test"},
		{name: "pattern", text: `return runbook { summary = "s", params = { n = { pattern = "[a-z]+" } }, steps = { step("x", function() end) } }`,
			given: map[string]string{"n": "A"}, mode: dry(), message: `parameter n must match [a-z]+, got "A"`, tip: "runbook show test"},
		{name: "required", text: `return runbook { summary = "s", params = { n = { required = true } }, steps = { step("x", function() end) } }`,
			mode: dry(), message: `the parameter n is required: -p n=…  (string, required)`, tip: "runbook show test"},
		{name: "nobody to ask", text: twoSteps, mode: Real(Nobody{}),
			message: "test may change things (valve.turn), and nobody can be asked: standard input is not a terminal", tip: "rehearse it with --dry-run, or consent to everything with --yes"},
		{name: "no runbook", text: `return 1`, mode: dry(), message: "test.lua is not a runbook: it does not return runbook { … }",
			tip: "end the script with: return runbook { summary = …, steps = { step(…), … } }"},
		{name: "misspelt field", text: `return runbook { sumary = "x", steps = { step("x", function() end) } }`, mode: dry(),
			message: `runbook has no option "sumary"; did you mean "summary"?`},
		{name: "misspelt may", text: `return runbook { summary = "x", may = { "valve.trun" }, steps = { step("x", function() end) } }`, mode: dry(),
			message: `runbook: may[1]: "valve.trun" is not an action; did you mean "valve.turn"?`},
		{name: "action while loading", text: "local v = require 'valve'\nv.turn('a')", mode: carryOut(),
			message: "valve.turn cannot be called while the runbook is loaded", tip: "move the call into a step: nothing may happen before the run has begun"},
		{name: "same step twice", text: `local s = step("x", function() end) return runbook { summary = "x", steps = { s, s } }`, mode: dry(),
			message: `runbook: two steps are named "x": a step is known by its name`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.text, c.mode)
			b.cfg.Given = c.given
			_, err := Run(t.Context(), b.cfg)
			require.Error(t, err)
			told := Explain(err)
			assert.Equal(t, c.message, told.Message)
			assert.Equal(t, c.tip, told.Hint)
			assert.False(t, b.opened)
			assert.Empty(t, b.valve.turned)
		})
	}
}

func TestEndings(t *testing.T) {
	steps := func(body string) string {
		return `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, steps = {
  step("one", function(run) ` + body + ` end),
  step("two", function(run) log("two ran") end),
} }`
	}
	for _, c := range []struct {
		name, body string
		exit       int
		status     journal.Status
		second     bool // the second step ran
		message    string
	}{
		{"skip", `skip("not needed")`, ExitDone, journal.OK, true, ""},
		{"fail", `fail("broken", "mend it")`, ExitFailed, journal.Failed, false, "broken"},
		{"error", `error("plain")`, ExitFailed, journal.Failed, false, "plain"},
		{"caught", `try(fail, "broken")`, ExitDone, journal.OK, true, ""},
		{"verdict", `verdict("degraded", "two pods")`, ExitDegraded, journal.OK, true, ""},
		{"misspelt parameter", `log(run.params.nme)`, ExitFailed, journal.Failed, false, `this runbook has no parameter "nme"`},
		{"confirm without people", `confirm("sure?")`, ExitDone, journal.OK, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, steps(c.body), carryOut())
			result := b.run(t)
			assert.Equal(t, c.exit, result.Exit)
			end := b.records.end()
			assert.Equal(t, c.status, end.Status)
			assert.Equal(t, c.second, len(b.records.of(journal.KindShow)) > 0)
			if c.message != "" {
				assert.Equal(t, c.message, end.Error.Message)
				assert.Contains(t, end.Error.Where, "test.lua:3")
				assert.Contains(t, end.Error.Source, c.body)
			}
		})
	}
}

func TestAnActionOutsideMayEndsTheRunWhateverCatchesIt(t *testing.T) {
	b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", steps = {
  step("one", function() pcall(valve.turn, "a") try(valve.turn, "b") log("went on") end),
} }`, carryOut())
	result := b.run(t)
	assert.Equal(t, ExitDeclined, result.Exit)
	assert.Empty(t, b.valve.turned)
	assert.Empty(t, b.records.of(journal.KindShow))
	end := b.records.end()
	assert.Equal(t, journal.Refused, end.Status)
	assert.Equal(t, `if it should, add "valve.turn valves" to `+"`may`"+` in the runbook`, end.Error.Hint)
	assert.Contains(t, end.Error.Where, "test.lua:3")
}

func TestATimeLimitEndsARunAndItsJournalIsWhole(t *testing.T) {
	for name, body := range map[string]string{
		"loop":    `while true do end`,
		"pcall":   `while true do pcall(function() while true do end end) end`,
		"blocked": `require("valve").hang()`,
		"wait":    `wait_until({name = "never", every = "10ms", timeout = "1h"}, function() return false end)`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, `return runbook { summary = "s", steps = { step("one", function() `+body+` end) } }`, carryOut())
			b.cfg.Limits = watchdog.Limits{Time: 50 * time.Millisecond}
			result := b.run(t)
			assert.Equal(t, ExitTimeout, result.Exit)
			assert.Equal(t, journal.TimedOut, b.records.end().Status)
			assert.Equal(t, "the run took longer than 50ms", b.records.end().Error.Message)
		})
	}
}

func TestAMemoryLimitEndsARun(t *testing.T) {
	b := newBench(t, `return runbook { summary = "s", steps = { step("one", function()
  local t = {} for i = 1, 1e12 do pcall(function() t[i] = ("x"):rep(100) .. i end) end end) } }`, carryOut())
	b.cfg.Limits = watchdog.Limits{Memory: 64 << 20}
	result := b.run(t)
	assert.Equal(t, ExitMemory, result.Exit)
	assert.Equal(t, journal.OutOfMemory, b.records.end().Status)
}

// A script inside a function that does not look at its context is ended the hard way, with the journal written.
func TestAHangingRunIsKilled(t *testing.T) {
	release, exited := make(chan struct{}), make(chan int, 1)
	b := newBench(t, twoSteps, carryOut())
	b.valve.hook = func() error { <-release; return nil }
	b.cfg.Limits = watchdog.Limits{Time: 20 * time.Millisecond}
	b.cfg.Exit = func(code int) { exited <- code; close(release) }
	_, err := Run(t.Context(), b.cfg)
	require.NoError(t, err)
	assert.Equal(t, ExitTimeout, <-exited)
	assert.Equal(t, journal.TimedOut, b.records.end().Status)
	assert.Len(t, b.records.of(journal.KindEnd), 1)
}

func TestAnInterruptFinishesTheActionAndCleansUp(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, steps = {
  step("one", function()
    on_exit(function() log("last") end)
    on_exit(function() valve.turn("back") end)
    pcall(valve.turn, "a")
    valve.turn("b")
  end) } }`, carryOut())
	b.valve.hook = func() error { cancel(ErrInterrupted); return nil }
	b.cfg.Actions = t.Context()
	result, err := Run(ctx, b.cfg)
	require.NoError(t, err)
	assert.Equal(t, ExitInterrupted, result.Exit)
	assert.Equal(t, []string{"a", "back"}, b.valve.turned, "the first turn finished, the second never began, the clean-up ran")
	assert.Equal(t, "last", b.records.of(journal.KindShow)[0].Show.Text)
	assert.Equal(t, journal.Interrupted, b.records.end().Status)
}

// decline says no to everything.
type decline struct{ Absent }

func (decline) Consent(context.Context, *journal.Record) (gate.Decision, string, error) {
	return gate.No, "terminal", nil
}

func TestADeclinedActionEndsItsStepOnly(t *testing.T) {
	b := newBench(t, twoSteps, Real(decline{}))
	result := b.run(t)
	assert.Equal(t, ExitDeclined, result.Exit)
	assert.Empty(t, b.valve.turned)
	assert.Len(t, b.records.of(journal.KindStepEnd), 2)
	assert.Equal(t, journal.Declined, b.records.of(journal.KindStepEnd)[0].Step.Status)
}

func TestAsk(t *testing.T) {
	const text = `return runbook { summary = "s",
params = { mode = { enum = {"fast", "slow"}, ask = "How?" } },
steps = { step("one", function(run) log(ask("mode")) end) } }`
	t.Run("answered by -p", func(t *testing.T) {
		b := newBench(t, text, carryOut())
		b.cfg.Given = map[string]string{"mode": "slow"}
		b.run(t)
		assert.Equal(t, "slow", b.records.of(journal.KindShow)[0].Show.Text)
	})
	t.Run("assumed in a dry run, with its choices", func(t *testing.T) {
		b := newBench(t, text, dry())
		b.run(t)
		assert.Equal(t, "fast", b.records.of(journal.KindShow)[0].Show.Text)
		assert.Equal(t, []string{"fast", "slow"}, b.records.of(journal.KindAssume)[0].Assume.Choices)
	})
	t.Run("never by --yes", func(t *testing.T) {
		b := newBench(t, text, carryOut())
		result := b.run(t)
		assert.Equal(t, ExitDeclined, result.Exit)
		assert.Contains(t, b.records.end().Error.Hint, "-p mode=")
	})
}

func TestVirtualTimeOfADryRun(t *testing.T) {
	b := newBench(t, `local time = require "time"
return runbook { summary = "s", steps = { step("one", function()
  local before = time.now()
  parallel({1, 2, 3}, function(n) sleep(n * 300) end)
  log(tostring(time.now() - before))
end) } }`, dry())
	b.run(t)
	assert.Equal(t, "900", b.records.of(journal.KindShow)[0].Show.Text)
	assert.Equal(t, 15*time.Minute, b.records.end().Elapsed)
}

// A secret that is too short for the redactor was once written down as it was typed.
func TestASecretAnswerIsNotWrittenDown(t *testing.T) {
	b := newBench(t, `return runbook { summary = "s", params = { pin = { secret = true, ask = "PIN?" } },
steps = { step("one", function() log(#ask("pin")) end) } }`, carryOut())
	t.Setenv("PIN", "1234")
	b.cfg.Given = map[string]string{"pin": "${env:PIN}"}
	b.run(t)
	assert.Equal(t, "4", b.records.of(journal.KindShow)[0].Show.Text)
	assert.Equal(t, `"[secret]"`, string(b.records.of(journal.KindAnswer)[0].Answer.Value))
}

func TestSecretParametersAreMasked(t *testing.T) {
	b := newBench(t, `return runbook { summary = "s", params = { token = { secret = true } },
steps = { step("one", function(run) log("token is " .. run.params.token) end) } }`, carryOut())
	t.Setenv("TOKEN", "s3cr3t-value")
	b.cfg.Given = map[string]string{"token": "${env:TOKEN}"}
	open := b.cfg.Open
	b.cfg.Open = func() (journal.Sink, error) {
		sink, err := open()
		return b.cfg.Redactor.Sink(sink), err
	}
	b.run(t)
	assert.Equal(t, []string{"token"}, b.records.all[0].Run.Masked)
	assert.Contains(t, b.records.of(journal.KindShow)[0].Show.Text, "token is ")
	for _, r := range b.records.all {
		text, err := json.Marshal(r)
		require.NoError(t, err)
		assert.NotContains(t, string(text), "s3cr3t-value")
	}
}

// A secret on a command line stands in everybody's list of processes, so it is not taken from there.
func TestASecretParameterIsGivenByReference(t *testing.T) {
	const text = `return runbook { summary = "s", params = { token = { secret = true, pattern = "[a-z]+" } }, steps = { step("one", function() end) } }`
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("sesame\n"), 0o600))
	t.Setenv("TOKEN", "S3SAME")
	for typed, want := range map[string]string{
		"sesame":                      "give a reference to it",
		"${env:NO_SUCH_TOKEN}":        "no variable NO_SUCH_TOKEN",
		"${file:/no/such/file}":       "no such file",
		"${env:TOKEN}":                "is not allowed",
		"${file:" + file + "}":        "",
		"prefix ${file:" + file + "}": "give a reference to it",
	} {
		b := newBench(t, text, carryOut())
		b.cfg.Given = map[string]string{"token": typed}
		_, err := Run(t.Context(), b.cfg)
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
		assert.NotContains(t, err.Error(), "S3SAME")
		assert.False(t, b.opened)
	}
}

// A rehearsal that was asked for and did not take place once looked like success.
func TestARehearsalThatDidNotTakePlaceIsNoSuccess(t *testing.T) {
	const text = `return runbook { summary = "s", steps = { step("one", function()
  wait_until({ name = "queue empty", every = "1s", timeout = "5s" }, function() return false end)
end) } }`
	for _, c := range []struct {
		name, hint string
		message    string
		exit       int
	}{
		{"queue empty", "", `wait_until condition/queue empty did not come true within 5s (as --assume says)`, ExitFailed},
		{"queue empt", "name one of the waits that it came to: queue empty",
			`--assume "queue empt"=timeout rehearsed nothing: the run came to no wait of that name; did you mean "queue empty"?`, ExitUsage},
	} {
		b := newBench(t, text, Dry(start, Otherwise{TimesOut: []string{c.name}}))
		result := b.run(t)
		assert.Equal(t, c.exit, result.Exit)
		end := b.records.end()
		assert.Equal(t, journal.Failed, end.Status)
		assert.Equal(t, c.exit, end.Exit)
		assert.Equal(t, c.message, end.Error.Message)
		assert.Equal(t, c.hint, end.Error.Hint)
	}
}
