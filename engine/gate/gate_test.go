package gate

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/journal"
	"runbook/engine/overlay"
)

var pod = action.Target{System: "test", Kind: "pods", Scope: "ns", Name: "a"}

// fakeAction deletes a pod. Its apply function answers each attempt.
type fakeAction struct {
	risk       action.Risk
	idempotent bool
	predictErr error
	unchanged  bool
	members    []string
	apply      func(attempt int) error
	settled    action.Settlement
	settleErr  error

	attempts, settles int
}

func (f *fakeAction) Describe() action.Description {
	return action.Description{
		Verb: "test.delete", Target: pod, Risk: f.risk, Idempotent: f.idempotent, Identity: []action.Arg{{Name: "grace", Value: 30}},
	}
}

func (f *fakeAction) Predict(context.Context, action.View) (action.Prediction, error) {
	return action.Prediction{
		Changes:  []action.Change{{Target: pod, Before: map[string]any{"a": 1}}},
		Evidence: action.Evidence{UID: "u1"}, Value: "predicted", Label: action.Validated, Unchanged: f.unchanged, Members: f.members,
	}, f.predictErr
}

func (f *fakeAction) Apply(context.Context, action.Prediction) (action.Result, error) {
	f.attempts++
	if f.apply != nil {
		if err := f.apply(f.attempts); err != nil {
			return action.Result{}, err
		}
	}
	return action.Result{Value: "applied"}, nil
}

func (f *fakeAction) Settle(context.Context, action.Intent) (action.Settlement, error) {
	f.settles++
	return f.settled, f.settleErr
}

// memory is a sink that keeps what it is given, and can be made to fail.
type memory struct {
	mu      sync.Mutex
	records []journal.Record
	fail    func(journal.Kind) error
}

func (m *memory) Write(r *journal.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		if err := m.fail(r.Kind); err != nil {
			return err
		}
	}
	m.records = append(m.records, *r)
	return nil
}

func (m *memory) kinds() []journal.Kind {
	var out []journal.Kind
	for _, r := range m.records {
		out = append(out, r.Kind)
	}
	return out
}

func (m *memory) last() journal.Record { return m.records[len(m.records)-1] }

// answers gives the decisions in order.
type answers struct {
	list  []Decision
	asked int
	err   error
}

func (a *answers) Consent(context.Context, *journal.Record) (Decision, string, error) {
	a.asked++
	if a.err != nil {
		return Yes, "", a.err
	}
	return a.list[a.asked-1], "test", nil
}

// fixture is a gate in front of a terminal, with everything around it visible.
type fixture struct {
	*Gate
	sink    *memory
	people  *answers
	ctx     context.Context
	actions context.CancelCauseFunc
}

func newFixture(t *testing.T, terminal Terminal, decisions ...Decision) *fixture {
	t.Helper()
	f := &fixture{sink: &memory{}, people: &answers{list: decisions}}
	ctx, halt := context.WithCancelCause(t.Context())
	actions, cancel := context.WithCancelCause(t.Context())
	t.Cleanup(func() { halt(nil); cancel(nil) })
	f.ctx, f.actions = ctx, cancel
	virtual := clock.NewVirtual(time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC))
	f.Gate = New(Options{
		Sink: f.sink, Terminal: terminal, Grants: []Grant{{Verb: "test.delete", Kind: "pods"}}, Consent: f.people,
		Clock: virtual, Outside: virtual, Actions: actions, Halt: halt,
	})
	return f
}

func (f *fixture) act(a action.Action) (any, error) {
	return f.Act(f.ctx, Place{Step: "Restart", Branch: "b", Where: "x.lua:3"}, a)
}

func rehearsal() (Rehearse, *overlay.Overlay) {
	state := overlay.New()
	return Rehearse{State: state, TimesOut: map[string]bool{}}, state
}

