package gate

import (
	"context"
	"slices"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// fatal are the codes of failures that no action is spared: they are not its own, but say that the run must not go on.
var fatal = []action.Code{action.CodeRefused, action.CodeDeclined, action.CodeDrift, action.CodeInterrupted, action.CodeInternal}

// mayFail tells whether the failure of an action does not end the script.
func mayFail(a action.Action) bool {
	_, may := a.(action.Tolerated)
	return may
}

// tolerated is what the script gets of a failure: the error, or, of an action that may fail without ending the script, the value that
// says so. The outcome notes which: it is a failure either way, and shown as one.
func tolerated(a action.Action, out *journal.Outcome, err error) (any, error) {
	may, ok := a.(action.Tolerated)
	if !ok || slices.Contains(fatal, action.CodeOf(err)) {
		return nil, err
	}
	out.Tolerated = true
	return may.Failed(err), nil
}

// givenUp is an action of an earlier part of the run of which nobody can tell whether it happened, and which is tolerated to have failed:
// nobody is asked about it. It is written down as what it is.
func (g *Gate) givenUp(ctx context.Context, pass *passage, cause error) (value any, given bool, err error) {
	if !mayFail(pass.action) || ctx.Err() != nil {
		return nil, false, nil
	}
	lost := action.Errorf(action.CodeUncertain, "%s %s was sent when the run ended, and nobody knows whether it took effect", pass.desc.Verb, pass.desc.Target)
	lost.Cause = cause
	out := &journal.Outcome{Status: journal.Uncertain, Error: journal.NewError(lost.On(pass.desc.Target))}
	g.tellFailed(pass, out)
	value, failed := tolerated(pass.action, out, lost)
	if err := g.recordResult(pass.place, pass.key, pass.desc, journal.KindOutcome, out, value); err != nil {
		return nil, true, err
	}
	return value, true, failed
}
