package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// tortuous uses everything whose result a resumed run has to get again.
const tortuous = `
local plant, time = require "plant", require "time"
return runbook {
  summary = "Start pumps", may = { "plant.start" },
  params = { zone = { ask = "which zone?", enum = { "north", "south" } } },
  steps = {
    step("Look", function(run)
      run.lucky = math.random(1000000)
      run.began = time.now()
      run.zone = ask("zone")
      run.first = plant.running("main")
    end),
    step("Start", function(run)
      plant.start("main")
      sleep(0.001)
      local seen = parallel({ "a", "b", "c" }, { limit = 2 }, function(name)
        local r = math.random()
        local before = plant.running(name).starts
        local was = plant.start(name .. tostring(run.zone)).was
        parallel({ "x", "y" }, function(inner) plant.start(name .. inner) end)
        return { r = r, before = before, was = was, after = plant.running(name .. tostring(run.zone)).starts }
      end)
      for _, s in ipairs(seen) do run.sum = (run.sum or 0) + s.r * 0 + s.before + s.was + s.after end
    end),
    step("Settle down", function(run)
      local n = 0
      wait_until({ name = "steady", every = 0.001, timeout = 5 }, function()
        n = n + 1
        plant.running("main")
        return n >= 3
      end)
      run.n = n
      local _, err = try(plant.running, "broken")
      run.code = err.code
      if confirm("finish?") then plant.start("last") end
    end),
    step("Tell", function(run)
      log(("%s %s %s %s"):format(run.zone, run.sum, run.n, run.code))
      verdict("healthy")
    end),
  },
}`

// The heart of it: a run that is killed at any record, and resumed, comes to the same end with the same effects, none of them twice.
func TestARunKilledAtAnyRecordComesToTheSameEnd(t *testing.T) {
	south := with(map[string]string{"zone": "south"})
	uninterrupted := newPlant()
	uninterrupted.fail["broken"] = action.Errorf(action.CodeNotFound, "there is no such pump")
	whole, _ := uninterrupted.finished(t, tortuous, nil, 0, south)
	require.Len(t, uninterrupted.started, 11)

	for at := 1; at <= len(whole.records); at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %s after %v", at, whole.records[at-1].Kind, after), func(t *testing.T) {
				killAt(t, &dying{at: at, after: after}, uninterrupted, whole, south)
			})
		}
	}
}

func killAt(t *testing.T, first *dying, uninterrupted *plant, whole *dying, south option) {
	world := newPlant()
	world.fail = uninterrupted.fail
	_, err := world.attemptInto(t.Context(), t, first, tortuous, nil, 0, south)
	if len(first.records) == 0 {
		require.Error(t, err, "a run that cannot be written down does not begin")
		assert.Empty(t, world.started)
		return
	}
	second, result, err := world.attempt(t, tortuous, first, 0, south)
	if err != nil {
		require.Contains(t, err.Error(), "came to its end")
		return
	}
	require.Equal(t, ExitDone, result.Exit, second.why())
	assert.Equal(t, uninterrupted.started, world.started, "the same effects, none twice")
	assert.Equal(t, whole.shows(), second.shows())
	assert.Equal(t, whole.counts(), second.counts(), "nothing is written down twice")
	assert.Equal(t, 11, result.Actions)
}

const failing = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.flush" }, steps = {
  step("One", function(run) plant.start("a") run.a = plant.running("a").starts end),
  step("Two", function(run)
    plant.start("b")
    plant.flush("f")
    run.c = plant.running("c").starts
    log(("a %d, c %d"):format(run.a, run.c))
  end),
} }`

func TestAFailedRunGoesOnAtTheCallThatFailed(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	first, result, err := p.attempt(t, failing, nil, 0)
	require.NoError(t, err)
	require.Equal(t, ExitFailed, result.Exit)
	again, result, err := p.attempt(t, failing, first, 0)
	require.NoError(t, err)
	require.Equal(t, ExitFailed, result.Exit, "it still fails")
	delete(p.fail, "c")
	last, result, err := p.attempt(t, failing, again, 0)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"a": 1, "b": 1, "f": 1}, p.started)
	assert.Equal(t, []string{": a 1, c 0"}, last.shows())
	_, _, err = p.attempt(t, failing, last, 0)
	require.ErrorContains(t, err, "came to its end")
}

// Who did something stays who did it; the rest is done by who took the run up again.
func TestTheOperatorIsWhoRunsItNow(t *testing.T) {
	const shifts = `
