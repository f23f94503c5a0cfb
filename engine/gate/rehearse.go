package gate

import (
	"context"
	"slices"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// An Intended is a view that the rehearsal writes into.
type Intended interface {
	action.View
	Apply(changes []action.Change) error
	// Made tells whether the target exists only as intended.
	Made(target action.Target) bool
}

// Rehearse predicts operations into the intended state, so that the run sees what it would have done. It sends nothing.
type Rehearse struct {
	State Intended
	// TimesOut names the waits that are rehearsed as not coming true, by any name that a person may call them.
	TimesOut map[string]bool
	// Fails names the actions that are rehearsed as failing, where the script lives with that.
	Fails map[string]bool
}

// View is the intended state.
func (r Rehearse) View() action.View { return r.State }

func (r Rehearse) makes(target action.Target) bool { return r.State.Made(target) }

func (r Rehearse) act(_ context.Context, g *Gate, pass *passage) outcome {
	if r.fails(g, pass) {
		g.Guess()
		return outcome{status: journal.NotDone, err: action.Errorf(action.CodeUnavailable, "%s %s failed (as --assume says)", pass.desc.Verb, pass.desc.Target).On(pass.desc.Target)}
	}
	if err := r.State.Apply(pass.predicted.Changes); err != nil {
		return outcome{status: journal.NotDone, err: err}
	}
	g.Guess()
	return outcome{value: pass.predicted.Value, status: journal.Intended}
}

// wait looks once. What does not hold yet is assumed to come true, and written into the intended state where that can hold it.
func (r Rehearse) wait(ctx context.Context, w *waiting) (any, string, error) {
	progress, err := w.look(ctx, r.State)
	switch {
	case err != nil:
		return nil, "", err
	case r.timesOut(w):
		return nil, "", w.timeOut(progress)
	case progress.Met:
		return progress.Value, journal.Met, nil
	}
	if _, intended := r.State.Lay(w.wait.Describe().Target, nil); progress.Failed && !intended {
		return nil, "", w.failed(action.CodeRejected, "%s cannot come true any more", w.name)
	}
	changes, _, err := w.gate.retry(ctx, func() (any, error) { return w.wait.Assume(ctx, r.State) })
	if err != nil {
		return nil, "", err
	}
	if err := w.assume("met"); err != nil {
		return nil, "", err
	}
	if err := r.State.Apply(changes.([]action.Change)); err != nil {
		return nil, "", err
	}
	seen := w.detail
	progress, err = w.look(ctx, r.State)
	w.detail = seen // the record says what was missing, not what was assumed
	if err != nil || !progress.Met {
		return nil, journal.Assumed, err
	}
	return progress.Value, journal.Assumed, nil
}

// timesOut tells whether a wait is rehearsed as not coming true, which it is also where it holds already: on a site in good health
// nothing else would ever be rehearsed.
func (r Rehearse) timesOut(w *waiting) bool {
	return slices.ContainsFunc(namesOf(w.wait.Describe()), func(name string) bool { return r.TimesOut[name] })
}

func (w *waiting) timeOut(seen action.Progress) error {
	if seen.Met {
		w.detail = "it holds at this moment"
	}
	if err := w.assume(TimedOut); err != nil {
		return err
	}
	return w.failed(action.CodeTimeout, "%s did not come true %s (as --assume says)", w.name, w.wait.Pace().Bound())
}

func (w *waiting) assume(what string) error {
	w.gate.Guess()
	r := journal.Record{Kind: journal.KindAssume, Assume: &journal.Assume{
		Name: w.name, Assumed: what, Choices: []string{"met", TimedOut}, Detail: w.detail,
	}}
	return w.gate.record(w.place, "", w.wait.Describe(), r)
}
