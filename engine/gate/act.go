package gate

import (
	"context"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// passage is one action on its way through the gate.
type passage struct {
	place     Place
	key       string
	action    action.Action
	desc      action.Description
	predicted action.Prediction
	intent    *journal.Intent
	planned   *journal.Record   // nil without a plan
	others    []*journal.Record // the same on other courses of the plan
	consented bool              // before, in an earlier part of the run
	sent      time.Time
	concluded sync.Once
}

// Act takes one action through the gate: admitted, predicted, consented to, written down, carried out by the terminal, and its
// outcome written down.
func (g *Gate) Act(ctx context.Context, p Place, a action.Action) (any, error) {
	d := a.Describe()
	if err := g.admit(d); err != nil {
		return nil, err
	}
	pass := &passage{place: p, key: g.key(p, d), action: a, desc: d}
	g.opts.Live.Status(p.Branch, d.Verb+" "+d.Target.String())
	unplanned := g.approve(pass)
	if value, found, err := g.recallAct(ctx, pass); found {
		return value, err
	}
	err := g.predict(ctx, pass)
	if unplanned != nil && (err != nil || !pass.predicted.Unchanged) {
		return nil, g.halt(unplanned) // what would send nothing does nothing that was not planned
	}
	if drift := g.stillAsPlanned(pass, err); drift != nil {
		return nil, drift
	}
	if err != nil {
		return g.notPredicted(ctx, pass, err)
	}
	pass.tellFewer()
	if pass.predicted.Unchanged {
		return g.leave(pass)
	}
	if err := g.ask(ctx, pass); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := g.record(p, pass.key, pass.desc, journal.Record{Kind: journal.KindIntent, Intent: pass.intent}); err != nil {
		return nil, err
	}
	return g.carryOut(ctx, pass)
}

// notPredicted writes down that an action was asked for and could not be predicted, so nothing was sent: a script may live with that,
// and has to get it again when the run is taken up.
func (g *Gate) notPredicted(ctx context.Context, pass *passage, err error) (any, error) {
	if ctx.Err() != nil {
		return nil, err // it was not asked to its end
	}
	out := &journal.Outcome{Status: journal.NotDone, Error: journal.NewError(err)}
	g.tellFailed(pass, out)
	value, err := tolerated(pass.action, out, err)
	if werr := g.recordResult(pass.place, pass.key, pass.desc, journal.KindOutcome, out, value); werr != nil {
		return nil, werr
	}
	return value, err
}

// leave writes down that the script asked for something that is so already. Nothing is sent.
func (g *Gate) leave(pass *passage) (any, error) {
	if err := g.record(pass.place, pass.key, pass.desc, journal.Record{Kind: journal.KindIntent, Intent: pass.intent}); err != nil {
		return nil, err
	}
	value := pass.predicted.Value
	return value, g.recordResult(pass.place, pass.key, pass.desc, journal.KindOutcome, &journal.Outcome{Status: journal.Unchanged}, value)
}

// admit refuses what the runbook does not say it changes. The script cannot catch the refusal.
func (g *Gate) admit(d action.Description) error {
	for _, grant := range g.opts.Grants {
		if grant.Covers(d.Verb, d.Target) {
			return nil
		}
	}
	needed := Grant{Verb: d.Verb, Kind: d.Target.Kind}
	return g.halt(action.Errorf(action.CodeRefused, "%s %s was refused: the runbook does not say that it may do this, so nothing was sent", d.Verb, d.Target).
		On(d.Target).Try("if it should, add %q to `may` in the runbook", needed))
}

func (g *Gate) predict(ctx context.Context, pass *passage) error {
	predicted, err := g.foresee(ctx, pass.action)
	if err != nil {
		return err
	}
	pass.predicted = predicted
	if pass.intent != nil {
		return nil // it was written down before
	}
	g.mu.Lock()
	g.number++
	number := g.number
	g.mu.Unlock()
	pass.intent = &journal.Intent{
		Number: number, Evidence: pass.predicted.Evidence, Label: pass.predicted.Label, Note: pass.predicted.Note,
		Warnings: pass.predicted.Warnings, Members: pass.predicted.Members, Parts: pass.predicted.Parts, Changes: describeChanges(pass.predicted.Changes, g.opts.Veil),
		Unchanged: pass.predicted.Unchanged, Preview: pass.predicted.Preview, Repeatable: action.Repeatable(pass.action), MayFail: pass.place.Guarded || mayFail(pass.action), Returned: journal.Returns(pass.predicted.Value),
	}
	if pass.intent.MayFail && !pass.intent.Unchanged {
		g.note(&g.mayFail, actionNames(pass.place, pass.desc))
	}
	if g.opts.Terminal.makes(pass.desc.Target) {
		// Its identity is not known yet, and nobody else can have changed it.
		pass.intent.Made, pass.intent.Evidence = true, action.Evidence{}
	}
	return nil
}

// foresee predicts again what failed for the moment, and what missed something for the moment: a dry run that knew less for one
// throttled look would show another course than the real run takes. What is missed to the end keeps nobody from acting.
func (g *Gate) foresee(ctx context.Context, a action.Action) (predicted action.Prediction, err error) {
	_, _, _ = g.retry(ctx, func() (any, error) { // how the last attempt ended is known here
		if predicted, err = a.Predict(ctx, g.opts.Terminal.View()); err != nil {
			return nil, err
		}
		return nil, predicted.Missed
	})
	return predicted, err
}

// arrive hands the action to the terminal. A binding that panics there may or may not have sent something.
func (g *Gate) arrive(ctx context.Context, pass *passage) (done outcome) {
	defer func() {
		if fault := recover(); fault != nil {
			err := action.Errorf(action.CodeUncertain, "a fault in %s: %v; nobody knows whether %s was changed", pass.desc.Verb, fault, pass.desc.Target)
			g.opts.Halt(err)
			done = outcome{status: journal.Uncertain, err: err}
		}
	}()
	return g.opts.Terminal.act(ctx, g, pass)
}

// carryOut hands the action to the terminal and writes down what came of it. What was sent is written down whatever happens to
// the script meanwhile.
func (g *Gate) carryOut(ctx context.Context, pass *passage) (any, error) {
	g.sending(pass)
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer context.AfterFunc(g.opts.Actions, func() { cancel(context.Cause(g.opts.Actions)) })() //nolint:contextcheck // what ends an action is not what ends the script
	ctx = action.WithProgress(ctx, func(text string) {
		g.opts.Live.Status(pass.place.Branch, pass.desc.Verb+" "+pass.desc.Target.String()+": "+text)
	})
	done := g.arrive(ctx, pass)
	if pass.planned != nil && action.CodeOf(done.err) == action.CodeConflict && !mayFail(pass.action) {
		done.err = g.halt(g.notAsPlanned(pass.desc, "it changed at the last moment: %s", done.err))
	}
	out := &journal.Outcome{Status: done.status, Note: done.note, Attempts: done.attempts, Elapsed: g.opts.Outside.Now().Sub(pass.sent)}
	value, err := done.value, done.err
	if err != nil {
		out.Error = journal.NewError(err)
		g.tellFailed(pass, out)
		value, err = tolerated(pass.action, out, err)
	} else {
		g.count()
	}
	if err := g.conclude(pass, out, value); err != nil {
		return nil, err
	}
	return value, err
}
