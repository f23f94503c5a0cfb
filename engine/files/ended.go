package files

import (
	"context"
	"errors"
	"path"

	"runbook/engine/action"
	"runbook/engine/command"
)

// NotEnded is the error of a look that did not come to its end on another machine, with a code; nil if it did. One whose way was lost is asked
// for again.
func NotEnded(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if said, ok := errors.AsType[*action.Error](err); ok {
		return said
	}
	_, why := unended(err)
	e := action.Errorf(action.CodeUnavailable, "the files of the machine could not be looked at to the end: %w", why)
	e.Cause = err
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, context.DeadlineExceeded):
		e.Code = action.CodeTimeout
		return e.Try("give it more time (--timeout), or look at less at once")
	case cause != nil:
		e.Code = action.CodeInterrupted
		return e
	}
	return e.Again().Try(command.WayLost)
}

// Uncertain is the error of a change of which nobody knows whether it was made, because what was to make it did not come to its end; or
// why it was not made, if that is known.
func Uncertain(root string, c Change, err error) error {
	return uncertain(root, c.Op.Doing(), c.Was.Path, err)
}

// Unplaced is the error of a file, written whole, of which nobody knows whether it came to its place, for the same reason; or why it did not.
func Unplaced(root, at string, err error) error { return uncertain(root, "write", at, err) }

func uncertain(root, doing, at string, err error) error {
	is, why := unended(err)
	if !is {
		return FailedBelow(root, doing, at, err)
	}
	e := action.Errorf(action.CodeUncertain, "nobody knows whether %s was changed: %w", Spell(at), why)
	e.Cause = err // and with it that the way was lost
	return look(root, at, e)
}

// Unwritten is the error of a file whose writing did not come to its end on another machine; or why it was not written, if that is known. As
// nothing has changed but what is beside it, one whose way was lost may be written again.
func Unwritten(root, at string, err error) error {
	is, why := unended(err)
	if !is {
		return FailedBelow(root, "write", at, err)
	}
	e := action.Errorf(action.CodeOf(err), "writing %s did not come to its end: %w", Spell(at), why)
	e.Cause = err
	if begun, ok := errors.AsType[*action.Error](err); ok {
		e.Retryable = begun.Retryable
	}
	return look(root, at, e)
}

func look(root, at string, e *action.Error) *action.Error {
	return e.Try("look what is there: ls -ld %s", command.Quote(path.Join(root, at)))
}

// unended tells whether something was begun and did not come to its end, and why.
func unended(err error) (is bool, why error) {
	if lost, ok := errors.AsType[*command.Lost](err); ok {
		return true, lost.Cause
	}
	if cut, ok := errors.AsType[*command.Cut](err); ok {
		return true, cut
	}
	return false, err
}
