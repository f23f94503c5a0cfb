package gate

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// message is an action that may fail.
type message struct{ *fakeAction }

func (message) Failed(err error) any { return "not sent: " + string(action.CodeOf(err)) }

func TestAToleratedFailureIsWrittenDownAndDoesNotEndTheScript(t *testing.T) {
	for _, c := range []struct {
		name     string
		act      fakeAction
		value    any
		status   string
		attempts int
	}{
		{"refused for good", fakeAction{apply: always(action.Errorf(action.CodeRejected, "no such channel"))}, "not sent: rejected", journal.NotDone, 1},
		{"away for long", fakeAction{apply: always(action.Errorf(action.CodeUnavailable, "503").Again())}, "not sent: unavailable", journal.NotDone, 5},
		{"nobody knows", fakeAction{apply: always(action.Errorf(action.CodeTimeout, "no answer"))}, "not sent: uncertain", journal.Uncertain, 1},
		{"known by a key", fakeAction{apply: always(action.Errorf(action.CodeTimeout, "no answer")), settled: action.SendAgain}, "not sent: uncertain", journal.Uncertain, 5},
		{"cannot be predicted", fakeAction{predictErr: action.Errorf(action.CodeNotFound, "no such receiver")}, "not sent: not_found", journal.NotDone, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			value, err := f.Act(f.ctx, Place{Step: "tell"}, message{&c.act})
			require.NoError(t, err)
			assert.Equal(t, c.value, value)
			last := f.sink.last()
			assert.Equal(t, journal.KindOutcome, last.Kind)
			assert.Equal(t, c.status, last.Outcome.Status)
			assert.True(t, last.Outcome.Tolerated)
			assert.NotNil(t, last.Outcome.Error)
			assert.Equal(t, c.attempts, c.act.attempts)
			assert.NoError(t, f.ctx.Err(), "the run goes on")
		})
	}
}

func TestWhatIsNoFailureOfTheMessageItselfIsNotTolerated(t *testing.T) {
	for _, code := range fatal {
		f := newFixture(t, Apply{})
		_, err := f.Act(f.ctx, Place{}, message{&fakeAction{apply: always(action.Errorf(code, "no"))}})
		assert.Equal(t, code, action.CodeOf(err))
		assert.False(t, f.sink.last().Outcome.Tolerated)
	}
}

func TestWhatIsKnownByAKeyIsSentAgainAfterALostAnswer(t *testing.T) {
	f := newFixture(t, Apply{})
	act := &fakeAction{settled: action.SendAgain, apply: func(attempt int) error {
		if attempt == 1 {
			return action.Errorf(action.CodeTimeout, "no answer")
		}
		return nil
	}}
	value, err := f.Act(f.ctx, Place{}, act)
	require.NoError(t, err)
	assert.Equal(t, "predicted", value)
	assert.Equal(t, 2, act.attempts)
	assert.Equal(t, journal.Done, f.sink.last().Outcome.Status)
}

func always(err error) func(int) error { return func(int) error { return err } }
