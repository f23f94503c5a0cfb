package gate

import (
	"context"
	"errors"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/tape"
)

// A Past is what an earlier part of the run got, for a run that goes the same way again. *tape.Tape is one.
type Past interface {
	Next(tape.Call) (*journal.Record, error)
	Maybe(tape.Call) *journal.Record
	Ahead(tape.Call) *journal.Record
	Telling(branch string, kind journal.Kind) *journal.Record
	Left(branch string) bool
	Live() bool // something comes after it
}

// recall returns the record of an earlier part of the run that answers the call, nil if it is to be made live. A script that goes
// another way than it went before is ended.
func (g *Gate) recall(p Place, kind journal.Kind, key string) (*journal.Record, error) {
	past, err := g.opts.Past.Next(tape.Call{Branch: p.Branch, Kind: kind, Name: key, Where: p.Where})
	if err != nil {
		return nil, g.halt(action.Errorf(action.CodeDrift, "%w", err))
	}
	return past, nil
}

// repeat shows a record of an earlier part of the run again, and returns what the script got then.
func (g *Gate) repeat(past *journal.Record) (any, error) {
	again := *past
	again.Recalled = true
	if err := g.opts.Sink.Write(&again); err != nil {
		return nil, g.cannotWrite(err)
	}
	if past.Outcome == nil {
		return nil, nil
	}
	if past.Outcome.Status == journal.Assumed || past.Outcome.Status == journal.Intended {
		g.Guess()
	}
	if past.Outcome.Error != nil && !past.Outcome.Tolerated {
		return nil, past.Outcome.Error.Err()
	}
	return past.Outcome.Recorded()
}

// recallWait is Wait of an earlier part of the run. A wait that looks by running the script runs it as often as it did then, on what
// it got then, because what the script remembers of it may matter later.
func (g *Gate) recallWait(ctx context.Context, p Place, key string, w *waiting) (value any, found bool, err error) {
	ahead := g.opts.Past.Ahead(tape.Call{Branch: p.Branch, Kind: journal.KindWait, Name: key})
	if ahead == nil || !w.scripted() {
		if w.scripted() && g.opts.Past.Left(p.Branch) {
			return nil, false, nil // it was looked at, and did not come to its end
		}
		return g.recallAssumed(p, key)
	}
	var last action.Progress
	var failed error
	for range ahead.Outcome.Attempts {
		if err := g.repeatAssumed(p); err != nil {
			return nil, true, err
		}
		if last, failed = w.wait.Check(ctx, g.opts.Terminal.View()); ctx.Err() != nil {
			return nil, true, failed
		}
	}
	value, found, err = g.recallAssumed(p, key)
	switch {
	case err != nil && failed != nil:
		return nil, true, failed // as the script made it, not as it was written down
	case value != nil:
		return last.Value, found, err
	}
	return value, found, err
}

// recallAssumed is a wait of an earlier part of the run as it was written down, with what was assumed about it; found is false if it is to
// be made live.
func (g *Gate) recallAssumed(p Place, key string) (value any, found bool, err error) {
	if err := g.repeatAssumed(p); err != nil {
		return nil, true, err
	}
	past, err := g.recall(p, journal.KindWait, key)
	if past == nil || err != nil {
		return nil, err != nil, err
	}
	value, err = g.repeat(past)
	return value, true, err
}

func (g *Gate) repeatAssumed(p Place) error {
	assumed := g.opts.Past.Telling(p.Branch, journal.KindAssume)
	if assumed == nil {
		return nil
	}
	_, err := g.repeat(assumed)
	return err
}

// recallAct is an action of an earlier part of the run; found is false if it is to be taken through the gate. One that was sent
// without an outcome is settled: it is done, or it is sent now, or a person decides.
func (g *Gate) recallAct(ctx context.Context, pass *passage) (value any, found bool, err error) {
	if consented := g.opts.Past.Maybe(pass.call(journal.KindConsent)); consented != nil {
		if _, err := g.repeat(consented); err != nil {
			return nil, true, err
		}
		if !consented.Consent.Granted {
			return nil, true, declined(pass.desc)
		}
		pass.consented = true
	}
	if refused := g.opts.Past.Maybe(pass.call(journal.KindOutcome)); refused != nil {
		g.tellFailed(pass, refused.Outcome)
		value, err := g.repeat(refused) // it could not be predicted, so there is no intent
		return value, true, err
	}
	intent, err := g.recall(pass.place, journal.KindIntent, pass.key)
	if intent == nil || err != nil {
		return nil, err != nil, err
	}
	if _, err := g.repeat(intent); err != nil {
		return nil, true, err
	}
	outcome, err := g.recall(pass.place, journal.KindOutcome, pass.key)
	if err != nil {
		return nil, true, err
	}
	pass.intent = intent.Intent
	if outcome == nil && intent.Intent.Unchanged {
		value, err = g.leavePast(pass, intent)
		return value, true, err
	}
	if outcome == nil {
		value, err = g.settlePast(ctx, pass, intent)
		return value, true, err
	}
	g.tellFailed(pass, outcome.Outcome)
	if s := outcome.Outcome.Status; s == journal.Done || s == journal.Intended {
		g.count()
	}
	value, err = g.repeat(outcome)
	return value, true, err
}

