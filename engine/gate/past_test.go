package gate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/tape"
)

// heardBy is a gate that hears records again.
func heardBy(t *testing.T, records ...journal.Record) *fixture {
	t.Helper()
	f := newFixture(t, Apply{})
	past := make([]*journal.Record, len(records))
	for i := range records {
		past[i] = &records[i]
	}
	f.opts.Past = tape.New(past)
	return f
}

// A secret that was read was written down only as such, so it is read again; everything else is not.
func TestWhatWasMaskedIsReadAgain(t *testing.T) {
	for name, masked := range map[string]bool{"masked": true, "plain": false} {
		t.Run(name, func(t *testing.T) {
			first := newFixture(t, Apply{})
			_, err := first.Read(first.ctx, Place{Step: "s"}, &fakeRead{})
			require.NoError(t, err)
			record := first.sink.last()
			record.Outcome.Masked = masked

			f := heardBy(t, record)
			again := &fakeRead{}
			v, err := f.Read(f.ctx, Place{Step: "s"}, again)
			require.NoError(t, err)
			assert.Equal(t, "seen", v)
			if masked {
				assert.Equal(t, 1, again.calls)
				for _, r := range f.sink.records {
					assert.True(t, r.Recalled, "what was seen now is not written down: it stands there")
				}
			} else {
				assert.Zero(t, again.calls)
			}

			replay, never := newFixture(t, Offline{}), &fakeRead{}
			replay.opts.Past = tape.New([]*journal.Record{&record}).Closed()
			_, err = replay.Read(replay.ctx, Place{Step: "s"}, never)
			require.NoError(t, err)
			assert.Zero(t, never.calls, "a replay asks no site")
		})
	}
}

// What could not be predicted was asked for all the same, and gets the same error again.
func TestWhatCouldNotBePredictedIsWrittenDown(t *testing.T) {
	cannot := action.Errorf(action.CodeNotFound, "there is no such pod")
	first := newFixture(t, Apply{})
	_, err := first.act(&fakeAction{predictErr: cannot})
	require.ErrorIs(t, err, cannot)
	require.Equal(t, []journal.Kind{journal.KindOutcome}, first.sink.kinds())
	record := first.sink.last()
	assert.Equal(t, journal.NotDone, record.Outcome.Status)

	f := heardBy(t, record)
	a := &fakeAction{}
	_, err = f.act(a)
	require.EqualError(t, err, "there is no such pod")
	assert.Zero(t, a.attempts)
	assert.True(t, f.sink.last().Recalled)
	_, err = f.act(a)
	require.NoError(t, err, "the next is another")
	assert.Equal(t, 1, a.attempts)
}

// Secrets in keys are hidden before occurrences are counted, so that a key is found again where two of them look the same.
func TestKeysAreCleanBeforeTheyAreCounted(t *testing.T) {
	f := newFixture(t, Apply{})
	f.opts.Clean = strings.NewReplacer("hunter2", "[secret]", "swordfish", "[secret]").Replace
	for _, branch := range []string{"hunter2", "swordfish"} {
		_, err := f.Read(f.ctx, Place{Step: "s", Branch: branch}, &fakeRead{})
		require.NoError(t, err)
	}
	assert.Contains(t, f.sink.records[0].Key, "[secret]")
	assert.Equal(t, strings.TrimSuffix(f.sink.records[0].Key, "1")+"2", f.sink.records[1].Key)
}

