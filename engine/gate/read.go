package gate

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// Read looks at the outside world on behalf of the script, and writes down what was seen.
func (g *Gate) Read(ctx context.Context, p Place, r action.Read) (any, error) {
	d := r.Describe()
	key, began := g.key(p, d), g.opts.Outside.Now()
	g.opts.Live.Status(p.Branch, d.Verb+" "+d.Target.String())
	past, err := g.recall(p, journal.KindRead, key)
	switch {
	case err != nil:
		return nil, err
	case past != nil && past.Outcome.Masked && g.opts.Past.Live():
		if _, err := g.repeat(past); err != nil {
			return nil, err
		}
		value, _, err := g.retry(ctx, func() (any, error) { return r.Read(ctx, g.opts.Terminal.View()) })
		return value, err // a secret was written down only as such, so it is read again
	case past != nil:
		return g.repeat(past)
	}
	value, attempts, err := g.retry(ctx, func() (any, error) { return r.Read(ctx, g.opts.Terminal.View()) })
	out := &journal.Outcome{Status: journal.Done, Attempts: attempts, Elapsed: g.opts.Outside.Now().Sub(began)}
	if err != nil {
		out.Status, out.Error = journal.NotDone, journal.NewError(err)
	}
	if werr := g.recordResult(p, key, d, journal.KindRead, out, value); werr != nil {
		return nil, werr
	}
	return value, err
}

// Wait waits for a condition: until it holds in a real run; in a rehearsal it is looked at once and then assumed.
func (g *Gate) Wait(ctx context.Context, p Place, w action.Wait) (any, error) {
	d := w.Describe()
	key, began := g.key(p, d), g.opts.Clock.Now()
	g.note(&g.waits, namesOf(d))
	wait := &waiting{gate: g, place: p, wait: w, name: d.Verb + " " + d.Target.String()}
	if value, found, err := g.recallWait(ctx, p, key, wait); found {
		g.turn(wait, err)
		return value, err
	}
	value, status, err := g.opts.Terminal.wait(ctx, wait)
	out := &journal.Outcome{Status: status, Note: wait.detail, Attempts: wait.looks, Elapsed: g.opts.Clock.Now().Sub(began)}
	if err != nil {
		out.Status, out.Error = journal.NotDone, journal.NewError(err)
	}
	g.turn(wait, err)
	if werr := g.recordResult(p, key, d, journal.KindWait, out, value); werr != nil {
		return nil, werr
	}
	return value, err
}

// TimedOut is what becomes of a wait whose condition did not hold in time, where a plan assumed that it would.
const TimedOut = "timeout"

func (g *Gate) turn(w *waiting, err error) {
	if err != nil && action.CodeOf(err) == action.CodeTimeout {
		g.opts.Approval.Turn(w.name, TimedOut)
	}
}

func (g *Gate) recordResult(p Place, key string, d action.Description, kind journal.Kind, out *journal.Outcome, value any) error {
	out.Returned = journal.Returns(value)
	return g.record(p, key, d, journal.Record{Kind: kind, Outcome: out})
}

// waiting is one wait under way.
type waiting struct {
	gate   *Gate
	place  Place
	wait   action.Wait
	name   string
	detail string // what was missing at the last look
	looks  int
}

// scripted tells whether to look is to run the script, whose calls pass here themselves.
func (w *waiting) scripted() bool {
	_, scripted := w.wait.(action.Scripted)
	return scripted
}

// look checks the condition once.
func (w *waiting) look(ctx context.Context, view action.View) (action.Progress, error) {
	w.looks++
	progress, err := w.check(ctx, view)
	if err != nil {
		return action.Progress{}, err
	}
	w.detail = progress.Detail
	w.gate.opts.Live.Status(w.place.Branch, w.name+": "+progress.Detail)
	return progress, nil
}

// lookWithin is look with a bound on its time, so that a server that does not answer cannot hold up a wait for long beyond its time: a
// look gets what is left of it, or as much as the look at a target whose answer was lost. Who waits for a moment only still wants to
// know, and a server that is slow is no server that is away. A look of the script is made of calls that have bounds of their own.
func (w *waiting) lookWithin(ctx context.Context, left time.Duration) (action.Progress, error) {
	if !w.scripted() {
		var cancel context.CancelFunc
		ctx, cancel = w.gate.opts.Outside.WithTimeout(ctx, max(left, settleTime))
		defer cancel()
	}
	progress, err := w.look(ctx, Nothing{})
	if err != nil && w.passes(err) {
		w.detail = err.Error()
		w.gate.opts.Live.Status(w.place.Branch, w.name+": "+w.detail)
	}
	return progress, err
}

// passes tells whether another look may succeed where this one failed.
func (w *waiting) passes(err error) bool {
	return !w.scripted() && (retryable(err) || action.CodeOf(err) == action.CodeTimeout)
}

// check tries again what failed for the moment, unless it is the script's: each of its calls was tried again already.
func (w *waiting) check(ctx context.Context, view action.View) (action.Progress, error) {
	if w.scripted() {
		return w.wait.Check(ctx, view)
	}
	v, _, err := w.gate.retry(ctx, func() (any, error) { return w.wait.Check(ctx, view) })
	if err != nil {
		return action.Progress{}, err
	}
	return v.(action.Progress), nil
}

// failed is the error of a wait whose condition can no longer come true, or did not in time.
func (w *waiting) failed(code action.Code, format string, args ...any) error {
	err := action.Errorf(code, format, args...).On(w.wait.Describe().Target)
	if w.detail != "" {
		err.Message += ": " + w.detail
	}
	return err
}
