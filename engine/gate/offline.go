package gate

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// Offline is the end of the way where there is no site. Everything is recalled from a tape that is closed, so nothing comes here.
type Offline struct{}

var errOffline = action.Errorf(action.CodeDrift, "the recording ends here, and a replay asks no site")

// View is empty: what is recalled holds what was intended.
func (Offline) View() action.View { return Nothing{} }

func (Offline) makes(action.Target) bool { return false }

func (Offline) act(context.Context, *Gate, *passage) outcome {
	return outcome{status: journal.NotDone, err: errOffline}
}

func (Offline) wait(context.Context, *waiting) (any, string, error) { return nil, "", errOffline }
