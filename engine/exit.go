package engine

import (
	"context"
	"errors"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/watchdog"
)

// The exit codes of the program. They are a contract with scripts that call it.
const (
	ExitDone        = 0
	ExitFailed      = 1
	ExitChanges     = 2 // a dry run intends changes, and --detailed-exitcode was given
	ExitDeclined    = 3 // declined by a person, or refused by policy
	ExitDrift       = 4 // the plan no longer fits
	ExitDegraded    = 10
	ExitDown        = 11
	ExitUnknown     = 12
	ExitUsage       = 64
	ExitTimeout     = 124
	ExitMemory      = 125
	ExitInterrupted = 130
)

// ErrInterrupted is the cause of a run's context when a person or a signal stopped it.
var ErrInterrupted = errors.New("interrupted")

// verdictExits are the exit codes of a check's verdict.
var verdictExits = map[string]int{
	"healthy": ExitDone, "degraded": ExitDegraded, "down": ExitDown, "unknown": ExitUnknown,
}

// statusOf says how a run or a step with that error ended.
func statusOf(err error) journal.Status {
	var limit *watchdog.LimitError
	switch {
	case err == nil:
		return journal.OK
	case errors.As(err, &limit) && limit.Memory:
		return journal.OutOfMemory
	case errors.As(err, &limit):
		return journal.TimedOut
	case errors.Is(err, ErrInterrupted), errors.Is(err, context.Canceled):
		return journal.Interrupted
	case action.CodeOf(err) == action.CodeDeclined:
		return journal.Declined
	case action.CodeOf(err) == action.CodeRefused:
		return journal.Refused
	case action.CodeOf(err) == action.CodeDrift:
		return journal.Drifted
	}
	return journal.Failed
}

// statusExits are the exit codes of a run that ended early.
var statusExits = map[journal.Status]int{
	journal.OK: ExitDone, journal.Failed: ExitFailed, journal.Declined: ExitDeclined, journal.Refused: ExitDeclined,
	journal.Drifted: ExitDrift, journal.TimedOut: ExitTimeout, journal.OutOfMemory: ExitMemory, journal.Interrupted: ExitInterrupted,
}