func TestADryRunPredictsAndSendsNothing(t *testing.T) {
	terminal, state := rehearsal()
	f := newFixture(t, terminal, Yes)
	a := &fakeAction{risk: action.Disruptive}
	v, err := f.act(a)
	require.NoError(t, err)
	assert.Equal(t, "predicted", v)
	assert.Zero(t, a.attempts)
	_, intended := state.Lay(pod, map[string]any{"a": 1})
	assert.True(t, intended)
	assert.True(t, f.Guessed())
	assert.Equal(t, journal.Intended, f.sink.last().Outcome.Status)
}

func TestARealRunSendsWhatItWroteDown(t *testing.T) {
	f := newFixture(t, Apply{})
	v, err := f.act(&fakeAction{})
	require.NoError(t, err)
	assert.Equal(t, "applied", v)
	assert.Equal(t, []journal.Kind{journal.KindIntent, journal.KindOutcome}, f.sink.kinds())
	intent := f.sink.records[0]
	assert.Equal(t, `Restart / b / test.delete test/pods/ns/a [{"name":"grace","value":30}] #1`, intent.Key)
	assert.Equal(t, "u1", intent.Intent.Evidence.UID)
	assert.Equal(t, "x.lua:3", intent.Call.Where)
	assert.Equal(t, 1, f.Actions())
	assert.False(t, f.Guessed())
}

func TestKeysAreTheSameInBothModesAndCountOccurrences(t *testing.T) {
	terminal, _ := rehearsal()
	var keys [2][]string
	for i, end := range []Terminal{terminal, Apply{}} {
		f := newFixture(t, end)
		for range 2 {
			_, err := f.act(&fakeAction{})
			require.NoError(t, err)
		}
		for _, r := range f.sink.records {
			keys[i] = append(keys[i], r.Key)
		}
	}
	assert.Equal(t, keys[0], keys[1])
	assert.Contains(t, keys[0][2], "#2")
}

func TestNothingIsSentWhenTheIntentCannotBeWritten(t *testing.T) {
	f := newFixture(t, Apply{})
	f.sink.fail = func(journal.Kind) error { return errors.New("disk full") }
	a := &fakeAction{}
	_, err := f.act(a)
	require.ErrorContains(t, err, "disk full")
	assert.Zero(t, a.attempts)
	assert.Error(t, f.ctx.Err(), "the script cannot go on")
}

func TestALostOutcomeRecordHaltsTheRun(t *testing.T) {
	f := newFixture(t, Apply{})
	f.sink.fail = func(k journal.Kind) error {
		if k == journal.KindOutcome {
			return errors.New("disk full")
		}
		return nil
	}
	a := &fakeAction{}
	_, err := f.act(a)
	require.ErrorContains(t, err, "disk full")
	assert.Equal(t, 1, a.attempts)
	assert.Error(t, f.ctx.Err())
}

func TestAnActionOutsideMayIsRefusedAndCannotBeCaught(t *testing.T) {
	f := newFixture(t, Apply{})
	f.opts.Grants = []Grant{{Verb: "test.delete", Kind: "deployments"}, {Verb: "test.scale", Kind: "pods"}}
	a := &fakeAction{}
	_, err := f.act(a)
	require.Equal(t, action.CodeRefused, action.CodeOf(err))
	assert.ErrorContains(t, err, "test.delete pods/a in ns was refused")
	assert.Zero(t, a.attempts)
	assert.Empty(t, f.sink.records)
	assert.ErrorIs(t, context.Cause(f.ctx), err)
}

func TestGrantsCoverByVerbAndWholeKind(t *testing.T) {
	d := action.Description{Verb: "k.scale", Target: action.Target{Kind: "deployments.apps"}}
	assert.False(t, Grant{Verb: "k.scale", Kind: "deployments"}.Covers(d.Verb, d.Target), "those of another API group are something else")
	assert.True(t, Grant{Verb: "k.scale", Kind: "deployments.apps"}.Covers(d.Verb, d.Target))
	assert.True(t, Grant{Verb: "k.scale"}.Covers(d.Verb, d.Target))
	assert.False(t, Grant{Verb: "k.scale", Kind: "pods"}.Covers(d.Verb, d.Target))
	assert.False(t, Grant{Verb: "k.delete", Kind: "deployments"}.Covers(d.Verb, d.Target))
}

