package engine

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// A binding that ignores its context once made every further Ctrl-C useless.
func TestASecondInterruptEndsARunThatIgnoresIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		script, endScript := context.WithCancelCause(t.Context())
		actions, endActions := context.WithCancelCause(t.Context())
		release, exited := make(chan struct{}), make(chan int, 1)
		b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, steps = {
  step("one", function() on_exit(function() log("cleaned up") end) valve.turn("a") end) } }`, carryOut())
		b.valve.hook = func() error {
			endScript(ErrInterrupted)
			endActions(fmt.Errorf("%w: a second time", ErrInterrupted))
			<-release
			return nil
		}
		b.cfg.Actions = actions
		began, waited := time.Now(), time.Duration(0)
		b.cfg.Exit = func(code int) { waited = time.Since(began); exited <- code; close(release) }
		_, err := Run(script, b.cfg)
		require.NoError(t, err)
		assert.Equal(t, ExitInterrupted, <-exited)
		assert.Equal(t, cutOffGrace, waited)

		outcomes := b.records.of(journal.KindOutcome)
		require.Len(t, outcomes, 1, "what the action says once the run is over is not written down")
		assert.Equal(t, journal.Uncertain, outcomes[0].Outcome.Status)
		last := b.records.all[len(b.records.all)-1]
		require.Equal(t, journal.KindEnd, last.Kind, "nothing follows the last record")
		assert.Equal(t, journal.Interrupted, last.End.Status)
		assert.Equal(t, "the clean-ups of this run were not called: it was ended from outside", b.records.of(journal.KindWarning)[0].Warning.Text)
	})
}

func TestASecondInterruptThatIsHeededKillsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		actions, endActions := context.WithCancelCause(t.Context())
		script, endScript := context.WithCancelCause(t.Context())
		b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, steps = { step("one", function() valve.turn("a") end) } }`, carryOut())
		b.valve.hook = func() error {
			endScript(ErrInterrupted)
			endActions(ErrInterrupted)
			return context.Canceled
		}
		b.cfg.Actions = actions
		result, err := Run(script, b.cfg)
		require.NoError(t, err)
		assert.Equal(t, ExitInterrupted, result.Exit)
		assert.Equal(t, journal.Uncertain, b.records.of(journal.KindOutcome)[0].Outcome.Status)
		time.Sleep(time.Hour) // of the bubble: nobody is killed later
	})
}

// The run waits for who reads it between two calls of the script, where an interrupt can end the wait, and nowhere else.
func TestARunWaitsForItsReaderBetweenCalls(t *testing.T) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, steps = { step("one", function()
  on_exit(function() valve.turn("back") end)
  valve.turn("a")
  valve.turn("b")
end) } }`, carryOut())
	turns := 0
	b.valve.hook = func() error { turns++; return nil }
	b.cfg.Pace = func(ctx context.Context) error {
		if turns == 0 {
			return nil
		}
		interrupt(ErrInterrupted)
		<-ctx.Done()
		return context.Cause(ctx)
	}
	result, err := Run(ctx, b.cfg)
	require.NoError(t, err)
	assert.Equal(t, ExitInterrupted, result.Exit)
	assert.Equal(t, []string{"a", "back"}, b.valve.turned, "clean-ups do not wait for a reader")
}

func TestNothingIsWrittenAfterTheEnd(t *testing.T) {
	records := &records{}
	s := &sealed{sink: records}
	require.NoError(t, s.Write(&journal.Record{Kind: journal.KindEnd, End: &journal.End{}}))
	err := s.Write(&journal.Record{Kind: journal.KindShow})
	require.ErrorIs(t, err, errEnded)
	require.Len(t, records.all, 1)
}
