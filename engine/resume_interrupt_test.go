package engine

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// interrupting interrupts a run before the first record that it tells again and that is so.
func interrupting(cancel context.CancelCauseFunc, upon func(*journal.Record) bool) option {
	done := false
	return watching(func(r *journal.Record) {
		if r.Recalled && !done && upon(r) {
			done = true
			cancel(ErrInterrupted)
		}
	})
}

// interrupted takes up a run and interrupts it at a record that it tells again.
func (p *plant) interrupted(t *testing.T, text string, so *dying, upon func(*journal.Record) bool) *dying {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	next := &dying{}
	result, err := p.attemptInto(ctx, t, next, text, so, 0, interrupting(cancel, upon))
	require.NoError(t, err)
	require.Equal(t, ExitInterrupted, result.Exit, next.why())
	return next
}

// nth is true of the record with that number among those that it is asked about, from 1.
func nth(n int) func(*journal.Record) bool {
	return func(*journal.Record) bool { n--; return n == 0 }
}

// A run that is interrupted while it hears what it got before cleans up as any other.
func TestAnInterruptWhileARunIsHeardAgainCleansUp(t *testing.T) {
	text := inPlant(`step("One", function(run)
  on_exit(function() plant.flush("undo") end)
  plant.running("q")
  plant.running("q2")
  plant.start("a")
  plant.running("c")
end)`)
	isCleanUp := func(r *journal.Record) bool { return r.Kind == journal.KindStep && r.Step.CleanUp }
	for at := 3; at < 8; at++ {
		t.Run(fmt.Sprint(at), func(t *testing.T) {
			p := newPlant()
			p.fail["c"] = unreachable
			first := p.killed(t, text, isCleanUp)
			first.records = first.records[:len(first.records)-1] // right before them
			second := p.interrupted(t, text, first, nth(at))
			assert.Equal(t, map[string]int{"a": 1, "undo": 1}, p.started)
			assert.Empty(t, second.warnings())
		})
	}
}

// What clean-ups did in an earlier attempt can neither be heard from the middle of a step nor be done again, so they wait.
func TestAnInterruptBeforeCleanUpsThatHadBegunLeavesThemAlone(t *testing.T) {
	text := inPlant(`step("One", function(run)
  on_exit(function() plant.start("undo1") plant.start("undo2") end)
  plant.running("q")
  plant.start("a")
end)`)
	p := newPlant()
	intents := 0
	first := p.killed(t, text, func(r *journal.Record) bool {
		if isIntent(r) {
			intents++
		}
		return intents == 3 // undo2
	})
	done := map[string]int{"a": 1, "undo1": 1}
	require.Equal(t, done, p.started)
	second := p.interrupted(t, text, first, func(r *journal.Record) bool { return r.Kind == journal.KindRead })
	assert.Equal(t, done, p.started)
	assert.Len(t, second.warnings(), 1)
	p.finished(t, text, second, 0)
	assert.Equal(t, map[string]int{"a": 1, "undo1": 1, "undo2": 1}, p.started)
}

func TestNothingIsSentAfterAnInterruptWhileItIsSettled(t *testing.T) {
	p := newPlant()
	text := inPlant(`step("One", function(run) plant.start("a") end)`)
	first := p.killed(t, text, isIntent)
	second := p.interrupted(t, text, first, isIntent)
	assert.Empty(t, p.started)
	p.finished(t, text, second, 0)
	assert.Equal(t, map[string]int{"a": 1}, p.started)
}