func TestDrift(t *testing.T) {
	clean := strings.NewReplacer("hunter2", "[secret]").Replace
	old := func(v any) action.Evidence { return action.Evidence{UID: "u", Old: map[string]any{"f": v}} }
	long := strings.Repeat("x", 100_000)
	for name, c := range map[string]struct {
		then  journal.Intent
		now   action.Evidence
		drift string // "" for none
	}{
		"nothing":                            {journal.Intent{Evidence: old(1)}, old(1), ""},
		"a number that went through a file":  {journal.Intent{Evidence: old(3.0)}, old(int64(3)), ""},
		"large numbers":                      {journal.Intent{Evidence: old(int64(1<<53 + 1))}, old(int64(1 << 53)), "f was 9007199254740993 and is 9007199254740992 now"},
		"a field that was not there":         {journal.Intent{Evidence: action.Evidence{UID: "u"}}, old("new"), `f was not set and is "new" now`},
		"a field that is not there any more": {journal.Intent{Evidence: old("old")}, action.Evidence{UID: "u"}, `f was "old" and is not set now`},
		"another object":                     {journal.Intent{Evidence: old(1)}, action.Evidence{UID: "v"}, "it is another one of that name (uid was u and is v now)"},
		"an object that is gone":             {journal.Intent{Evidence: old(1)}, action.Evidence{}, "it does not exist any more (uid was u)"},
		"texts that differ at their end":     {journal.Intent{Evidence: old(long + "ä1")}, old(long + "ä2"), `ä1" and is …`},
		"texts that differ at their begin":   {journal.Intent{Evidence: old("1" + long)}, old("2" + long), `f was "1xx`},
		"an object where there was none":     {journal.Intent{}, action.Evidence{UID: "v"}, "it did not exist then, and does now (uid v)"},
		"a secret, which is written as such": {journal.Intent{Evidence: old("[secret]")}, old("hunter2"), ""},
		"a uid with a secret in it":          {journal.Intent{Evidence: action.Evidence{UID: "of-[secret]"}}, action.Evidence{UID: "of-hunter2"}, ""},
		"what the run itself makes":          {journal.Intent{Made: true}, old("anything"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			f.opts.Clean = clean
			how := f.drifted(&c.then, c.now)
			if c.drift == "" {
				assert.Empty(t, how)
				return
			}
			assert.Contains(t, how, c.drift)
			assert.Less(t, len(how), 500, "as much as a person reads")
		})
	}
}

// With a plan, a target that changes at the last moment is drift, which a script cannot catch; without one it is a conflict like any
// other.
func TestAConflictWhileSendingIsDriftWhereThereIsAPlan(t *testing.T) {
	conflict := func(int) error { return action.Errorf(action.CodeConflict, "the object has been modified") }
	planned := &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{Evidence: action.Evidence{UID: "u1"}}}
	for name, c := range map[string]struct {
		approval Approval
		code     action.Code
		halted   bool
	}{
		"with a plan":    {&approved{planned: planned}, action.CodeDrift, true},
		"without a plan": {anything{}, action.CodeConflict, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			f.opts.Approval = c.approval
			_, err := f.act(&fakeAction{apply: conflict})
			assert.Equal(t, c.code, action.CodeOf(err))
			assert.Equal(t, c.halted, f.ctx.Err() != nil)
			assert.Equal(t, journal.NotDone, f.sink.last().Outcome.Status)
		})
	}
}

// A plan says what can be done; where the way to the target fails for the moment, that is no drift.
func TestWhatCannotBePredictedUnderAPlan(t *testing.T) {
	could := &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{Evidence: action.Evidence{UID: "u1"}}}
	couldNot := &journal.Record{Call: &journal.Call{}, Outcome: &journal.Outcome{Error: &journal.Error{Message: "it did not exist"}}}
	nothingToDo := &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{Unchanged: true, Note: "it is gone already"}}
	gone, away := action.Errorf(action.CodeNotFound, "gone"), action.Errorf(action.CodeUnavailable, "away")
	for name, c := range map[string]struct {
		planned *journal.Record
		now     fakeAction
		drift   bool
	}{
		"it could, and is gone":                 {could, fakeAction{predictErr: gone}, true},
		"it could, and nobody answers":          {could, fakeAction{predictErr: away}, false},
		"it could, and is so already":           {could, fakeAction{unchanged: true}, false},
		"it could not, and cannot":              {couldNot, fakeAction{predictErr: gone}, false},
		"it could not, and nobody answers":      {couldNot, fakeAction{predictErr: away}, false},
		"it could not, and can":                 {couldNot, fakeAction{}, true},
		"there was nothing to do, and there is": {nothingToDo, fakeAction{}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			f.opts.Approval = &approved{planned: c.planned}
			_, err := f.act(&c.now)
			assert.Equal(t, c.drift, action.CodeOf(err) == action.CodeDrift, "%v", err)
			assert.Equal(t, c.drift, f.ctx.Err() != nil)
			assert.Zero(t, c.now.attempts)
		})
	}
}

