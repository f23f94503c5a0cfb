package engine

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
)

// What failed is asked for again, and what the script lived with is not: each script fails at looking at c, and is taken up when nothing
// fails any more.
func TestWhatTheScriptLivedWithIsHeardAgain(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		done  map[string]int
	}{
		"an action that could not be predicted": {
			`step("One", function(run) try(plant.start, "stuck") plant.start("a") plant.running("c") end)`,
			map[string]int{"a": 1},
		},
		"a failure before a group, whose branches rest on it": {
			`step("One", function(run)
  local _, err = try(plant.running, "flaky")
  local what = err and "x" or "y"
  parallel({ "b" }, function(n) plant.start(what) plant.running("c") end)
end)`,
			map[string]int{"x": 1},
		},
		"a failure before a group, which names the branches": {
			`step("One", function(run)
  local _, err = try(plant.running, "flaky")
  parallel({ err and "x" or "y" }, function(n) plant.start("pump") plant.running("c") end)
end)`,
			map[string]int{"pump": 1},
		},
		"a failure in an earlier step": {
			`step("One", function(run)
  local _, err = try(plant.running, "flaky")
  run.what = err and "x" or "y"
end),
step("Two", function(run) plant.running("c") plant.start(run.what) end)`,
			map[string]int{"x": 1},
		},
		"the failure of a group before one with the same branches": {
			`step("One", function(run)
  try(parallel, { "b", "a" }, { limit = 2 }, function(n)
    if n == "b" then sleep(0.02) plant.start("g1b") else sleep(0.005) plant.running("broken") end
  end)
  parallel({ "a", "b" }, { limit = 2 }, function(n) plant.start("g2" .. n) if n == "b" then plant.running("c") end end)
end)`,
			map[string]int{"g1b": 1, "g2a": 1, "g2b": 1},
		},
		"a skip in the middle of a wait": {
			`step("One", function(run)
  wait_until({ name = "w", every = 0.001, timeout = 1 }, function() plant.running("q") skip("not needed") end)
end),
step("Two", function(run) plant.start("a") plant.running("c") end)`,
			map[string]int{"a": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			p.stuck["stuck"] = action.Errorf(action.CodeNotFound, "there is no such pump")
			p.fail["flaky"], p.fail["c"], p.fail["broken"] = unreachable, unreachable, unreachable
			text := inPlant(c.steps)
			first := p.failed(t, text)
			clear(p.fail)
			clear(p.stuck)
			p.finished(t, text, first, 0)
			assert.Equal(t, c.done, p.started)
		})
	}
}

func TestAnActionThatCouldNotBePredictedIsAskedForAgain(t *testing.T) {
	p := newPlant()
	p.stuck["x"] = unreachable
	text := inPlant(`step("One", function(run) plant.start("a") plant.start("x") end)`)
	first := p.failed(t, text)
	clear(p.stuck)
	p.finished(t, text, first, 0)
	assert.Equal(t, map[string]int{"a": 1, "x": 1}, p.started)
}

// What a script got is got again as it was, whatever a record makes of it.
func TestValuesAreHeardAsTheyWere(t *testing.T) {
	for name, call := range map[string]string{
		"a number too large for an integer": `plant.capacity().litres > 5 and "some" or "none"`,
		"a list of nothing":                 `tostring(#plant.alarms())`,
		"an integer that was asked for":     `type(ask("number")) .. ask("number")`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			p.fail["c"] = unreachable
			text := inPlant(`step("One", function(run) local got = ` + call + ` plant.running("c") plant.start(got) log(got) end)`)
			number := with(map[string]string{"number": "12000000"})
			first := p.failed(t, text, number)
			clear(p.fail)
			again, _ := p.finished(t, text, first, 0, number)
			calm, _ := newPlant().finished(t, text, nil, 0, number)
			assert.Equal(t, calm.shows(), again.shows())
		})
	}
}

func TestSecretsAreHeardAgain(t *testing.T) {
	for name, steps := range map[string]string{
		"as a branch":     `step("One", function(run) parallel({ run.params.secret }, function(n) plant.start(n) plant.running("c") end) end)`,
		"as a target":     `step("One", function(run) plant.start(run.params.secret) plant.running("c") end)`,
		"in what is read": `step("One", function(run) local name = plant.running(run.params.secret).name plant.running("c") plant.start(name) end)`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SECRET", "hunter2hunter2")
			secret := with(map[string]string{"secret": "${env:SECRET}"})
			p := newPlant()
			p.fail["c"] = unreachable
			text := inPlant(steps)
			first := p.failed(t, text, secret)
			clear(p.fail)
			p.finished(t, text, first, 0, secret)
			assert.Equal(t, map[string]int{"hunter2hunter2": 1}, p.started)
		})
	}
}

