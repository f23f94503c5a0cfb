package engine

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/plan"
)

const fallback = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.flush" }, steps = {
  step("Start", function(run)
    local started = false
    for _, name in ipairs({ "late", "late2", "spare" }) do
      if not started then started = try(plant.start, name) ~= nil end
    end
    if not started then plant.flush("page") end
  end),
  step("Flush", function()
    local _, errors = parallel({ "lost", "b" }, { on_error = "continue" }, function(name) plant.flush(name) end)
    for i = 1, 2 do if errors[i] then plant.flush("by hand " .. i) end end
  end),
  step("Go on", function() plant.flush("end") end),
} }`

// What a script does where an action fails that it catches was planned as well, for each line that asks for such actions.
func TestAFailureThatIsCaughtIsPlannedFor(t *testing.T) {
	sites := func(p *plant) []string {
		var out []string
		for _, turn := range p.planIt(t, fallback).Turns {
			out = append(out, turn.Name+"="+turn.Choice)
		}
		return out
	}
	assert.Equal(t, []string{"plant.start at test.lua:7=failed", "plant.flush at test.lua:12=failed"}, sites(newPlant()))
	for name, c := range map[string]struct {
		meanwhile func(p *plant)
		done      map[string]int
	}{
		"nothing fails": {func(*plant) {}, map[string]int{"late": 1, "lost": 1, "b": 1, "end": 1}},
		"two fail":      {func(p *plant) { p.foul = true }, map[string]int{"spare": 1, "lost": 1, "b": 1, "by hand 1": 1, "end": 1}},
		"none can": {
			func(p *plant) {
				for _, name := range []string{"late", "late2", "spare"} {
					p.stuck[name] = action.Errorf(action.CodeUnavailable, "away")
				}
			},
			map[string]int{"page": 1, "lost": 1, "b": 1, "end": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			approved := p.planIt(t, fallback)
			require.Empty(t, p.started, "a plan changes nothing")
			p.unsure = true
			c.meanwhile(p)
			sink, result := p.apply(t, fallback, approved)
			assert.Equal(t, ExitDone, result.Exit, sink.why())
			if c.done["spare"] > 0 { // what is lost is sent again, because it is idempotent
				c.done["lost"] = p.started["lost"]
			}
			assert.Equal(t, c.done, p.started)
		})
	}
}

const triedAgain = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.flush" }, steps = { step("Start", function()
  local done = false
  while not done do done = try(plant.start, "p") ~= nil end
  if try(plant.start, "late") == nil then plant.flush("instead") end
  plant.flush("end")
end) } }`

// A script that tries again for ever comes to its end in a rehearsal, and what it goes on with then is on the planned course still.
func TestAFailureThatIsTriedAgainIsNoOtherCourse(t *testing.T) {
	p := newPlant()
	approved := p.planIt(t, triedAgain)
	require.Len(t, approved.Turns, 1)
	instead, left := approved.Turns[0].Differs(approved)
	require.Len(t, instead, 1)
	assert.Equal(t, "instead", instead[0].Call.Target.Name)
	assert.Empty(t, left)
	_, result := p.apply(t, triedAgain, approved)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"p": 1, "late": 1, "end": 1}, p.started)
}