// strict approves of nothing.
type strict struct{ anything }

func (strict) Approve(string, string, string, action.Description) (*journal.Record, *action.Error) {
	return nil, action.Errorf(action.CodeDrift, "it was not planned")
}

// What was not planned and would send nothing is no drift: a script that tries several actions again as a whole finds the first done already.
func TestWhatWasNotPlannedAndSendsNothingIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct {
		now   fakeAction
		drift bool
	}{
		"it is so already":        {fakeAction{unchanged: true}, false},
		"it would be sent":        {fakeAction{}, true},
		"nobody can tell":         {fakeAction{predictErr: action.Errorf(action.CodeUnavailable, "away")}, true},
		"nobody can tell for now": {fakeAction{predictErr: action.Errorf(action.CodeUnavailable, "away").Again()}, true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			f.opts.Approval = strict{}
			_, err := f.act(&c.now)
			assert.Equal(t, c.drift, action.CodeOf(err) == action.CodeDrift && err != nil)
			assert.Equal(t, c.drift, f.ctx.Err() != nil)
			assert.Zero(t, c.now.attempts)
			if c.drift {
				assert.Empty(t, f.sink.records)
			}
		})
	}
}

// lenient approves of everything, and notes what is given back.
type lenient struct {
	anything
	undone int
}

func (l *lenient) Undone(string, string) { l.undone++ }

// What did not happen may be asked for again under a plan, also where that was in an earlier part of the run.
func TestWhatDidNotHappenIsGivenBack(t *testing.T) {
	for name, c := range map[string]struct {
		asked  fakeAction
		undone int
	}{
		"it was done":                {fakeAction{}, 0},
		"it is so already":           {fakeAction{unchanged: true}, 0},
		"it cannot be predicted":     {fakeAction{predictErr: action.Errorf(action.CodeNotFound, "gone")}, 1},
		"it was refused":             {fakeAction{apply: always(action.Errorf(action.CodeRejected, "no"))}, 1},
		"nobody knows whether it is": {fakeAction{apply: always(action.Errorf(action.CodeUncertain, "lost"))}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			first, then := &lenient{}, &lenient{}
			f := newFixture(t, Apply{})
			f.opts.Approval = first
			_, _ = f.act(&c.asked) // its outcome is written down either way
			assert.Equal(t, c.undone, first.undone)
			again := heardBy(t, f.sink.records...)
			again.opts.Approval = then
			_, _ = again.act(&c.asked)
			require.True(t, again.sink.last().Recalled)
			assert.Equal(t, c.undone, then.undone, "of the earlier part")
		})
	}
}

// What has changed since an intent was written down is not sent, and the run is named by which its step is begun anew.
func TestWhatChangedSinceTheRunEnded(t *testing.T) {
	first := newFixture(t, Apply{})
	_, err := first.act(&fakeAction{})
	require.NoError(t, err)
	intent := first.sink.records[0]
	intent.Intent.Evidence.UID = "older"
	f := heardBy(t, intent)
	f.opts.Run = "20261123-232200-x7k2"
	a := &fakeAction{settled: action.NotDone}
	_, err = f.act(a)
	require.ErrorContains(t, err, "pods/a in ns has changed since the run ended: it is another one of that name (uid was older and is u1 now); test.delete was not sent")
	var drift *action.Error
	require.ErrorAs(t, err, &drift)
	assert.Equal(t, `look at pods/a in ns, then let its step begin anew, which looks again: runbook resume 20261123-232200-x7k2 --from-step N, where N is the number of the step "Restart"`, drift.Hint)
	assert.Zero(t, a.attempts)
}

