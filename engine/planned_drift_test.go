package engine

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/plan"
)

// What the world is like now is not what it was when the plan was made: nothing that was not approved is sent.
func TestNothingIsSentThatWasNotApproved(t *testing.T) {
	gone := action.Errorf(action.CodeNotFound, "there is no such pump")
	for name, c := range map[string]struct {
		steps     string
		before    func(p *plant) // when the plan is made
		meanwhile func(p *plant)
		message   string
	}{
		"there was nothing to do": {
			`step("One", function(run) plant.remove("x") end)`,
			nil, func(p *plant) { p.tanks["x"] = "new" },
			"there was nothing to do when this was planned",
		},
		"it could not be done": {
			`step("One", function(run) try(plant.start, "x") end)`,
			func(p *plant) { p.stuck["x"] = gone }, func(p *plant) { clear(p.stuck) },
			"it could not be done when this was planned (there is no such pump), and could now",
		},
		"it cannot be done any more, and the script would live with it": {
			`step("One", function(run) try(plant.build, "x") plant.flush("a") end)`,
			nil, func(p *plant) { p.tanks["x"] = "somebody else's" },
			"it cannot be done any more: there is a tank x",
		},
		"another has its name": {
			`step("One", function(run) plant.remove("x") end)`,
			func(p *plant) { p.tanks["x"] = "old" }, func(p *plant) { p.tanks["x"] = "new" },
			"uid was old and is new now",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlant()
			if c.before != nil {
				c.before(p)
			}
			text := inPlant(c.steps)
			approved := p.planIt(t, text)
			c.meanwhile(p)
			sink, result := p.apply(t, text, approved)
			assert.Equal(t, ExitDrift, result.Exit)
			assert.Contains(t, sink.why(), c.message)
			assert.Empty(t, p.sent)
			assert.Empty(t, p.started)
		})
	}
}

// What is still as it was is no drift, whatever it was.
func TestWhatIsAsItWasIsDoneAsPlanned(t *testing.T) {
	for name, c := range map[string]struct {
		steps string
		done  map[string]int
	}{
		"what cannot be done, as then":   {`step("One", function(run) try(plant.start, "stuck") plant.start("a") end)`, map[string]int{"a": 1}},
		"nothing to do, as then":         {`step("One", function(run) plant.remove("x") plant.start("a") end)`, map[string]int{"a": 1}},
		"on what the run itself makes":   {`step("One", function(run) plant.build("x") plant.remove("x") plant.build("x") end)`, map[string]int{}},
		"a secret as a target":           {`step("One", function(run) plant.start(run.params.secret) end)`, map[string]int{"hunter2hunter2": 1}},
		"a secret as a branch":           {`step("One", function(run) parallel({ run.params.secret }, function() plant.start("a") end) end)`, map[string]int{"a": 1}},
		"secrets that look the same":     {`step("One", function(run) plant.start(run.params.secret) plant.start(run.params.secret2) end)`, map[string]int{"hunter2hunter2": 1, "swordfish99": 1}},
		"branches that are numbers only": {`step("One", function(run) parallel({ "#2", {} }, function(n, i) plant.start("p" .. i) end) end)`, map[string]int{"p1": 1, "p2": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SECRET", "hunter2hunter2")
			t.Setenv("SECRET2", "swordfish99")
			secrets := with(map[string]string{"secret": "${env:SECRET}", "secret2": "${env:SECRET2}"})
			p := newPlant()
			p.stuck["stuck"] = action.Errorf(action.CodeNotFound, "there is no such pump")
			text := inPlant(c.steps)
			approved := p.planIt(t, text, secrets)
			sink, result := p.apply(t, text, approved, secrets)
			assert.Equal(t, ExitDone, result.Exit, sink.why())
			assert.Equal(t, c.done, p.started)
		})
	}
}

// What would be done where an assumption does not hold is rehearsed at the time of the rehearsal, whatever time that took.
func TestTurnsBeginAtTheSameTime(t *testing.T) {
	text := inPlant(`step("One", function(run)
  plant.start("at" .. time.format(time.now(), "minute"))
  sleep(3600)
  try(wait_until, { name = "w", every = 1, timeout = 5 }, function() return false end)
end)`)
	approved := newPlant().planIt(t, text)
	require.Len(t, approved.Turns, 1)
	assert.Equal(t, plan.Actions(approved.Records)[0].Key, approved.Turns[0].Actions[0].Key)
}

// A run that applies a plan is held to it when it is taken up, wherever it was killed.
func TestAnApplyKilledAnywhereDoesWhatWasPlanned(t *testing.T) {
	text := inPlant(`step("One", function(run)
  plant.build("m")
  on_exit(function() plant.remove("m") end)
  parallel({ "x", "y" }, function(n) plant.start(n) end)
  local _, err = try(wait_until, { name = "w", every = 0.05, timeout = 0.1 }, function() return plant.running("never").starts > 0 end)
  if err then plant.start("page") else plant.start("fine") end
end)`)
	approved := newPlant().planIt(t, text)
	whole, _ := newPlant().apply(t, text, approved)
	for at := 3; at < len(whole.records); at++ {
		t.Run(fmt.Sprintf("%d %s", at, whole.records[at-1].Kind), func(t *testing.T) {
			t.Parallel() // each waits for real
			p := newPlant()
			first := &dying{at: at, after: at%2 == 0}
			_, err := p.attemptInto(t.Context(), t, first, text, nil, 0, applying(approved))
			require.NoError(t, err)
			p.finished(t, text, first, 0, applying(approved))
			assert.Equal(t, map[string]int{"x": 1, "y": 1, "page": 1}, p.started)
			assert.Equal(t, []string{"build m", "remove m"}, p.sent)
		})
	}
}

// A script that tries again what did not happen does what was planned, also where the run died between two attempts.
func TestAnApplyThatTriesAgainDoesWhatWasPlanned(t *testing.T) {
	text := inPlant(`step("One", function(run)
  for _ = 1, 5 do
    if pcall(plant.start, "q") then break end
  end
  plant.start("after")
end)`)
	approved := newPlant().planIt(t, text)
	// The plant is away until two attempts have failed.
	away := func(p *plant) option {
		failed := 0
		p.stuck["q"] = action.Errorf(action.CodeUnavailable, "away")
		return watching(func(r *journal.Record) {
			if r.Outcome == nil || r.Outcome.Status != journal.NotDone || r.Recalled {
				return
			}
			p.mu.Lock()
			defer p.mu.Unlock()
			if failed++; failed == 2 {
				delete(p.stuck, "q")
			}
		})
	}
	p := newPlant()
	whole, result := p.apply(t, text, approved, away(p))
	require.Equal(t, ExitDone, result.Exit, whole.why())
	require.Len(t, whole.of(journal.KindOutcome), 4)
	for at := 3; at < len(whole.records); at++ {
		p, first := newPlant(), &dying{at: at, after: at%2 == 0}
		held := away(p)
		_, err := p.attemptInto(t.Context(), t, first, text, nil, 0, applying(approved), held)
		require.NoError(t, err)
		p.finished(t, text, first, 0, applying(approved), held)
		assert.Equal(t, map[string]int{"q": 1, "after": 1}, p.started, "killed at record %d", at)
	}
}
