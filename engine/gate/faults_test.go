package gate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/journal"
)

func away() error {
	return action.Errorf(action.CodeUnavailable, "connection refused").Again()
}

func throttledFor(d time.Duration) error {
	err := action.Errorf(action.CodeThrottled, "429").Again()
	err.After = d
	return err
}

// once is an error of the first attempt only.
func once(err error) func(int) error {
	return func(attempt int) error {
		if attempt == 1 {
			return err
		}
		return nil
	}
}

func TestAServerIsNotAskedBeforeItWantsToBe(t *testing.T) {
	f := newFixture(t, Apply{})
	began := f.opts.Outside.Now()
	a := &fakeAction{apply: once(throttledFor(5 * time.Second))}
	_, err := f.act(a)
	require.NoError(t, err)
	assert.Equal(t, 5*time.Second, f.opts.Outside.Now().Sub(began))

	r := &fakeRead{errs: []error{throttledFor(7 * time.Second)}}
	_, err = f.Read(f.ctx, Place{}, r)
	require.NoError(t, err)
	assert.Equal(t, 12*time.Second, f.opts.Outside.Now().Sub(began))

	a = &fakeAction{apply: once(throttledFor(time.Hour))}
	_, err = f.act(a)
	assert.Equal(t, action.CodeThrottled, action.CodeOf(err), "nobody waits for an hour without being told")
	assert.Equal(t, 1, a.attempts)
}

// What an action changed before it failed stands with its outcome: nobody may take it for one that changed nothing.
func TestWhatWasDoneInPartIsWrittenDown(t *testing.T) {
	f := newFixture(t, Apply{})
	err := action.Errorf(action.CodeForbidden, "one of three could not be copied")
	err.Partly = "2 of 3 files were copied"
	_, failed := f.act(&fakeAction{apply: func(int) error { return err }})
	require.Error(t, failed)
	outcome := f.sink.last().Outcome
	assert.Equal(t, journal.NotDone, outcome.Status)
	assert.Equal(t, "2 of 3 files were copied", outcome.Note)
}

// lostAction is one whose target tells something else at each look.
type lostAction struct {
	fakeAction
	looks []func() (action.Settlement, error)
}

func (l *lostAction) Settle(context.Context, action.Intent) (action.Settlement, error) {
	l.settles++
	return l.looks[min(l.settles, len(l.looks))-1]()
}

func seen(s action.Settlement, err error) func() (action.Settlement, error) {
	return func() (action.Settlement, error) { return s, err }
}

func TestLostAnswers(t *testing.T) {
	lost := action.Errorf(action.CodeUncertain, "sent, but the connection was lost")
	conflict := action.Errorf(action.CodeConflict, "it has changed")
	for _, c := range []struct {
		name       string
		idempotent bool
		errs       []error
		looks      []func() (action.Settlement, error)
		value      any
		status     string
		code       action.Code
		attempts   int
	}{
		{"the server is away when it is looked at", false, []error{lost}, []func() (action.Settlement, error){seen(action.Unknown, away()), seen(action.Unknown, away()), seen(action.Done, nil)}, "predicted", journal.Done, "", 1},
		{"it comes late and is found done", true, []error{lost}, []func() (action.Settlement, error){seen(action.NotDone, nil)}, "predicted", journal.Done, "", 2},
		{"it comes late and looks like somebody else's", true, []error{lost, conflict}, []func() (action.Settlement, error){seen(action.NotDone, nil), seen(action.Done, nil)}, "predicted", journal.Done, "", 2},
		{"it is somebody else's", true, []error{lost, conflict}, []func() (action.Settlement, error){seen(action.NotDone, nil), seen(action.NotDone, nil)}, nil, journal.NotDone, action.CodeConflict, 2},
		{"nobody can tell whose it is", true, []error{lost, conflict}, []func() (action.Settlement, error){seen(action.NotDone, nil), seen(action.Unknown, nil)}, nil, journal.Uncertain, action.CodeUncertain, 2},
		{"it was not done, and that is known", false, []error{lost}, []func() (action.Settlement, error){seen(action.NotDone, nil)}, nil, journal.NotDone, action.CodeUnavailable, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &lostAction{fakeAction: fakeAction{idempotent: c.idempotent}, looks: c.looks}
			a.apply = func(attempt int) error {
				if attempt <= len(c.errs) {
					return c.errs[attempt-1]
				}
				return nil
			}
			f := newFixture(t, Apply{})
			v, err := f.act(a)
			if c.code == "" {
				require.NoError(t, err)
				assert.Equal(t, c.value, v)
			} else {
				require.Equal(t, c.code, action.CodeOf(err), "%v", err)
			}
			assert.Equal(t, c.attempts, a.attempts)
			assert.Equal(t, c.status, f.sink.last().Outcome.Status)
		})
	}
}

