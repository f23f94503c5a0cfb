package engine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// hear hears a recording again, in a plant that must not be asked anything.
func hear(t *testing.T, text string, recorded *dying) (*dying, Result) {
	t.Helper()
	nowhere, out := newPlant(), &dying{}
	cfg := nowhere.bench(t, text, out)
	cfg.Past = Recording(recorded.records)
	cfg.Mode = Replayed(cfg.Past.Run)
	result, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Zero(t, nowhere.looks, "a replay asks no site")
	require.Empty(t, nowhere.started)
	require.Empty(t, nowhere.sent)
	return out, result
}

// seen are the kinds of the records that a person was shown, in order.
func (d *dying) seen() []journal.Kind {
	var out []journal.Kind
	for _, kind := range d.kinds {
		if kind != journal.KindSource { // a replay is of what it has
			out = append(out, kind)
		}
	}
	return out
}

func assertReplays(t *testing.T, text string, recorded *dying) {
	t.Helper()
	out, result := hear(t, text, recorded)
	assert.Equal(t, recorded.end().Exit, result.Exit, out.why())
	assert.Equal(t, recorded.seen(), out.seen(), "the same is shown again")
}

func TestARecordingIsHeardToItsEnd(t *testing.T) {
	for name, steps := range map[string]string{
		"what could not be predicted": `step("One", function(run) try(plant.start, "stuck") plant.start("a") end)`,
		"what was so already":         `step("One", function(run) plant.remove("x") plant.start("a") end)`,
		"a failure":                   `step("One", function(run) plant.start("a") plant.running("broken") end)`,
		"clean-ups":                   `step("One", function(run) on_exit(function() plant.flush("a") end) plant.running("broken") end)`,
		"a wait": `step("One", function(run)
  local n = 0
  wait_until({ name = "w", every = 0.001, timeout = 5 }, function() n = n + 1 plant.running("q") return n > 2 end)
  plant.start("a" .. n)
end)`,
		"a wait in vain": `step("One", function(run)
  local _, err = try(wait_until, { name = "w", every = 0.001, timeout = 0.003 }, function() return false end)
  plant.start(err.code)
end)`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			p.fail["broken"] = unreachable
			p.stuck["stuck"] = action.Errorf(action.CodeNotFound, "there is no such pump")
			text := inPlant(steps)
			recorded, _, err := p.attempt(t, text, nil, 0)
			require.NoError(t, err)
			assertReplays(t, text, recorded)
		})
	}
}

func TestARehearsalIsHeardToItsEnd(t *testing.T) {
	text := inPlant(`step("One", function(run)
  wait_until({ name = "w", every = 1, timeout = 5 }, function() return plant.running("q").starts > 0 end)
  plant.build("x")
  plant.start(ask("how"))
  if confirm("really?") then plant.remove("x") end
  verdict("healthy")
end)`)
	rehearsed, result, err := newPlant().attempt(t, text, nil, 0, func(cfg *Config) { cfg.Mode = dry() })
	require.NoError(t, err)
	require.Equal(t, ExitDone, result.Exit, rehearsed.why())
	assertReplays(t, text, rehearsed)
}

// Branches are shown as they come, which may be in another order than then.
func TestARecordingOfBranchesIsHeardToItsEnd(t *testing.T) {
	p := newPlant()
	p.fail["broken"] = unreachable
	text := inPlant(`step("One", function(run)
  parallel({ "a", "b", "c" }, { limit = 2, on_error = "continue" }, function(n) plant.start(n) if n == "b" then plant.running("broken") end end)
end)`)
	recorded, _ := p.finished(t, text, nil, 0)
	out, result := hear(t, text, recorded)
	assert.Equal(t, ExitDone, result.Exit, out.why())
	assert.ElementsMatch(t, recorded.seen(), out.seen())
}

// A recording that stops in the middle of a group is heard as far as it goes.
func TestARecordingOfAnInterruptedGroupIsHeardAsFarAsItGoes(t *testing.T) {
	text := inPlant(`step("One", function(run) parallel({ "a" }, function() plant.start("x") sleep(10) end) end)`)
	ctx, cancel := context.WithCancelCause(t.Context())
	recorded := &dying{}
	_, err := newPlant().attemptInto(ctx, t, recorded, text, nil, 0, watching(func(r *journal.Record) {
		if r.Kind == journal.KindOutcome {
			time.AfterFunc(time.Millisecond, func() { cancel(ErrInterrupted) })
		}
	}))
	require.NoError(t, err)
	require.Equal(t, journal.Interrupted, recorded.end().Status)
	out, result := hear(t, text, recorded)
	assert.Equal(t, ExitDrift, result.Exit)
	assert.Contains(t, out.why(), "the recording ends here")
	assert.Contains(t, out.kinds, journal.KindOutcome)
}

func TestAnotherScriptThanRecordedIsTold(t *testing.T) {
	p := newPlant()
	recorded, _ := p.finished(t, inPlant(`step("One", function(run) plant.start("a") end)`), nil, 0)
	out, result := hear(t, inPlant(`step("One", function(run) plant.start("b") end)`), recorded)
	assert.Equal(t, ExitDrift, result.Exit)
	assert.Contains(t, out.why(), "- consent to One / plant.start plant/pumps//a")
	assert.Contains(t, out.why(), "+ intent One / plant.start plant/pumps//b")
}