// What failed without a planned course is named where the run then asks for something else.
func TestAFailureWithoutACourseIsNamedInADrift(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.flush" }, steps = { step("Start", function()
  for i = 1, 2 do
    local _, err = try(plant.start, "late")
    if err and not err.message:find("assume") then plant.flush(err.code) end
  end
end) } }`
	p := newPlant()
	approved := p.planIt(t, text)
	require.Empty(t, approved.Turns)
	p.foul = true
	sink, result := p.apply(t, text, approved)
	assert.Equal(t, ExitDrift, result.Exit)
	assert.Equal(t, journal.Drifted, sink.end().Status)
	assert.Contains(t, sink.end().Error.Message, "; before that plant.start at test.lua:5 failed, and the plan has no course for that; it was not sent")
	assert.Empty(t, p.started)
}

// A person can look at the course of a failure, and is told where there is none.
func TestAFailureIsRehearsed(t *testing.T) {
	for name, c := range map[string]struct {
		exit    int
		intends []string
		message string
	}{
		"plant.start":               {ExitDone, []string{"late", "late2", "spare", "page", "lost", "b", "end"}, ""},
		"plant.start at test.lua:7": {ExitDone, []string{"late", "late2", "spare", "page", "lost", "b", "end"}, ""},
		"pumps/late":                {ExitDone, []string{"late", "late2", "lost", "b", "end"}, ""},
		"plant.flush pumps/b":       {ExitDone, []string{"late", "lost", "b", "by hand 2", "end"}, ""},
		"pumps/end":                 {ExitUsage, []string{"late", "lost", "b", "end"}, `--assume "pumps/end"=failed rehearsed nothing: the run came to no action whose failure the script catches of that name`},
	} {
		t.Run(name, func(t *testing.T) {
			sink := &dying{}
			cfg := newPlant().bench(t, fallback, sink)
			cfg.Mode = Dry(start, Otherwise{Fails: []string{name}})
			result, err := Run(t.Context(), cfg)
			require.NoError(t, err)
			assert.Equal(t, c.exit, result.Exit, sink.why())
			intended := map[string]bool{}
			for _, r := range sink.records {
				if r.Kind == journal.KindIntent {
					intended[r.Call.Target.Name] = true
				}
			}
			for _, target := range c.intends {
				assert.True(t, intended[target], target)
			}
			assert.Len(t, intended, len(c.intends))
			if c.message != "" {
				assert.Contains(t, sink.end().Error.Message, c.message)
				assert.Contains(t, sink.end().Error.Hint, "name one of the actions that may fail: plant.start at test.lua:7")
			}
		})
	}
}

// What is tried again after something else is part of the course, and shown.
func TestWhatIsTriedAgainLaterIsPlanned(t *testing.T) {
	const head = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.flush" }, steps = { step("Start", function()
`
	for name, c := range map[string]struct {
		body    string
		instead []string
		done    map[string]int
	}{
		"after another remedy": {
			`if try(plant.start, "a") == nil then plant.flush("x"); plant.start("a"); plant.flush("y") end`,
			[]string{"x", "a", "y"}, map[string]int{"a": 1, "x": 1, "y": 1},
		},
		"in a second round": {
			`local failed = {}
for _, name in ipairs({ "a", "b" }) do if try(plant.start, name) == nil then table.insert(failed, name) end end
for _, name in ipairs(failed) do plant.start(name); plant.flush("check " .. name) end`,
			[]string{"a", "check a", "b", "check b"}, map[string]int{"a": 1, "b": 1, "check a": 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p, text := newPlant(), head+c.body+"\nend) } }"
			approved := p.planIt(t, text)
			require.Len(t, approved.Turns, 1)
			instead, _ := approved.Turns[0].Differs(approved)
			var shown []string
			for _, r := range instead {
				shown = append(shown, r.Call.Target.Name)
			}
			assert.Equal(t, c.instead, shown)
			p.stuck["a"] = action.Errorf(action.CodeUnavailable, "away")
			sink, result := p.apply(t, text, approved, watching(func(r *journal.Record) {
				if r.Kind == journal.KindOutcome && r.Outcome.Error != nil {
					p.mu.Lock()
					defer p.mu.Unlock()
					delete(p.stuck, "a")
				}
			}))
			assert.Equal(t, ExitDone, result.Exit, sink.why())
			assert.Equal(t, c.done, p.started)
		})
	}
}

// What comes after a failure is as it was planned on one of the courses: not all actions of a line fail where one does, and what failed in
// the rehearsal already is no other course.
func TestAFailureOfOneDoesNotMakeTheOthersADrift(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.build", "plant.remove", "plant.start" }, steps = { step("Build", function()
  for _, name in ipairs({ "one", "two" }) do
    local _, err = try(plant.build, name)
    if err and name == "two" then plant.start("instead") end
  end
  plant.remove("two")
end) } }`
	t.Run("as planned", func(t *testing.T) {
		p := newPlant()
		p.tanks["one"] = "tank-0"
		approved := p.planIt(t, text)
		sink, result := p.apply(t, text, approved)
		assert.Equal(t, ExitDone, result.Exit, sink.why())
		assert.Equal(t, []string{"build two", "remove two"}, p.sent)
	})
	t.Run("one of two", func(t *testing.T) {
		p := newPlant()
		approved := p.planIt(t, text)
		p.stuck["one"] = action.Errorf(action.CodeUnavailable, "away")
		sink, result := p.apply(t, text, approved)
		assert.Equal(t, ExitDone, result.Exit, sink.why())
		assert.Equal(t, []string{"build two", "remove two"}, p.sent)
	})
}

// What a course counts on the run to have made is approved by it only once that was made: otherwise nothing would be known of it.
func TestNothingIsDoneToWhatTheRunDidNotMake(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		theirs  string
		sent    []string
		message string
	}{
		"on the course of another's failure": {
			`for _, name in ipairs({ "a", "b" }) do
				if try(plant.start, name) == nil then plant.build(name) end
			end
			plant.remove("b")`,
			"b", []string{"build a"}, "there was nothing to do when this was planned",
		},
		"because that failed": {
			`try(plant.build, "a")
			plant.build("c")
			plant.remove("a")`,
			"a", []string{"build c"}, "plant.remove tanks/a is not as planned: the run was to make that itself before, and did not",
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.build", "plant.remove" }, steps = { step("Start", function()
` + c.body + "\nend) } }"
			p := newPlant()
			approved := p.planIt(t, text)
			p.stuck["a"] = action.Errorf(action.CodeUnavailable, "away")
			sink, result := p.apply(t, text, approved, watching(func(r *journal.Record) {
				if r.Kind == journal.KindOutcome && r.Outcome.Error != nil {
					p.mu.Lock()
					defer p.mu.Unlock()
					delete(p.stuck, "a")
					p.tanks[c.theirs] = "somebody else's"
				}
			}))
			assert.Equal(t, ExitDrift, result.Exit, sink.why())
			assert.Contains(t, sink.why(), c.message)
			assert.Equal(t, c.sent, p.sent)
		})
	}
}

