package command

import (
	"context"
	"errors"

	"runbook/engine/action"
)

// WayLost is the hint of a look at a machine to which the way was lost.
const WayLost = "look whether the machine is up, and run this again"

// NotEnded is the error of a command that did not come to its end, by the error of its Runner; nil if it did, or was not begun. line is the
// command for a person, with where it runs; broken is the code of one that did not come to its end, which is action.CodeUncertain for one
// that may have changed something; late is the error of one whose own time was up, while that of ctx was not.
func NotEnded(ctx context.Context, err error, line string, broken action.Code, late func() *action.Error) *action.Error {
	cut, lost := (*Cut)(nil), (*Lost)(nil)
	switch {
	case errors.As(err, &cut) && ctx.Err() == nil:
		e := late()
		e.Cause = cut.Cause
		return e
	case errors.As(err, &cut):
		return action.Errorf(broken, "%s was ended, with everything that it had started: %w", line, cut.Cause)
	case errors.As(err, &lost) && broken == action.CodeUncertain:
		return action.Errorf(broken, "%s was begun, and %w", line, lost)
	case errors.As(err, &lost): // it only looked, and can be asked again
		return action.Errorf(action.CodeUnavailable, "cannot run %s to its end: %w", line, lost.Cause).Again().
			Try(WayLost)
	}
	return nil
}
