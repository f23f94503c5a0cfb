package engine

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// A run that died in its clean-ups goes on in them.
func TestARunKilledInItsCleanUpsFinishesThem(t *testing.T) {
	text := inPlant(`step("One", function(run)
  plant.start("a")
  on_exit(function() plant.start("undo1") plant.start("undo2") end)
end)`)
	whole, _ := newPlant().finished(t, text, nil, 0)
	for at := 4; at < len(whole.records); at++ {
		t.Run(fmt.Sprintf("%d %s", at, whole.records[at-1].Kind), func(t *testing.T) {
			p := newPlant()
			first := &dying{at: at, after: true}
			_, err := p.attemptInto(t.Context(), t, first, text, nil, 0)
			require.NoError(t, err)
			p.finished(t, text, first, 0)
			assert.Equal(t, map[string]int{"a": 1, "undo1": 1, "undo2": 1}, p.started)
		})
	}
}

func TestARunThatFailedInItsCleanUpsFinishesThem(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	text := inPlant(`step("One", function(run)
  plant.start("a")
  on_exit(function() plant.running("c") plant.start("u2") end)
  on_exit(function() plant.start("u1") end)
end)`)
	first := p.failed(t, text)
	require.Equal(t, map[string]int{"a": 1, "u1": 1}, p.started)
	clear(p.fail)
	p.finished(t, text, first, 0)
	assert.Equal(t, map[string]int{"a": 1, "u1": 1, "u2": 1}, p.started)
}

// The failure that led to the clean-ups is heard again: they undo what came of it.
func TestARunKilledInTheCleanUpsOfAFailureEndsFailed(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	text := inPlant(`step("One", function(run) on_exit(function() plant.start("undo") end) plant.running("c") plant.start("a") end)`)
	first := p.killed(t, text, isIntent)
	require.Empty(t, p.started)
	clear(p.fail)
	second, result, err := p.attempt(t, text, first, 0)
	require.NoError(t, err)
	assert.Equal(t, ExitFailed, result.Exit)
	assert.Equal(t, "no route to host", second.end().Error.Message)
	assert.Equal(t, map[string]int{"undo": 1}, p.started)
}

func TestCleanUpsThatChangedThingsForbidToGoOnInTheMiddle(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	text := inPlant(`step("One", function(run)
  plant.flush("a")
  on_exit(function() plant.flush("undo") end)
  plant.running("c")
end)`)
	first := p.failed(t, text)
	require.Equal(t, map[string]int{"a": 1, "undo": 1}, p.started)
	delete(p.fail, "c")
	_, _, err := p.attempt(t, text, first, 0)
	require.ErrorContains(t, err, "the clean-ups of run")
	require.ErrorContains(t, err, "plant.flush pumps/undo")
	p.finished(t, text, first, 1)
	assert.Equal(t, map[string]int{"a": 2, "undo": 2}, p.started)
}

func TestCleanUpsThatChangedNothingForbidNothing(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	text := inPlant(`step("One", function(run)
  on_exit(function() plant.remove("none") log(plant.running("x").starts) end)
  plant.start("x")
  plant.running("c")
end)`)
	first := p.failed(t, text)
	clear(p.fail)
	second, _ := p.finished(t, text, first, 0)
	assert.Equal(t, map[string]int{"x": 1}, p.started)
	assert.Equal(t, []string{": 1"}, second.shows(), "they were called again at the new end, and only that holds")
}

// In which order branches add their clean-ups is chance, and no other when the run is heard again.
func TestCleanUpsOfBranchesKeepTheirOrder(t *testing.T) {
	p := newPlant()
	text := inPlant(`step("One", function(run)
  on_exit(function() plant.start("outer") end)
  parallel({ "a", "b" }, function(n)
    if n == "a" then sleep(0.02) end
    on_exit(function() plant.start(n) log(n) end)
  end)
  on_exit(function() plant.start("last") log("last") end)
end)`)
	whole, _ := p.finished(t, text, nil, 0)
	require.Equal(t, []string{": last", ": a", ": b"}, whole.shows())
	assertReplays(t, text, whole)

	p = newPlant()
	intents := 0
	first := p.killed(t, text, func(r *journal.Record) bool {
		if isIntent(r) {
			intents++
		}
		return intents == 2
	})
	second, _ := p.finished(t, text, first, 0)
	assert.Equal(t, whole.shows(), second.shows())
	assert.Equal(t, map[string]int{"outer": 1, "a": 1, "b": 1, "last": 1}, p.started)
}