// Wherever an apply dies on the course of a failure, the run that takes it up is on the same course.
func TestARunOnTheCourseOfAFailureIsTakenUp(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.build", "plant.remove" }, steps = { step("Start", function()
  local done = false
  for i = 1, 2 do
    done = done or try(plant.start, "late") ~= nil
    if not done then plant.build("x" .. i) end
  end
  if not done then plant.remove("x1"); plant.start("instead") end
  plant.start("end")
end) } }`
	for at := 3; ; at++ {
		p := newPlant()
		approved := p.planIt(t, text)
		p.foul = true
		first := &dying{at: at, after: true}
		_, err := p.attemptInto(t.Context(), t, first, text, nil, 0, applying(approved))
		require.NoError(t, err)
		if !first.dead {
			require.Greater(t, at, 10)
			return
		}
		if first.end() == nil {
			p.finished(t, text, first, 0, applying(approved))
		}
		assert.Equal(t, map[string]int{"instead": 1, "end": 1}, p.started, "killed after record %d", at)
		assert.Equal(t, []string{"build x1", "build x2", "remove x1"}, p.sent)
	}
}

// A script that tries something else each time until it succeeds comes to its end in a rehearsal as well.
func TestAFailureThatIsAnsweredByAnotherWithoutEndIsBounded(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start" }, steps = { step("Start", function()
  local n = 0
  repeat n = n + 1 until try(plant.start, "p" .. n)
  plant.start("end")
end) } }`
	approved := newPlant().planIt(t, text)
	require.Len(t, approved.Turns, 1)
	assert.Len(t, approved.Turns[0].Actions, 1002)
}

// A remedy that fails, as does what the script falls back to, is one course: the second comes only after the first.
func TestAFallbackThatFailsAsWellIsPlannedFor(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start" }, steps = { step("Start", function()
  if try(plant.start, "late") == nil then
    plant.start("between")
    if try(plant.start, "late2") == nil then
      plant.start("spare")
    end
  end
  if try(plant.start, "end") == nil then plant.start("after") end
end) } }`
	p := newPlant()
	approved := p.planIt(t, text)
	var courses []string
	for _, turn := range approved.Turns {
		instead, _ := turn.Differs(approved)
		courses = append(courses, turn.Name)
		for _, r := range instead {
			courses = append(courses, r.Call.Target.Name)
		}
	}
	assert.Equal(t, []string{
		"plant.start at test.lua:4", "between", "late2", "plant.start at test.lua:10", "after", "plant.start at test.lua:6", "between", "late2", "spare",
	}, courses)
	p.foul = true
	sink, result := p.apply(t, text, approved)
	assert.Equal(t, ExitDone, result.Exit, sink.why())
	assert.Equal(t, map[string]int{"between": 1, "spare": 1, "end": 1}, p.started)
}

// What would send nothing cannot fail: to rehearse that it does rehearses nothing.
func TestWhatIsDoneAlreadyIsNotRehearsedAsFailing(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.remove tanks" }, steps = { step("Remove", function() try(plant.remove, "nothere") end) } }`
	sink := &dying{}
	cfg := newPlant().bench(t, text, sink)
	cfg.Mode = Dry(start, Otherwise{Fails: []string{"plant.remove"}})
	result, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Equal(t, ExitUsage, result.Exit, sink.why())
}

// Which of several branches came how far when one of them failed is chance, and no change of the site.
func TestAFailureInOneOfSeveralBranchesIsPlannedFor(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.flush" }, steps = { step("Start", function()
  try(parallel, { "a", "b", "c", "d" }, function(name) plant.start(name); plant.flush(name) end)
end) } }`
	for range 20 {
		approved := newPlant().planIt(t, text) // which is not refused
		assert.Len(t, plan.Actions(approved.Records), 8)
	}
}
