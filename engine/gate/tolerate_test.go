package gate

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/tape"
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

// pastOf is what a run that wrote these records down left to one that goes on.
func pastOf(records []journal.Record) *tape.Tape {
	list := make([]*journal.Record, len(records))
	for i := range records {
		r := records[i]
		if r.Outcome != nil && r.Outcome.Value != nil { // as a file would have encoded it
			text, err := json.Marshal(r.Outcome.Value)
			if err != nil {
				panic(err)
			}
			o := *r.Outcome
			o.Result, o.Value = text, nil
			r.Outcome = &o
		}
		list[i] = &r
	}
	return tape.New(list)
}

// A run that is taken up again hears of a tolerated failure what it heard then, and does not try again: the script went on without.
func TestAToleratedFailureIsHeardAgain(t *testing.T) {
	first := newFixture(t, Apply{})
	_, err := first.Act(first.ctx, Place{Step: "tell"}, message{&fakeAction{apply: always(action.Errorf(action.CodeRejected, "no such channel"))}})
	require.NoError(t, err)
	second := newFixture(t, Apply{})
	second.opts.Past = pastOf(first.sink.records)
	again := &fakeAction{}
	value, err := second.Act(second.ctx, Place{Step: "tell"}, message{again})
	require.NoError(t, err)
	assert.JSONEq(t, `"not sent: rejected"`, string(value.(json.RawMessage)))
	assert.Zero(t, again.attempts)
	last := second.sink.last()
	assert.True(t, last.Recalled)
	assert.Equal(t, journal.NotDone, last.Outcome.Status)
}

// nobodyToAsk is a settler that must not be asked.
type nobodyToAsk struct{ t *testing.T }

func (n nobodyToAsk) Settled(context.Context, *journal.Record, error) (action.Settlement, string, error) {
	n.t.Helper()
	require.Fail(n.t, "somebody was asked about a message")
	return action.Unknown, "", nil
}

// Of a message that was on its way when a run died nobody is asked: it is uncertain, and the script goes on. What is known by a key is sent
// again.
func TestAMessageThatWasOnItsWayWhenTheRunDied(t *testing.T) {
	for name, c := range map[string]struct {
		settled  action.Settlement
		value    any
		status   string
		attempts int
	}{
		"nobody knows":   {action.Unknown, "not sent: uncertain", journal.Uncertain, 0},
		"known by a key": {action.SendAgain, "applied", journal.Done, 1},
	} {
		t.Run(name, func(t *testing.T) {
			first := newFixture(t, Apply{})
			_, err := first.Act(first.ctx, Place{Step: "tell"}, message{&fakeAction{}})
			require.NoError(t, err)
			second := newFixture(t, Apply{})
			second.opts.Past, second.opts.Settler = pastOf(first.sink.records[:1]), nobodyToAsk{t} // its intent alone
			again := &fakeAction{settled: c.settled}
			value, err := second.Act(second.ctx, Place{Step: "tell"}, message{again})
			require.NoError(t, err)
			assert.Equal(t, c.value, value)
			assert.Equal(t, c.attempts, again.attempts)
			assert.Equal(t, c.status, second.sink.last().Outcome.Status)
			assert.Equal(t, c.status == journal.Uncertain, second.sink.last().Outcome.Tolerated)
		})
	}
}

// A message is planned without number and place, which its journal still has.
func TestAMessageIsAskedForByWhatItIsAlone(t *testing.T) {
	f := newFixture(t, Apply{}, Yes)
	plan := &approved{planned: &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{Evidence: action.Evidence{UID: "u1"}}}}
	f.opts.Approval = plan
	f.opts.Clean = func(s string) string { return strings.ReplaceAll(s, "ns", action.Masked) }
	for _, a := range []action.Action{message{&fakeAction{}}, message{&fakeAction{}}, message{&fakeAction{risk: action.Disruptive}}, &fakeAction{}} {
		_, err := f.Act(f.ctx, Place{Step: "tell", Branch: "b"}, a)
		require.NoError(t, err)
	}
	anywhere := strings.ReplaceAll((&fakeAction{}).Describe().Operation(), "ns", action.Masked)
	assert.Equal(t, []string{anywhere, anywhere, "", ""}, plan.anywhere)
	assert.NotEqual(t, plan.keys[0], plan.keys[1])
	var marks []bool
	for _, r := range f.sink.records {
		if r.Intent != nil {
			marks = append(marks, r.Intent.Repeatable)
		}
	}
	assert.Equal(t, []bool{true, true, false, false}, marks)
}

// A message that cannot be sent any more is no reason to leave what was planned half done.
func TestAMessageThatFailsIsNoDrift(t *testing.T) {
	for name, a := range map[string]*fakeAction{
		"its receiver is gone":       {predictErr: action.Errorf(action.CodeNotFound, "no such receiver")},
		"its receiver says conflict": {apply: always(action.Errorf(action.CodeConflict, "409"))},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			f.opts.Approval = &approved{planned: &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{Evidence: action.Evidence{UID: "u1"}}}}
			_, err := f.act(message{a})
			require.NoError(t, err)
			assert.NoError(t, f.ctx.Err(), "the run goes on")
			assert.True(t, f.sink.last().Outcome.Tolerated)
		})
	}
}

// What could not be sent when it was planned, and can now, is no reason to end the run either.
func TestAMessageThatCouldNotBePlanned(t *testing.T) {
	cannot := &journal.Outcome{Status: journal.NotDone, Tolerated: true, Error: &journal.Error{Message: "no such receiver"}}
	for _, c := range []struct {
		asked action.Action
		drift bool
	}{{message{&fakeAction{}}, false}, {&fakeAction{}, true}} {
		f := newFixture(t, Apply{})
		f.opts.Approval = &approved{planned: &journal.Record{Call: &journal.Call{}, Outcome: cannot}}
		_, err := f.act(c.asked)
		assert.Equal(t, c.drift, err != nil && action.CodeOf(err) == action.CodeDrift)
	}
}
