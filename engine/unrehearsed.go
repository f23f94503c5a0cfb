package engine

import (
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

// unrehearsed is the error of a run that did not come to a wait that a person wanted to see time out; nil if there is none. What was
// asked for did not take place, so it must not look as if it had.
func (r *run) unrehearsed() *action.Error {
	for _, name := range r.cfg.Mode.TimesOut {
		if r.gate.HadWait(name) {
			continue
		}
		waits := r.gate.Waits()
		err := action.Errorf(action.CodeInvalid, "--assume %q=timeout rehearsed nothing: the run came to no wait of that name%s",
			name, module.DidYouMean(name, waits))
		if len(waits) == 0 {
			return err.Try("leave it out: this run waited for nothing")
		}
		return err.Try("name one of the waits that it came to: %s", strings.Join(waits, ", "))
	}
	return nil
}

// withoutRehearsal adds to how a run ended that a rehearsal did not take place. A run that failed has a better reason to say so.
func (r *run) withoutRehearsal(err error) error {
	missed := r.unrehearsed()
	switch {
	case missed == nil:
		return err
	case err == nil:
		return &UsageError{Err: missed}
	}
	r.warn(missed.Message, missed.Hint)
	return err
}