// Numbers are what a person says about an action with --settle, so each is of one action.
func TestNumbersOfActionsGoOn(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	text := inPlant(`step("One", function(run)
  parallel({ "a", "b" }, function(n)
    if n == "a" then plant.running("c") plant.start("a1") return end
    sleep(0.01)
    for i = 1, 50 do plant.running("q") end
    for i = 1, 3 do plant.start("b" .. i) end
  end)
end)`)
	first := p.failed(t, text)
	clear(p.fail)
	second, _ := p.finished(t, text, first, 0)
	numbers := map[int]bool{}
	for _, r := range second.of(journal.KindIntent) {
		numbers[r.Intent.Number] = true
	}
	assert.Len(t, numbers, 4)
}

// What was so already is no action, now or then.
func TestWhatWasSoAlreadyIsNotCounted(t *testing.T) {
	text := inPlant(`step("One", function(run) log(tostring(plant.remove("x"))) plant.running("c") end)`)
	p := newPlant()
	p.fail["c"] = unreachable
	failed := p.failed(t, text)
	clear(p.fail)
	for name, first := range map[string]*dying{"failed later": failed, "killed before its outcome": p.killed(t, text, isIntent)} {
		t.Run(name, func(t *testing.T) {
			again, result := p.finished(t, text, first, 0)
			assert.Zero(t, result.Actions)
			assert.Equal(t, []string{": false"}, again.shows())
			assert.Empty(t, p.sent)
		})
	}
}

func TestConsentHoldsForWhatItWasGivenFor(t *testing.T) {
	text := inPlant(`step("One", function(run) plant.flush("a") plant.running("c") plant.flush("b") end)`)
	t.Run("a flag counts for its own command line", func(t *testing.T) {
		for _, fromStep := range []int{0, 1} {
			p := newPlant()
			p.fail["c"] = unreachable
			first := p.failed(t, text, asking(Yes{Nobody{}}))
			clear(p.fail)
			people := &consenting{People: Absent{}, decision: gate.Yes}
			p.finished(t, text, first, fromStep, asking(people))
			assert.Equal(t, 1+fromStep, people.asked, "what is done anew is asked about anew")
		}
	})
	t.Run("a person's word for the run counts on", func(t *testing.T) {
		p := newPlant()
		p.fail["c"] = unreachable
		first := p.failed(t, text, asking(&consenting{People: Absent{}, decision: gate.AllRun}))
		clear(p.fail)
		people := &consenting{People: Absent{}, decision: gate.Yes}
		p.finished(t, text, first, 0, asking(people))
		assert.Zero(t, people.asked)
	})
	t.Run("not for a target that has changed before anything was written down", func(t *testing.T) {
		p := newPlant()
		people := &consenting{People: Yes{Nobody{}}, decision: gate.Yes}
		text := inPlant(`step("One", function(run) plant.start("a") end)`)
		first := p.killed(t, text, func(r *journal.Record) bool { return r.Kind == journal.KindConsent }, asking(people))
		p.started["a"] = 50
		p.finished(t, text, first, 0, asking(people))
		assert.Equal(t, 2, people.asked)
	})
	t.Run("and a no stays one, unless it ended the run", func(t *testing.T) {
		for name, steps := range map[string]string{
			"in a step of its own": `step("One", function(run) plant.start("n") end), step("Two", function(run) plant.running("c") log("two") end)`,
			"in a wait": `step("One", function(run)
  wait_until({ name = "w", every = 0.001, timeout = 1 }, function() plant.start("n") return true end)
end), step("Two", function(run) plant.running("q") plant.running("c") log("two") end)`,
		} {
			p := newPlant()
			p.fail["c"] = unreachable
			text := inPlant(steps)
			first := p.failed(t, text, asking(&consenting{People: Absent{}, decision: gate.No}))
			clear(p.fail)
			second, _, err := p.attempt(t, text, first, 0)
			require.NoError(t, err)
			assert.Equal(t, []string{": two"}, second.shows(), name)
			assert.Empty(t, p.started, name)
		}
	})
}

// Silence is no answer that a script could go on with, so there is none to be heard again.
func TestAQuestionThatNobodyAnsweredIsAskedAgain(t *testing.T) {
	for _, question := range []string{`ask, "how"`, `confirm, "sure?"`} {
		p := newPlant()
		text := inPlant(`step("One", function(run) plant.start("a") try(` + question + `) plant.start("b") end)`)
		first, result, err := p.attempt(t, text, nil, 0, asking(&consenting{People: Absent{}, decision: gate.Yes}))
		require.NoError(t, err)
		require.Equal(t, ExitDeclined, result.Exit)
		require.Equal(t, map[string]int{"a": 1}, p.started)
		p.finished(t, text, first, 0, with(map[string]string{"how": "hard"}))
		assert.Equal(t, map[string]int{"a": 1, "b": 1}, p.started)
	}
}