// An accountant knows what came of it in all.
type accountant struct{ *lostAction }

func (accountant) Account() action.Result { return action.Result{Value: "in all", Note: "2 files"} }

func TestWhatCameOfAnActionWhoseAnswerWasLost(t *testing.T) {
	lost := action.Errorf(action.CodeUncertain, "sent, but the connection was lost")
	for note, look := range map[string]action.Settlement{
		"an answer was lost, so it was sent again; 2 files":                   action.NotDone,
		"the answer was lost; looking again showed that it was done; 2 files": action.Done,
	} {
		a := &lostAction{fakeAction: fakeAction{idempotent: true}, looks: []func() (action.Settlement, error){seen(look, nil)}}
		a.apply = func(attempt int) error {
			if attempt == 1 {
				return lost
			}
			return nil
		}
		f := newFixture(t, Apply{})
		v, err := f.act(accountant{a})
		require.NoError(t, err)
		assert.Equal(t, "in all", v)
		assert.Equal(t, note, f.sink.last().Outcome.Note)
	}
}

// flakyWait is one whose looks fail at first.
type flakyWait struct {
	fakeWait
	err    error
	fails  int // looks
	hangs  bool
	slow   time.Duration // how long an answer takes
	checks int
}

func (w *flakyWait) Check(ctx context.Context, view action.View) (action.Progress, error) {
	w.checks++
	answer := time.After(w.slow)
	if w.hangs {
		answer = nil
	}
	select {
	case <-answer:
	case <-ctx.Done():
		return action.Progress{}, action.Errorf(action.CodeTimeout, "no answer in time")
	}
	if w.checks <= w.fails {
		return action.Progress{}, w.err
	}
	return w.fakeWait.Check(ctx, view)
}

func TestAWaitOutlastsItsServer(t *testing.T) {
	for _, c := range []struct {
		name string
		wait flakyWait
		code action.Code
		says string
	}{
		{"away for longer than a read would try", flakyWait{fakeWait: fakeWait{met: 1}, err: away(), fails: 6}, "", ""},
		{"an answer is lost", flakyWait{fakeWait: fakeWait{met: 1}, err: action.Errorf(action.CodeTimeout, "no answer in time"), fails: 1}, "", ""},
		{"away to the end", flakyWait{err: away(), fails: 1000}, action.CodeUnavailable, "test.wait pods/a in ns could not be looked at when its time, 5s, was up: connection refused"},
		{"forbidden", flakyWait{err: action.Errorf(action.CodeForbidden, "403"), fails: 1000}, action.CodeForbidden, "403"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			_, err := f.Wait(f.ctx, Place{Step: "s"}, &c.wait)
			if c.code == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.code, action.CodeOf(err))
			assert.EqualError(t, err, c.says)
		})
	}
}

// hastyWait has no time.
type hastyWait struct{ flakyWait }

func (*hastyWait) Pace() action.Pace {
	return action.Pace{Timeout: time.Millisecond, Every: time.Second}
}

func TestAWaitDoesNotHangWithItsServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, began := newFixture(t, Apply{}), time.Now()
		f.opts.Clock, f.opts.Outside = clock.Real{}, clock.Real{} // which go on while a look hangs, as in a real run
		_, err := f.Wait(f.ctx, Place{Step: "s"}, &hastyWait{flakyWait{hangs: true}})
		require.Equal(t, action.CodeUnavailable, action.CodeOf(err), "a plan's course for what did not come true is not meant: %v", err)
		assert.Equal(t, settleTime, time.Since(began))
	})
}