func TestRetries(t *testing.T) {
	throttled := func() error { return action.Errorf(action.CodeThrottled, "429").Again() }
	forbidden := func() error { return action.Errorf(action.CodeForbidden, "403") }
	timeout := func() error { return action.Errorf(action.CodeTimeout, "no answer") }
	for _, c := range []struct {
		name              string
		action            fakeAction
		errs              []error // of the attempts, nil afterwards
		attempts, settles int
		status            string
		code              action.Code // of the error, "" for none
	}{
		{"throttled then done", fakeAction{}, []error{throttled(), throttled()}, 3, 0, journal.Done, ""},
		{"forbidden is not tried again", fakeAction{idempotent: true}, []error{forbidden()}, 1, 0, journal.NotDone, action.CodeForbidden},
		{"throttled for ever", fakeAction{}, []error{throttled(), throttled(), throttled(), throttled(), throttled(), throttled()}, 5, 0, journal.NotDone, action.CodeThrottled},
		{"timeout, was done", fakeAction{settled: action.Done}, []error{timeout()}, 1, 1, journal.Done, ""},
		{"timeout, not done", fakeAction{settled: action.NotDone}, []error{timeout()}, 1, 1, journal.NotDone, action.CodeTimeout},
		{"timeout, not done, idempotent", fakeAction{settled: action.NotDone, idempotent: true}, []error{timeout()}, 2, 1, journal.Done, ""},
		{"timeout, unknown", fakeAction{settled: action.Unknown, idempotent: true}, []error{timeout()}, 1, 1, journal.Uncertain, action.CodeUncertain},
		{"timeout, nobody answers", fakeAction{settled: action.Done, settleErr: errors.New("down")}, []error{timeout()}, 1, 1, journal.Uncertain, action.CodeUncertain},
		{"cancelled", fakeAction{settled: action.Unknown}, []error{context.Canceled}, 1, 1, journal.Uncertain, action.CodeUncertain},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := c.action
			a.apply = func(attempt int) error {
				if attempt <= len(c.errs) {
					return c.errs[attempt-1]
				}
				return nil
			}
			f := newFixture(t, Apply{})
			_, err := f.act(&a)
			if c.code == "" {
				require.NoError(t, err)
			} else {
				require.Equal(t, c.code, action.CodeOf(err))
			}
			assert.Equal(t, c.attempts, a.attempts, "attempts")
			assert.Equal(t, c.settles, a.settles, "settles")
			assert.Equal(t, c.status, f.sink.last().Outcome.Status)
		})
	}
}

func TestConsent(t *testing.T) {
	risky := func() *fakeAction { return &fakeAction{risk: action.Disruptive} }
	t.Run("routine is not asked", func(t *testing.T) {
		f := newFixture(t, Apply{})
		_, err := f.act(&fakeAction{})
		require.NoError(t, err)
		assert.Zero(t, f.people.asked)
	})
	t.Run("yes is for one", func(t *testing.T) {
		f := newFixture(t, Apply{}, Yes, Yes)
		for range 2 {
			_, err := f.act(risky())
			require.NoError(t, err)
		}
		assert.Equal(t, 2, f.people.asked)
	})
	t.Run("a step's consent ends with the step", func(t *testing.T) {
		f := newFixture(t, Apply{}, AllStep, Yes)
		for _, step := range []string{"one", "one", "two"} {
			_, err := f.Act(f.ctx, Place{Step: step}, risky())
			require.NoError(t, err)
		}
		assert.Equal(t, 2, f.people.asked)
	})
	t.Run("a step named like the run is a step", func(t *testing.T) {
		f := newFixture(t, Apply{}, AllStep, Yes)
		for _, step := range []string{wholeRun, "two"} {
			_, err := f.Act(f.ctx, Place{Step: step}, risky())
			require.NoError(t, err)
		}
		assert.Equal(t, 2, f.people.asked)
	})
	t.Run("all of the run", func(t *testing.T) {
		f := newFixture(t, Apply{}, AllRun)
		for _, step := range []string{"one", "two"} {
			_, err := f.Act(f.ctx, Place{Step: step}, risky())
			require.NoError(t, err)
		}
		assert.Equal(t, 1, f.people.asked)
	})
	t.Run("no sends nothing and the script goes on", func(t *testing.T) {
		f := newFixture(t, Apply{}, No)
		a := risky()
		_, err := f.act(a)
		assert.Equal(t, action.CodeDeclined, action.CodeOf(err))
		assert.Zero(t, a.attempts)
		assert.NoError(t, f.ctx.Err())
		assert.Equal(t, []journal.Kind{journal.KindConsent}, f.sink.kinds())
	})
	t.Run("quit ends the run", func(t *testing.T) {
		f := newFixture(t, Apply{}, Quit)
		a := risky()
		_, err := f.act(a)
		assert.Equal(t, action.CodeDeclined, action.CodeOf(err))
		assert.Zero(t, a.attempts)
		assert.Error(t, f.ctx.Err())
	})
	t.Run("no answer is no", func(t *testing.T) {
		f := newFixture(t, Apply{})
		f.people.err = errors.New("end of input")
		a := risky()
		_, err := f.act(a)
		assert.Equal(t, action.CodeDeclined, action.CodeOf(err))
		assert.Zero(t, a.attempts)
		assert.Error(t, f.ctx.Err())
	})
}

