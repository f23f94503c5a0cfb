package action

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// A Code says what kind of failure an Error is, so that a script can tell them apart without reading messages.
type Code string

// The codes. They are part of the Lua API: a script compares err.code with them.
const (
	CodeInvalid     Code = "invalid"      // a wrong argument; nothing was sent
	CodeNotFound    Code = "not_found"    // the target does not exist
	CodeExists      Code = "exists"       // the target exists already
	CodeForbidden   Code = "forbidden"    // the server says the caller may not
	CodeUnauth      Code = "unauthorized" // the server does not know the caller
	CodeConflict    Code = "conflict"     // the target is not what it was when it was looked at
	CodeThrottled   Code = "throttled"    // the server refused for now
	CodeUnavailable Code = "unavailable"  // the server cannot be reached, or said 5xx
	CodeTimeout     Code = "timeout"      // no answer, or a condition that did not come true, in time
	CodeRejected    Code = "rejected"     // the server understood and said no: validation, admission, quota
	CodeUncertain   Code = "uncertain"    // sent, and nobody knows whether it took effect
	CodeRefused     Code = "refused"      // runbook's own policy said no; nothing was sent
	CodeDeclined    Code = "declined"     // a person said no; nothing was sent
	CodeDrift       Code = "drift"        // not what was planned, or not what was recorded; nothing was sent
	CodeCommand     Code = "command"      // a command ran and exited with a non-zero status
	CodeSkipped     Code = "skipped"      // the script ended a step itself; nothing failed
	CodeInterrupted Code = "interrupted"  // a person or a signal stopped the run
	CodeScript      Code = "script"       // the script's own error
	CodeInternal    Code = "internal"     // a fault of runbook
)

// codes are those above.
var codes = []Code{
	CodeInvalid, CodeNotFound, CodeExists, CodeForbidden, CodeUnauth, CodeConflict, CodeThrottled, CodeUnavailable, CodeTimeout,
	CodeRejected, CodeUncertain, CodeRefused, CodeDeclined, CodeDrift, CodeCommand, CodeSkipped, CodeInterrupted, CodeScript,
	CodeInternal,
}

// Known tells whether a code is one of these, and not one that a script made up.
func (c Code) Known() bool { return slices.Contains(codes, c) }

// An Error is a failure that a script can catch and a person can act on.
type Error struct {
	Code      Code
	Message   string // what was attempted and what came back
	Target    Target // the object, if one is known
	Hint      string // what to do or type next; may be empty
	Cause     error
	Retryable bool // sending the same again may succeed, and nothing was changed
	// After is how long the other side asks to wait before that; zero if it does not say.
	After time.Duration
	// Partly says what was changed all the same by an action that failed, for a person: "41 of 43 files were copied". It is for actions that
	// go on where they ended when they are sent again; empty if nothing was changed.
	Partly string
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf makes an Error of that code with a formatted message. A %w in the format becomes the cause.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), Cause: errors.Unwrap(err)}
}

// On names the object that the error is about.
func (e *Error) On(t Target) *Error {
	e.Target = t
	return e
}

// Try adds what to do or type next.
func (e *Error) Try(format string, args ...any) *Error {
	e.Hint = fmt.Sprintf(format, args...)
	return e
}

// Again marks the error as one where nothing was changed and the same call may succeed later.
func (e *Error) Again() *Error {
	e.Retryable = true
	return e
}

// CodeOf returns the code of the Error in err's chain, or CodeInternal.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return CodeInternal
}