// An action on a set is taken up on the set that was consented to: what came since is not part of it. What came of it in all it says itself.
func TestWhatCameSinceTheRunEndedIsNotPartOfIt(t *testing.T) {
	for name, c := range map[string]struct {
		settled action.Settlement
		value   any
		note    string
	}{
		"it was done":     {action.Done, "in all", "it was done before: looking at it when the run was resumed; 2 files"},
		"it was not done": {action.NotDone, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			first := newFixture(t, Apply{})
			_, err := first.act(&fakeAction{members: []string{"a", "b"}})
			require.NoError(t, err)
			f := heardBy(t, first.sink.records[0])
			a := &accountableSet{set{fakeAction: fakeAction{settled: c.settled}, members: nil}}
			value, err := f.act(a)
			require.NoError(t, err)
			require.Equal(t, c.value, value)
			require.Equal(t, c.note, f.sink.last().Outcome.Note)
			if c.settled == action.NotDone {
				require.Equal(t, [][]string{{"a", "b"}}, a.sent)
			}
		})
	}
}

// accountableSet is a set that knows what came of it in all.
type accountableSet struct{ set }

func (s *accountableSet) Describe() action.Description { return s.fakeAction.Describe() }

func (s *accountableSet) Narrow(members []string) action.Action {
	return &accountableSet{set{fakeAction: s.fakeAction, members: members, all: &s.set}}
}

func (*accountableSet) Account() action.Result {
	return action.Result{Value: "in all", Note: "2 files"}
}

// told is an approval that notes which failures it is told of, and has more courses than one.
type told struct {
	approved
	others []*journal.Record
	failed []string
}

func (t *told) Others(string) []*journal.Record { return t.others }
func (t *told) Failed(_, name string)           { t.failed = append(t.failed, name) }

// A failure opens a course where it is one: not where the run is ended, nor where it was planned as one.
func TestWhichFailuresAPlanIsToldOf(t *testing.T) {
	at := func(uid string) *journal.Record {
		return &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{Evidence: action.Evidence{UID: uid}}}
	}
	could := &journal.Record{Call: &journal.Call{}, Outcome: &journal.Outcome{Error: &journal.Error{Message: "gone"}}}
	failing := func(code action.Code) func(int) error {
		return func(int) error { return action.Errorf(code, "no") }
	}
	for name, c := range map[string]struct {
		planned *journal.Record
		action  *fakeAction
		failed  int
	}{
		"a failure":         {at("u1"), &fakeAction{apply: failing(action.CodeRejected)}, 1},
		"a conflict":        {at("u1"), &fakeAction{apply: failing(action.CodeConflict)}, 0},
		"planned as such":   {could, &fakeAction{predictErr: action.Errorf(action.CodeNotFound, "gone")}, 0},
		"another as it was": {at("older"), &fakeAction{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			plan := &told{approved: approved{planned: c.planned}}
			f.opts.Approval = plan
			_, err := f.act(c.action)
			require.Error(t, err)
			assert.Len(t, plan.failed, c.failed)
		})
	}
}

// What is as it was on one of the courses that approve of an action is as planned, unless they freeze other sets.
func TestATargetIsAsItWasOnOneOfTheCourses(t *testing.T) {
	at := func(uid string, members ...string) *journal.Record {
		return &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{Evidence: action.Evidence{UID: uid}, Members: members}}
	}
	for name, c := range map[string]struct {
		others  []*journal.Record
		message string
	}{
		"on the second":  {[]*journal.Record{at("oldest"), at("u1")}, ""},
		"on none":        {[]*journal.Record{at("oldest")}, "uid was older and is u1 now"},
		"of another set": {[]*journal.Record{at("u1", "a")}, "uid was older and is u1 now"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			f.opts.Approval = &told{approved: approved{planned: at("older")}, others: c.others}
			_, err := f.act(&set{members: []string{"a"}, all: new(set)})
			if c.message == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.message)
		})
	}
}