func TestARunThatMayHaveToAskIsNotTakenUpWhereNobodyIs(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	text := inPlant(`step("One", function(run) plant.running("c") plant.start("a") end)`)
	first := p.failed(t, text)
	clear(p.fail)
	second, _, err := p.attempt(t, text, first, 0, asking(Decided{People: Nobody{}}))
	require.ErrorContains(t, err, "nobody can be asked")
	assert.Len(t, second.records, len(first.records), "refused before anything was written down")
}

// A step that is begun anew is not done twice, but what was undone meanwhile is done again.
func TestAStepIsBegunAnewOnWhatIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		sent  []string
	}{
		"what was recreated": {
			`step("One", function(run) plant.remove("x") plant.build("x") plant.running("c") end)`,
			[]string{"remove x", "build x", "remove x", "build x"},
		},
		"what a clean-up undid": {
			`step("One", function(run) plant.build("y") on_exit(function() plant.remove("y") end) plant.running("c") end)`,
			[]string{"build y", "remove y", "build y", "remove y"},
		},
		"what still stands": {
			`step("One", function(run) plant.build("y") plant.running("c") end)`,
			[]string{"build y"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			p.tanks["x"] = "old"
			p.fail["c"] = unreachable
			text := inPlant(c.steps)
			first := p.failed(t, text)
			clear(p.fail)
			p.finished(t, text, first, 1)
			assert.Equal(t, c.sent, p.sent)
		})
	}
}

// Whatever step is begun anew, and wherever that is killed: what would do harm twice is done once.
func TestStepsBegunAnewTwiceDoNothingTwice(t *testing.T) {
	text := inPlant(`step("One", function(run) plant.start("a") end),
step("Two", function(run)
  plant.start("b")
  plant.flush("f")
  parallel({ "x", "y" }, function(n) plant.start(n) plant.flush("f" .. n) end)
end),
step("Three", function(run) plant.start("d") plant.running("c") plant.start("e") end)`)
	for at := 1; at < 24; at++ {
		t.Run(strconv.Itoa(at), func(t *testing.T) {
			p := newPlant()
			p.fail["c"] = unreachable
			second, _, err := p.attempt(t, text, p.failed(t, text), 3)
			require.NoError(t, err)
			third := &dying{at: len(second.records) + 1 + at, after: at%2 == 0}
			_, err = p.attemptInto(t.Context(), t, third, text, second, 2)
			require.NoError(t, err)
			clear(p.fail)
			p.finished(t, text, third, 0)
			for _, name := range []string{"a", "b", "x", "y", "d", "e"} {
				assert.Equal(t, 1, p.started[name], name)
			}
		})
	}
}

func TestAnActionOnWhatWasRecreatedMeanwhileIsNotSent(t *testing.T) {
	p := newPlant()
	p.tanks["x"] = "old"
	text := inPlant(`step("One", function(run) plant.remove("x") end)`)
	first := p.killed(t, text, isIntent)
	p.tanks["x"] = "recreated"
	second, result, err := p.attempt(t, text, first, 0)
	require.NoError(t, err)
	require.Equal(t, ExitDrift, result.Exit)
	require.Empty(t, p.sent)
	p.finished(t, text, second, 1)
	assert.Equal(t, []string{"remove x"}, p.sent, "a step that is begun anew looks again")
}

// A branch that had begun has to say what came of it, also where another fails before it has begun again.
func TestABranchThatHadBegunGoesOn(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	text := inPlant(`step("One", function(run)
  parallel({ "a", "b", "c" }, { limit = 1 }, function(n)
    if n == "a" and plant.running("q") and not select(2, try(plant.running, "c")) then error("it is back") end
    if n == "b" then parallel({ "x" }, function() plant.start("b") end) end
    if n == "c" then plant.start("c") end
  end)
end)`)
	first := p.killed(t, text, isIntent)
	clear(p.fail)
	second, result, err := p.attempt(t, text, first, 0)
	require.NoError(t, err)
	assert.Equal(t, ExitFailed, result.Exit)
	assert.Contains(t, second.why(), "it is back")
	assert.Equal(t, map[string]int{"b": 1}, p.started)
	assert.Len(t, second.of(journal.KindOutcome), 1)
}
