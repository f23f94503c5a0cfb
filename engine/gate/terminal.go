package gate

import (
	"context"
	"errors"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A Terminal is the end of the way of an operation: where it is carried out, or only predicted. There are two, Apply and Rehearse.
type Terminal interface {
	// View is the intended state that reads are laid over.
	View() action.View
	// makes tells whether a target exists only because this run makes it.
	makes(target action.Target) bool
	act(ctx context.Context, g *Gate, pass *passage) outcome
	wait(ctx context.Context, w *waiting) (value any, status string, err error)
}

// outcome is what came of an action.
type outcome struct {
	value    any
	status   string
	note     string
	attempts int
	err      error
	again    bool // nobody knows, and it does no harm to send it again
}

// Apply carries operations out.
type Apply struct{}

// View is empty: what was intended has happened.
func (Apply) View() action.View { return Nothing{} }

func (Apply) makes(action.Target) bool { return false }

// act sends the action. A refusal by the server (throttled, not available) and an idempotent action are tried again; after an
// answer that never came, Settle decides what happened.
//
// What the other side knows by a key is sent again without an answer to the question whether it came, and is uncertain only when no
// answer came to any attempt.
//
// Settle may look too early: what was sent may be on its way still. It then does its work before the next attempt, which finds the
// target changed, or as wanted already. That is no conflict with somebody else, and what the action returns is what was predicted, unless
// it can tell by itself what came of all attempts.
func (Apply) act(ctx context.Context, g *Gate, pass *passage) outcome {
	sent := action.Intent{Description: pass.desc, Evidence: pass.predicted.Evidence, Sent: g.opts.Outside.Now()}
	lost := false // the answer to an earlier attempt
	for attempt := 1; ; attempt++ {
		result, err := pass.action.Apply(ctx, pass.predicted)
		switch {
		case err == nil && lost:
			done := pass.account(pass.predicted.Value, "an answer was lost, so it was sent again")
			done.attempts = attempt
			return done
		case err == nil:
			return outcome{value: result.Value, status: journal.Done, note: result.Note, attempts: attempt}
		}
		again := retryable(err)
		if lostAnswer(err) || lost && action.CodeOf(err) == action.CodeConflict {
			settled := g.settle(ctx, pass, sent, err)
			if pause, more := pauseBefore(attempt, err); settled.again && more && g.opts.Outside.Sleep(ctx, pause) == nil {
				lost = true
				continue
			}
			if settled.status != journal.NotDone {
				settled.attempts = attempt
				return settled
			}
			again, lost = pass.desc.Idempotent && lostAnswer(err), true
			err = settled.err
		}
		pause, more := pauseBefore(attempt, err)
		if !again || !more || g.opts.Outside.Sleep(ctx, pause) != nil {
			return outcome{status: journal.NotDone, note: partly(err), attempts: attempt, err: err}
		}
	}
}

// account is the outcome of an action that was done, of which an answer was lost, and that was to return a value.
func (p *passage) account(value any, note string) outcome {
	done := outcome{value: value, status: journal.Done, note: note}
	if a, knows := p.action.(action.Accountable); knows {
		result := a.Account()
		done.value, done.note = result.Value, note+"; "+result.Note
	}
	return done
}

// partly is what an action changed that failed.
func partly(err error) string {
	if e, ok := errors.AsType[*action.Error](err); ok {
		return e.Partly
	}
	return ""
}

func lostAnswer(err error) bool {
	code := action.CodeOf(err)
	return code == action.CodeTimeout || code == action.CodeUncertain || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// settleTime bounds the look at a target whose answer was lost. Answers are lost when a server is slow, so it is generous; when the
// run is over already only a moment is left, and not to know is worse than to be that late.
const (
	settleTime     = 10 * time.Second
	lastSettleTime = 500 * time.Millisecond
)

func (g *Gate) settle(ctx context.Context, pass *passage, sent action.Intent, cause error) outcome {
	left := settleTime
	if ctx.Err() != nil {
		left = lastSettleTime
	}
	ctx, cancel := g.opts.Outside.WithTimeout(context.WithoutCancel(ctx), left)
	defer cancel()
	// What took the answer away may well be in the way of the look.
	v, _, err := g.retry(ctx, func() (any, error) { return pass.action.Settle(ctx, sent) })
	answer, _ := v.(action.Settlement)
	switch {
	case err == nil && answer == action.Done:
		return pass.account(pass.predicted.Value, "the answer was lost; looking again showed that it was done")
	case err == nil && answer == action.NotDone:
		return outcome{status: journal.NotDone, err: seenNotDone(cause)}
	}
	return outcome{status: journal.Uncertain, again: err == nil && answer == action.SendAgain, err: action.Errorf(action.CodeUncertain,
		"%s %s was sent, and nobody knows whether it took effect: %w", pass.desc.Verb, pass.desc.Target, cause).
		On(pass.desc.Target).Try("look at %s before anything else", pass.desc.Target)}
}

// seenNotDone is the error of an action whose answer was lost and that did not happen: it is not uncertain any more.
func seenNotDone(cause error) error {
	e, ok := errors.AsType[*action.Error](cause)
	if !ok {
		return cause
	}
	seen := *e
	if seen.Code == action.CodeUncertain {
		seen.Code = action.CodeUnavailable
	}
	seen.Message += "; looking again showed that it was not done"
	return &seen
}

// wait looks until the condition holds. A look that fails for the moment is no reason to give up before the time is up: servers are
// restarted while people wait for them. One that asks to be left alone is, up to the last look.
func (Apply) wait(ctx context.Context, w *waiting) (any, string, error) {
	pace, clock := w.wait.Pace(), w.gate.opts.Clock
	deadline := pace.Ends(clock.Now())
	for {
		before := w.scripted() && w.gate.opts.Past.Left(w.place.Branch) // a look of an earlier part of the run tells nothing of now
		progress, err := w.lookWithin(ctx, deadline.Sub(clock.Now()))
		unseen := err != nil && ctx.Err() == nil && w.passes(err)
		left := deadline.Sub(clock.Now())
		switch {
		case err != nil && !unseen:
			return nil, "", err
		case progress.Met:
			return progress.Value, journal.Met, nil
		case progress.Failed:
			return nil, "", w.failed(action.CodeRejected, "%s cannot come true any more", w.name)
		case left <= 0 && unseen:
			return nil, "", w.failed(action.CodeUnavailable, "%s could not be looked at when its time, %s, was up", w.name, pace.Timeout)
		case left <= 0 && !before:
			return nil, "", w.failed(action.CodeTimeout, "%s did not come true %s", w.name, pace.Bound())
		}
		// The last look is at the end: who is told that something did not come true within a time has waited for that time.
		if err := w.gate.pause(ctx, w.place.Branch, min(max(pace.Every, askedToWait(err)), left)); err != nil {
			return nil, "", err
		}
	}
}

// Nothing is the view of a run that intends nothing.
type Nothing struct{}

// Lay returns the live object.
func (Nothing) Lay(_ action.Target, live map[string]any) (map[string]any, bool) { return live, false }

// Intended is empty.
func (Nothing) Intended(string, string, string) []action.Target { return nil }
