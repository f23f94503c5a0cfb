package journal

import (
	"context"
	"errors"

	"runbook/engine/action"
)

// NewError is an error as it is written down and shown; nil for nil. The message is the whole chain's; the code is that of
// the outermost *action.Error in it; target and hint are the outermost that are known. Where in the script it happened is
// the caller's to add.
func NewError(err error) *Error {
	if err == nil {
		return nil
	}
	e := &Error{Code: action.CodeOf(err), Message: err.Error()}
	if e.Code == action.CodeInternal && errors.Is(err, context.DeadlineExceeded) {
		e.Code = action.CodeTimeout // a client's deadline that no binding translated is still no fault of ours
	}
	for cause := err; ; {
		var known *action.Error
		if !errors.As(cause, &known) {
			return e
		}
		if e.Target.IsZero() {
			e.Target = known.Target
		}
		if e.Hint == "" {
			e.Hint = known.Hint
		}
		e.Retryable = e.Retryable || known.Retryable
		cause = known.Cause
	}
}

// Err is the failure as an error again, as a script got it; nil for nil. What is not written down of it, its causes, is gone.
func (e *Error) Err() error {
	if e == nil {
		return nil
	}
	return &action.Error{Code: e.Code, Message: e.Message, Target: e.Target, Hint: e.Hint, Retryable: e.Retryable}
}