func TestAnEndedRunSendsNothingNew(t *testing.T) {
	f := newFixture(t, Apply{})
	cause := errors.New("interrupted")
	f.opts.Halt(action.Errorf(action.CodeInternal, "%w", cause))
	a := &fakeAction{}
	_, err := f.act(a)
	require.ErrorIs(t, err, cause)
	assert.Zero(t, a.attempts)
	assert.Empty(t, f.sink.records)
}

// The script's end lets an action under way finish; only the end of the actions' own context cuts it off.
func TestAnActionUnderWayOutlivesTheScript(t *testing.T) {
	f := newFixture(t, Apply{})
	a := &fakeAction{apply: func(int) error {
		f.opts.Halt(errors.New("interrupted"))
		return nil
	}}
	_, err := f.act(a)
	require.NoError(t, err)
	assert.Equal(t, journal.Done, f.sink.last().Outcome.Status)
}

// fakeWait holds after some looks.
type fakeWait struct {
	met     int
	looks   int
	failed  bool
	changes []action.Change
}

func (w *fakeWait) Describe() action.Description {
	return action.Description{Verb: "test.wait", Target: pod}
}

func (w *fakeWait) Check(_ context.Context, view action.View) (action.Progress, error) {
	w.looks++
	if object, intended := view.Lay(pod, nil); intended && object != nil {
		return action.Progress{Met: true, Value: "assumed"}, nil
	}
	return action.Progress{Met: w.met > 0 && w.looks >= w.met, Failed: w.failed, Detail: "0 of 1", Value: "met"}, nil
}

func (w *fakeWait) Assume(context.Context, action.View) ([]action.Change, error) {
	return w.changes, nil
}

func (w *fakeWait) Pace() action.Pace {
	return action.Pace{Every: time.Second, Timeout: 5 * time.Second}
}

