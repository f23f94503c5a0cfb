package files

import (
	"context"
	"errors"

	"runbook/engine/action"
)

// NotEnded is the error of something that did not come to its end on another machine, with a code; nil if it did.
func NotEnded(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if said, ok := errors.AsType[*action.Error](err); ok {
		return said
	}
	code := action.CodeUnavailable
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		code = action.CodeTimeout
	case cause != nil:
		code = action.CodeInterrupted
	}
	return action.Errorf(code, "the files of the machine could not be looked at to the end: %w", err)
}

// Uncertain is the error of a change of which nobody knows whether it was made, because what was to make it did not come to its end; or
// why it was not made, if that is known.
func Uncertain(root string, c Change, err error) error {
	said, ok := errors.AsType[*action.Error](err)
	if ok && (said.Code == action.CodeInterrupted || said.Code == action.CodeTimeout || said.Code == action.CodeUnavailable) && said.Cause != nil {
		return action.Errorf(action.CodeUncertain, "nobody knows whether %s was changed: %w", Spell(c.Was.Path), err)
	}
	return FailedBelow(root, c.Op.Doing(), c.Was.Path, err)
}
