package engine

import (
	"strings"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/module"
)

// unrehearsed is the error of a run that did not come to what a person wanted to see go otherwise; nil if there is none. What was
// asked for did not take place, so it must not look as if it had.
func (r *run) unrehearsed() *action.Error {
	for _, name := range r.cfg.Mode.TimesOut {
		if all, there := r.gate.Waits(name); !there {
			return rehearsedNothing(name, gate.TimedOut, "wait", "waits that it came to", "this run waited for nothing", all)
		}
	}
	for _, name := range r.cfg.Mode.Fails {
		if all, there := r.gate.MayFail(name); !there {
			return rehearsedNothing(name, gate.Failed, "action whose failure the script catches", "actions that may fail", "every failure would end this run", all)
		}
	}
	return nil
}

func rehearsedNothing(name, what, kind, kinds, none string, all []string) *action.Error {
	err := action.Errorf(action.CodeInvalid, "--assume %q=%s rehearsed nothing: the run came to no %s of that name%s", name, what, kind, module.DidYouMean(name, all))
	if len(all) == 0 {
		return err.Try("leave it out: %s", none)
	}
	return err.Try("name one of the %s: %s", kinds, strings.Join(all, ", "))
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