func TestWaits(t *testing.T) {
	ready := []action.Change{{Target: pod, After: map[string]any{"ready": true}}}
	for _, c := range []struct {
		name   string
		dry    bool
		out    bool // rehearsed as timing out
		wait   fakeWait
		value  any
		status string
		err    string
		looks  int
	}{
		{name: "met at the third look", wait: fakeWait{met: 3}, value: "met", status: journal.Met, looks: 3},
		{name: "not met in time", wait: fakeWait{}, status: journal.NotDone, err: "test.wait pods/a in ns did not come true within 5s: 0 of 1", looks: 6},
		{name: "cannot come true", wait: fakeWait{failed: true}, status: journal.NotDone, err: "test.wait pods/a in ns cannot come true any more: 0 of 1", looks: 1},
		{name: "dry, met already", dry: true, wait: fakeWait{met: 1}, value: "met", status: journal.Met, looks: 1},
		{name: "dry, assumed", dry: true, wait: fakeWait{changes: ready}, value: "assumed", status: journal.Assumed, looks: 2},
		{name: "dry, assumed without state", dry: true, wait: fakeWait{}, value: nil, status: journal.Assumed, looks: 2},
		{name: "dry, rehearsed timeout of what holds", dry: true, out: true, wait: fakeWait{met: 1}, status: journal.NotDone, err: "test.wait pods/a in ns did not come true within 5s (as --assume says): it holds at this moment", looks: 1},
		{name: "dry, rehearsed timeout", dry: true, out: true, wait: fakeWait{}, status: journal.NotDone, err: "test.wait pods/a in ns did not come true within 5s (as --assume says): 0 of 1", looks: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var terminal Terminal = Apply{}
			if c.dry {
				r, _ := rehearsal()
				r.TimesOut["test.wait pods/a in ns"] = c.out
				terminal = r
			}
			f := newFixture(t, terminal)
			begin := f.opts.Clock.Now()
			v, err := f.Wait(f.ctx, Place{Step: "s"}, &c.wait)
			if c.looks > 5 {
				assert.Equal(t, 5*time.Second, f.opts.Clock.Now().Sub(begin), "the whole time that the error speaks of")
			}
			if c.err != "" {
				require.EqualError(t, err, c.err)
			} else {
				require.NoError(t, err)
				assert.Equal(t, c.value, v)
			}
			assert.Equal(t, c.looks, c.wait.looks)
			assert.Equal(t, c.status, f.sink.last().Outcome.Status)
			assert.Equal(t, c.status == journal.Assumed || c.out, f.Guessed())
		})
	}
}

// fakeRead fails a few times.
type fakeRead struct {
	errs  []error
	calls int
}

func (r *fakeRead) Describe() action.Description {
	return action.Description{Verb: "test.get", Target: pod}
}

func (r *fakeRead) Read(context.Context, action.View) (any, error) {
	r.calls++
	if r.calls <= len(r.errs) {
		return nil, r.errs[r.calls-1]
	}
	return "seen", nil
}

func TestReadsAreRetriedAndWrittenDown(t *testing.T) {
	f := newFixture(t, Apply{})
	r := &fakeRead{errs: []error{action.Errorf(action.CodeUnavailable, "503").Again()}}
	v, err := f.Read(f.ctx, Place{Step: "s"}, r)
	require.NoError(t, err)
	assert.Equal(t, "seen", v)
	assert.Equal(t, 2, f.sink.last().Outcome.Attempts)
	assert.Equal(t, "seen", f.sink.last().Outcome.Value)

	r = &fakeRead{errs: []error{action.Errorf(action.CodeForbidden, "403")}}
	_, err = f.Read(f.ctx, Place{Step: "s"}, r)
	require.Equal(t, action.CodeForbidden, action.CodeOf(err))
	assert.Equal(t, 1, r.calls)
	assert.Equal(t, action.CodeForbidden, f.sink.last().Outcome.Error.Code)
}