local plant = require "plant"
return runbook { summary = "s", steps = {
  step("One", function() log("first " .. operator()) plant.running("c") log("then " .. operator()) end),
} }`
	by := func(user string) option {
		return func(cfg *Config) { cfg.About.User, cfg.About.Host = user, "bastion" }
	}
	p := newPlant()
	p.fail["c"] = unreachable
	first := p.failed(t, shifts, by("ana"))
	delete(p.fail, "c")
	last, _ := p.finished(t, shifts, first, 0, by("ben"))
	assert.Equal(t, []string{": first ana@bastion", ": then ben@bastion"}, last.shows())
}

// What a branch sees of another is what it saw then, although the other is at another place now.
func TestWhatABranchSawOfAnotherStays(t *testing.T) {
	const shared = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start" }, steps = {
  step("One", function()
    local done, none = false, nil
    parallel({ "work", "looks" }, function(name)
      if name == "work" then sleep(0.05) done = true return end
      local seen = remember({ done = done, list = { 1, "a" }, none = none })
      if seen.done then plant.start("after") else plant.start("before") end
      log(("%s %s %s %s"):format(tostring(seen.done), seen.list[1], seen.list[2], tostring(seen.none)))
      log(tostring(remember(nil)))
    end)
    plant.running("c")
  end),
} }`
	p := newPlant()
	p.fail["c"] = unreachable
	first := p.failed(t, shared)
	delete(p.fail, "c")
	last, _ := p.finished(t, shared, first, 0)
	assert.Equal(t, map[string]int{"before": 1}, p.started)
	assert.Equal(t, []string{"looks: false 1 a nil", "looks: nil"}, last.shows())
}

// A step that is begun anew looks again, and does again what twice is once; what would do harm twice is not done again.
func TestFromStepLooksAgain(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	first, _, err := p.attempt(t, failing, nil, 0)
	require.NoError(t, err)
	delete(p.fail, "c")
	p.started["a"] = 7 // somebody else, meanwhile
	second, result, err := p.attempt(t, failing, first, 2)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"a": 7, "b": 1, "f": 2}, p.started)
	assert.Equal(t, []string{": a 1, c 0"}, second.shows(), "step one was not begun anew")
	_, _, err = p.attempt(t, failing, first, 3)
	require.ErrorContains(t, err, "did not reach step 3")

	third, result, err := p.attempt(t, failing, first, 1)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, []string{": a 7, c 0"}, third.shows()[len(third.shows())-1:])
	assert.Equal(t, 7, p.started["a"])
}

// What was done in a step that is begun anew was done, whether it is asked for again or not. It must not vanish from what is told.
func TestWhatIsDroppedAndWasDoneIsTold(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	first, _, err := p.attempt(t, failing, nil, 0)
	require.NoError(t, err)
	second, _, err := p.attempt(t, failing, first, 2)
	require.NoError(t, err)
	third, _, err := p.attempt(t, failing, second, 0)
	require.NoError(t, err)
	var warnings []string
	for _, r := range third.records {
		if r.Kind == journal.KindWarning {
			warnings = append(warnings, r.Warning.Text)
		}
	}
	assert.Equal(t, []string{"this was done before, in what is begun anew, and is done again where it is still asked for: plant.flush pumps/f"}, warnings)
}

