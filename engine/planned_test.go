package engine

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/plan"
)

const remedy = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.flush" },
params = { how = { ask = "how?", enum = { "gently", "hard" } } },
steps = {
  step("Start", function(run)
    for i = 1, math.max(1, plant.running("wanted").starts) do plant.start("p" .. i) end
    parallel({ "x", "y" }, function(n) plant.start(n) end)
  end),
  step("Wait", function(run)
    local _, err = try(wait_until, { name = "steady", every = 0.001, timeout = 0.005 }, function()
      return plant.running("steady").starts > 0
    end)
    run.slow = err ~= nil
  end),
  step("Page", function(run)
    if run.slow then plant.flush("page") end
    if not run.slow then plant.flush("tell") end
    plant.flush(ask("how"))
  end),
} }`

// planIt rehearses a script in the plant and makes a plan of it.
func (p *plant) planIt(t *testing.T, text string, options ...option) *plan.Plan {
	t.Helper()
	rehearsal := &dying{}
	cfg := p.bench(t, text, rehearsal)
	for _, change := range options {
		change(&cfg)
	}
	cfg.Mode = dry()
	result, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, ExitDone, result.Exit, rehearsal.why())
	turns, err := Turns(t.Context(), cfg, rehearsal.records)
	require.NoError(t, err)
	var out bytes.Buffer
	require.NoError(t, plan.Write(&out, rehearsal.records, turns))
	path := filepath.Join(t.TempDir(), "plan")
	require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
	read, err := plan.Read(path)
	require.NoError(t, err)
	return read
}

// apply applies a plan in the plant.
func (p *plant) apply(t *testing.T, text string, approved *plan.Plan, options ...option) (*dying, Result) {
	t.Helper()
	sink, result, err := p.attempt(t, text, nil, 0, append(options, applying(approved))...)
	require.NoError(t, err)
	return sink, result
}

// applying holds an attempt to a plan.
func applying(approved *plan.Plan) option {
	return func(cfg *Config) { cfg.Mode, cfg.Plan = Real(Approved{Nobody{}}), approved }
}

// how answers what the script asks.
func how(answer string) option { return with(map[string]string{"how": answer}) }

func TestAPlanIsDoneAsItWasApproved(t *testing.T) {
	p := newPlant()
	approved := p.planIt(t, remedy)
	require.Empty(t, p.started, "a plan changes nothing")
	p.started["steady"] = 1
	sink, result := p.apply(t, remedy, approved, how("gently"))
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"steady": 1, "p1": 1, "x": 1, "y": 1, "tell": 1, "gently": 1}, p.started)
	assert.Equal(t, approved.Sum, sink.records[0].Run.Plan)
}

// What would be done where an assumption does not hold was planned as well, so it is no drift.
func TestAnAssumptionThatDoesNotHoldIsPlannedFor(t *testing.T) {
	p := newPlant()
	approved := p.planIt(t, remedy)
	var turns []string
	for _, turn := range approved.Turns {
		turns = append(turns, turn.Name+"="+turn.Choice)
	}
	assert.Equal(t, []string{"wait_until condition/steady=timeout", "how?=hard"}, turns)
	_, result := p.apply(t, remedy, approved, how("gently"))
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"p1": 1, "x": 1, "y": 1, "page": 1, "gently": 1}, p.started)

	p = newPlant()
	approved = p.planIt(t, remedy)
	p.started["steady"] = 1
	_, result = p.apply(t, remedy, approved, how("hard"))
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, 1, p.started["hard"])
}

func TestAPlanIsLeftBeforeAnythingElseIsSent(t *testing.T) {
	for name, c := range map[string]struct {
		meanwhile string
		to        int
		message   string
		done      map[string]int
	}{
		"a changed target": {
			"p1", 3, "pumps/p1 has changed since this was planned: starts was 0 and is 3 now; plant.start was not sent",
			map[string]int{"p1": 3},
		},
		"an action that was not planned": {
			"wanted", 2, "plant.start pumps/p2 is not as planned: it was not planned, and nothing more was; it was not sent",
			map[string]int{"wanted": 2, "p1": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			approved := p.planIt(t, onlyStarts)
			p.started[c.meanwhile] = c.to
			sink, result := p.apply(t, onlyStarts, approved)
			assert.Equal(t, ExitDrift, result.Exit)
			assert.Equal(t, journal.Drifted, sink.end().Status)
			assert.Equal(t, c.message, sink.end().Error.Message)
			assert.Equal(t, action.CodeDrift, sink.end().Error.Code)
			assert.Equal(t, c.done, p.started)
		})
	}
}

const onlyStarts = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start" }, steps = { step("Start", function(run)
  for i = 1, math.max(1, plant.running("wanted").starts) do plant.start("p" .. i) end
end) } }`

func TestWhatWasPlannedAndNotAskedForIsTold(t *testing.T) {
	p := newPlant()
	p.started["wanted"] = 2
	approved := p.planIt(t, onlyStarts)
	p.started["wanted"] = 1
	sink, result := p.apply(t, onlyStarts, approved)
	assert.Equal(t, ExitDone, result.Exit)
	var warnings []string
	for _, r := range sink.records {
		if r.Kind == journal.KindWarning {
			warnings = append(warnings, r.Warning.Text)
		}
	}
	assert.Equal(t, []string{"planned, and not asked for: plant.start pumps/p2"}, warnings)
}

func TestAPlanOfAnotherScriptIsRefusedWithADiff(t *testing.T) {
	p := newPlant()
	approved := p.planIt(t, onlyStarts)
	cfg := p.bench(t, strings.Replace(onlyStarts, "math.max(1,", "math.max(2,", 1), &dying{})
	cfg.Plan = approved
	_, err := Run(t.Context(), cfg)
	require.ErrorContains(t, err, "the script has changed since")
	require.ErrorContains(t, err, "+  for i = 1, math.max(2,")
	assert.Equal(t, action.CodeDrift, action.CodeOf(err))
	assert.Empty(t, p.started)
}

// Status churn that no action goes by is no drift, however often it happens.
func TestAPlanSurvivesWhatConcernsNoAction(t *testing.T) {
	p := newPlant()
	approved := p.planIt(t, onlyStarts)
	for i := range 100 {
		fresh := newPlant()
		fresh.looks = i * 7
		_, result := fresh.apply(t, onlyStarts, approved)
		require.Equal(t, ExitDone, result.Exit)
		require.Equal(t, map[string]int{"p1": 1}, fresh.started)
	}
}