// A condition that holds is seen at the end of a wait, also on a server that takes its time.
func TestTheLastLookIsNotCutShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, Apply{})
		_, err := f.Wait(f.ctx, Place{Step: "s"}, &hastyWait{flakyWait{fakeWait: fakeWait{met: 1}, slow: 5 * time.Second}})
		require.NoError(t, err)
	})
}

func TestAWaitLeavesAThrottlingServerAlone(t *testing.T) {
	for _, c := range []struct {
		name   string
		after  time.Duration
		fails  int
		checks int
		lasts  time.Duration
	}{
		{"longer than a read would wait", 40 * time.Second, 1, 2, 40 * time.Second},
		{"longer than the wait lasts", time.Hour, 1, 2, time.Minute},
		{"to the end", time.Hour, 1000, 2, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			began := f.opts.Clock.Now()
			w := &longWait{flakyWait{fakeWait: fakeWait{met: 1}, err: throttledFor(c.after), fails: c.fails}}
			_, err := f.Wait(f.ctx, Place{Step: "s"}, w)
			if c.fails == 1 {
				require.NoError(t, err)
			} else {
				require.Equal(t, action.CodeUnavailable, action.CodeOf(err))
			}
			assert.Equal(t, c.checks, w.checks)
			assert.Equal(t, c.lasts, f.opts.Clock.Now().Sub(began))
		})
	}
}

// longWait has a minute.
type longWait struct{ flakyWait }

func (*longWait) Pace() action.Pace {
	return action.Pace{Timeout: time.Minute, Every: time.Second}
}

// shortSighted is an action whose prediction misses something for the first attempts.
type shortSighted struct {
	fakeAction
	missed   error
	misses   int
	predicts int
}

func (s *shortSighted) Predict(ctx context.Context, view action.View) (action.Prediction, error) {
	p, err := s.fakeAction.Predict(ctx, view)
	s.predicts++
	if s.predicts <= s.misses {
		p.Missed, p.Note = s.missed, "what follows of it is not known"
	}
	return p, err
}

// What a prediction misses is looked for again, and is no reason against the action.
// What a dry run has to look up for an assumption is asked for again, as everything else is.
func TestAnAssumptionOutlastsAThrottledLook(t *testing.T) {
	terminal, _ := rehearsal()
	f := newFixture(t, terminal)
	w := &hesitant{fakeWait: fakeWait{changes: []action.Change{{Target: pod, After: map[string]any{"ready": true}}}}, refusals: 1}
	v, err := f.Wait(f.ctx, Place{Step: "s"}, w)
	require.NoError(t, err)
	assert.Equal(t, "assumed", v)
	assert.Zero(t, w.refusals)
}

// hesitant is throttled when it is to be assumed.
type hesitant struct {
	fakeWait
	refusals int
}

func (w *hesitant) Assume(ctx context.Context, view action.View) ([]action.Change, error) {
	if w.refusals--; w.refusals >= 0 {
		return nil, throttledFor(time.Second)
	}
	w.refusals = 0
	return w.fakeWait.Assume(ctx, view)
}

func TestWhatIsMissedIsLookedForAgain(t *testing.T) {
	for _, c := range []struct {
		name     string
		missed   error
		misses   int
		predicts int
		note     string
	}{
		{"throttled once", throttledFor(time.Second), 1, 2, ""},
		{"away to the end", away(), 1000, 5, "what follows of it is not known"},
		{"forbidden, and not believed", action.Errorf(action.CodeForbidden, "403").Again(), 1000, 5, "what follows of it is not known"},
		{"forbidden", action.Errorf(action.CodeForbidden, "403"), 1000, 1, "what follows of it is not known"},
		{"throttled for too long", throttledFor(time.Hour), 1000, 1, "what follows of it is not known"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFixture(t, Apply{})
			a := &shortSighted{missed: c.missed, misses: c.misses}
			v, err := f.act(a)
			require.NoError(t, err)
			assert.Equal(t, "applied", v)
			assert.Equal(t, c.predicts, a.predicts)
			assert.Equal(t, c.note, f.sink.records[0].Intent.Note)
		})
	}
}