// A run that is killed while a step is begun anew goes on there, and still does nothing twice.
func TestAResumeFromAStepCanBeKilledToo(t *testing.T) {
	for at := 0; at < 14; at++ {
		p := newPlant()
		p.fail["c"] = unreachable
		first := p.failed(t, failing)
		delete(p.fail, "c")
		second := &dying{at: len(first.records) + 2 + at, after: true}
		_, err := p.attemptInto(t.Context(), t, second, failing, first, 2)
		require.NoError(t, err)
		_, result, err := p.attempt(t, failing, second, 0)
		if err == nil {
			assert.Equal(t, ExitDone, result.Exit, "killed at %d", at)
		} else {
			assert.ErrorContains(t, err, "came to its end")
		}
		assert.Equal(t, map[string]int{"a": 1, "b": 1, "f": 2}, p.started, "killed at %d", at)
	}
}

func TestABranchThatFailedGoesOn(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start" }, steps = { step("One", function(run)
  local out = parallel({ "a", "b", "c", "d" }, { limit = 1 }, function(n)
    plant.start(n)
    return plant.running(n).starts
  end)
  log(table.concat(out, " "))
end) } }`
	p := newPlant()
	p.fail["b"] = unreachable
	first, result, err := p.attempt(t, text, nil, 0)
	require.NoError(t, err)
	require.Equal(t, ExitFailed, result.Exit)
	require.Equal(t, map[string]int{"a": 1, "b": 1}, p.started, "no branch begins after the first error")
	delete(p.fail, "b")
	second, result, err := p.attempt(t, text, first, 0)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1, "d": 1}, p.started)
	assert.Equal(t, []string{": 1 1 1 1"}, second.shows())
}

// A failure that the script lived with is part of its course.
func TestAFailureThatWasCaughtStays(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start" }, steps = { step("One", function(run)
  local _, errs = parallel({ "a", "b" }, { on_error = "continue" }, function(n) return plant.running(n).starts end)
  log(errs[2] and errs[2].message or "fine")
  plant.start("x")
  plant.running("c")
end) } }`
	p := newPlant()
	p.fail["b"], p.fail["c"] = unreachable, unreachable
	first, _, err := p.attempt(t, text, nil, 0)
	require.NoError(t, err)
	p.fail = map[string]error{}
	second, result, err := p.attempt(t, text, first, 0)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, []string{": no route to host"}, second.shows())
}

func TestARunThatItsScriptEndedIsNotResumedThere(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", steps = { step("One", function(run)
  if plant.running("a").starts == 0 then fail("it is off") end
end) } }`
	p := newPlant()
	first, _, err := p.attempt(t, text, nil, 0)
	require.NoError(t, err)
	p.started["a"] = 1
	_, _, err = p.attempt(t, text, first, 0)
	require.ErrorContains(t, err, "was ended by its own script in step 1")
	_, result, err := p.attempt(t, text, first, 1)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
}

// What no target can tell is a person's to say, and nobody else's.
func TestAnActionOfWhichNobodyKnowsIsAskedAbout(t *testing.T) {
	for answer, starts := range map[action.Settlement]int{action.Done: 0, action.NotDone: 1} {
		p := newPlant()
		p.unsure = true
		first := p.killed(t, failing, isIntent)
		_, result, err := p.attempt(t, failing, first, 0)
		require.NoError(t, err)
		assert.Equal(t, ExitDeclined, result.Exit, "nobody is there")
		assert.Empty(t, p.started)

		p.finished(t, failing, first, 0, asking(decided{Yes{Nobody{}}, answer}))
		assert.Equal(t, starts, p.started["a"])
	}
}

type decided struct {
	People
	answer action.Settlement
}

func (d decided) Settled(context.Context, *journal.Record, error) (action.Settlement, string, error) {
	return d.answer, "test", nil
}

func TestAnotherScriptIsRefusedWithADiff(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	first, _, err := p.attempt(t, failing, nil, 0)
	require.NoError(t, err)
	_, _, err = p.attempt(t, strings.Replace(failing, `plant.start("b")`, `plant.start("z")`, 1), first, 0)
	require.ErrorContains(t, err, "has changed since")
	require.ErrorContains(t, err, "-    plant.start(\"b\")\n+    plant.start(\"z\")")
	assert.Equal(t, action.CodeDrift, action.CodeOf(err))
	assert.Equal(t, map[string]int{"a": 1, "b": 1, "f": 1}, p.started)
}