// leavePast writes down what was to be written down of an action whose target was as wanted already.
func (g *Gate) leavePast(pass *passage, intent *journal.Record) (any, error) {
	value, err := intent.Intent.Recorded()
	if err != nil {
		return nil, err
	}
	return value, g.recordResult(pass.place, pass.key, pass.desc, journal.KindOutcome, &journal.Outcome{Status: journal.Unchanged}, value)
}

func (g *Gate) count() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.passed++
}

func (p *passage) call(kind journal.Kind) tape.Call {
	return tape.Call{Branch: p.place.Branch, Kind: kind, Name: p.key, Where: p.place.Where}
}

// settlePast finds out what came of an action that an earlier part of the run sent, and goes on from there.
func (g *Gate) settlePast(ctx context.Context, pass *passage, intent *journal.Record) (any, error) {
	pass.narrow(intent.Intent)
	was, unread := intent.Intent.Recorded()
	sent := action.Intent{Description: pass.desc, Evidence: intent.Intent.Evidence, Sent: intent.Time, Members: intent.Intent.Members, Value: was}
	answer, err := g.askTarget(ctx, pass, sent)
	by, told := "looking at it when the run was resumed", err == nil && answer == action.Done
	if err != nil || answer == action.Unknown {
		if value, given, err := g.givenUp(ctx, pass, err); given {
			return value, err
		}
		if answer, by, err = g.opts.Settler.Settled(ctx, intent, err); err != nil {
			return nil, g.halt(action.Errorf(action.CodeDeclined, "nobody knows whether %s %s took effect: %w", pass.desc.Verb, pass.desc.Target, err).On(pass.desc.Target))
		}
	}
	if answer == action.Done {
		if unread != nil {
			return nil, unread
		}
		g.count()
		done := outcome{value: was, note: "it was done before: " + by}
		if told {
			done = pass.account(was, done.note)
		}
		out := &journal.Outcome{Status: journal.Done, Note: done.note}
		return done.value, g.recordResult(pass.place, pass.key, pass.desc, journal.KindOutcome, out, done.value)
	}
	return g.sendPast(ctx, pass, intent)
}

// narrow has the action be about the set that was written down, and consented to: what came since is not part of it.
func (p *passage) narrow(was *journal.Intent) {
	if narrower, isSet := p.action.(action.Narrower); isSet && was.Members != nil {
		p.action = narrower.Narrow(was.Members)
	}
}

// askTarget asks the target itself, as often as a read would.
func (g *Gate) askTarget(ctx context.Context, pass *passage, sent action.Intent) (action.Settlement, error) {
	ctx, cancel := g.opts.Outside.WithTimeout(ctx, settleTime)
	defer cancel()
	v, _, err := g.retry(ctx, func() (any, error) { return pass.action.Settle(ctx, sent) })
	if err != nil {
		return action.Unknown, err
	}
	return v.(action.Settlement), nil
}

// sendPast sends an action that an earlier part of the run wrote down and that did not happen. It was consented to as it was
// written down, so its target must still be what it was then.
func (g *Gate) sendPast(ctx context.Context, pass *passage, intent *journal.Record) (any, error) {
	if err := g.predict(ctx, pass); err != nil {
		return nil, err
	}
	if how := g.drifted(intent.Intent, pass.predicted.Evidence); how != "" {
		drift := action.Errorf(action.CodeDrift, "%s has changed since the run ended: %s; %s was not sent", pass.desc.Target, how, pass.desc.Verb).
			On(pass.desc.Target).Try("look at %s, then let its step begin anew, which looks again: runbook resume %s --from-step N, where N is the number of the step %q",
			pass.desc.Target, g.opts.Run, pass.place.Step)
		out := &journal.Outcome{Status: journal.NotDone, Error: journal.NewError(drift)}
		return nil, errors.Join(g.halt(drift), g.conclude(pass, out, nil)) // so that the step can be begun anew
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if pass.predicted.Unchanged {
		value := pass.predicted.Value
		return value, g.conclude(pass, &journal.Outcome{Status: journal.Unchanged}, value)
	}
	return g.carryOut(ctx, pass)
}

// pause waits between two looks, but not while the looks are those of an earlier part of the run.
func (g *Gate) pause(ctx context.Context, branch string, d time.Duration) error {
	if g.opts.Past.Left(branch) {
		return nil
	}
	return g.opts.Clock.Sleep(ctx, d)
}

// A Settler decides about an action of which its target cannot tell whether it happened. Cause is why it cannot, nil if it
// just cannot.
type Settler interface {
	Settled(ctx context.Context, intent *journal.Record, cause error) (answer action.Settlement, by string, err error)
}