func BenchmarkRead(b *testing.B) {
	g := New(Options{Sink: &discard{}, Terminal: Apply{}, Clock: clock.Real{}, Outside: clock.Real{}, Actions: b.Context(), Halt: func(error) {}})
	r := &fakeRead{}
	for b.Loop() {
		if _, err := g.Read(b.Context(), Place{Step: "s"}, r); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Write(*journal.Record) error { return nil }

// set is an action on whatever files are there.
type set struct {
	fakeAction
	members []string
	sent    [][]string
	all     *set
}

func (s *set) Describe() action.Description {
	d := s.fakeAction.Describe()
	d.Identity = append(d.Identity, action.Arg{Name: "files", Value: s.members, Set: true})
	return d
}

func (s *set) Narrow(members []string) action.Action {
	all := s
	if s.all != nil {
		all = s.all
	}
	return &set{members: members, all: all}
}

func (s *set) Apply(context.Context, action.Prediction) (action.Result, error) {
	s.all.sent = append(s.all.sent, s.members)
	return action.Result{}, nil
}

// approved approves of one planned action.
type approved struct {
	anything
	planned  *journal.Record
	keys     []string
	anywhere []string
}

func (a *approved) Approve(_, key, anywhere string, _ action.Description) (*journal.Record, *action.Error) {
	a.keys, a.anywhere = append(a.keys, key), append(a.anywhere, anywhere)
	return a.planned, nil
}

// A set that was planned is frozen: what was found since is left alone, and what has gone is not missed.
func TestAPlannedSetIsFrozen(t *testing.T) {
	f := newFixture(t, Apply{})
	plan := &approved{planned: &journal.Record{
		Call:   &journal.Call{Identity: []action.Arg{{Name: "files", Value: []any{"a", "b", "c"}, Set: true}}},
		Intent: &journal.Intent{Evidence: action.Evidence{UID: "u1"}},
	}}
	f.opts.Approval = plan
	s := &set{members: []string{"b", "c", "new"}}
	_, err := f.act(s)
	require.NoError(t, err)
	assert.Equal(t, [][]string{{"b", "c"}}, s.sent)
	assert.NotContains(t, plan.keys[0], "new", "the members do not make it another action")
	intent := f.sink.records[0]
	require.Equal(t, journal.KindIntent, intent.Kind)
	assert.Equal(t, []string{"b", "c"}, intent.Call.Identity[1].Value, "what is written down is what is done")
	assert.Equal(t, []string{"planned, and left out, because it is gone, has changed, or is as wanted already: a"}, intent.Intent.Warnings)
}

// A set that an action finds by itself is told of likewise, and many members are summed up.
func TestMembersOfAPlannedSetThatAreGoneAreTold(t *testing.T) {
	f := newFixture(t, Apply{})
	plan := &approved{planned: &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{
		Members: strings.Split("abcdefghi", ""), Evidence: action.Evidence{UID: "u1"},
	}}}
	f.opts.Approval = plan
	_, err := f.act(&fakeAction{members: []string{"a", "c", "z"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"planned, and left out, because it is gone, has changed, or is as wanted already: b, d, e, f, g and 2 more"}, f.sink.records[0].Intent.Warnings)
	_, err = f.act(&fakeAction{members: strings.Split("abcdefghi", "")})
	require.NoError(t, err)
	assert.Empty(t, f.sink.records[2].Intent.Warnings)
}

func TestATargetThatWasRecreatedSincePlanningIsLeftAlone(t *testing.T) {
	f := newFixture(t, Apply{})
	f.opts.Approval = &approved{planned: &journal.Record{Call: &journal.Call{}, Intent: &journal.Intent{Evidence: action.Evidence{UID: "older"}}}}
	a := &fakeAction{}
	_, err := f.act(a)
	require.ErrorContains(t, err, `pods/a in ns has changed since this was planned: it is another one of that name (uid was older and is u1 now); test.delete was not sent`)
	assert.Equal(t, action.CodeDrift, action.CodeOf(err))
	assert.Zero(t, a.attempts)
	assert.Empty(t, f.sink.records)
	assert.Error(t, f.ctx.Err(), "the script cannot go on")
}

// What is so already is neither asked about nor sent, nor counted.
func TestWhatIsSoAlreadyIsLeftAlone(t *testing.T) {
	for name, terminal := range map[string]Terminal{"real": Apply{}, "dry": Rehearse{State: overlay.New()}} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, terminal)
			a := &fakeAction{risk: action.Destructive, unchanged: true}
			v, err := f.act(a)
			require.NoError(t, err)
			assert.Equal(t, "predicted", v)
			assert.Zero(t, a.attempts)
			assert.Zero(t, f.people.asked)
			assert.Zero(t, f.Actions())
			assert.False(t, f.Guessed())
			assert.Equal(t, []journal.Kind{journal.KindIntent, journal.KindOutcome}, f.sink.kinds())
			assert.Equal(t, journal.Unchanged, f.sink.last().Outcome.Status)
		})
	}
}
