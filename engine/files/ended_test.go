package files

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/command"
)

func TestWhatDidNotComeToItsEnd(t *testing.T) {
	lost, over := &command.Lost{Cause: errors.New("the connection was lost")}, errors.New("over")
	ended, end := context.WithCancelCause(t.Context())
	end(over)
	late, cancel := context.WithTimeout(t.Context(), 0)
	defer cancel()
	removal := Change{Op: Remove, Was: Entry{Path: "b c"}}
	denied := action.Errorf(action.CodeForbidden, "cannot reach the host rack-1: it lets nobody in")
	for name, c := range map[string]struct {
		err   error
		code  action.Code
		says  string
		hint  string
		again bool
	}{
		"a look":                {NotEnded(t.Context(), lost), action.CodeUnavailable, "looked at to the end: the connection was lost", "whether the machine is up", true},
		"a look in a run's end": {NotEnded(ended, &command.Cut{Cause: over}), action.CodeInterrupted, "looked at to the end: it was cut off: over", "", false},
		"a look out of time":    {NotEnded(late, lost), action.CodeTimeout, "looked at to the end", "--timeout", false},
		"a change":              {Uncertain("/a", removal, NotEnded(t.Context(), lost)), action.CodeUncertain, "nobody knows whether b c was changed: the connection was lost", `ls -ld "/a/b c"`, false},
		"a file":                {Unwritten("/a", "b", NotEnded(t.Context(), lost)), action.CodeUnavailable, "writing b did not come to its end: the connection was lost", "ls -ld /a/b", true},
		"a file in a run's end": {Unwritten("/a", "b", NotEnded(ended, &command.Cut{Cause: over})), action.CodeInterrupted, "writing b did not come to its end: it was cut off: over", "ls -ld /a/b", false},
		"a file's name":         {Unplaced("/a", "b", NotEnded(t.Context(), lost)), action.CodeUncertain, "nobody knows whether b was changed: the connection was lost", "ls -ld /a/b", false},
		"no look":               {NotEnded(t.Context(), denied), action.CodeForbidden, "it lets nobody in", "", false},
		"no change":             {Uncertain("/a", removal, denied), action.CodeForbidden, "it lets nobody in", "", false},
		"no name":               {Unplaced("/a", "b", denied), action.CodeForbidden, "it lets nobody in", "", false},
		"no file":               {Unwritten("/a", "b", denied), action.CodeForbidden, "it lets nobody in", "", false},
	} {
		t.Run(name, func(t *testing.T) {
			var e *action.Error
			require.ErrorAs(t, c.err, &e)
			require.Equal(t, c.code, e.Code)
			require.Contains(t, e.Message, c.says)
			require.Contains(t, e.Hint, c.hint)
			require.Equal(t, c.again, e.Retryable)
		})
	}
	require.NoError(t, NotEnded(t.Context(), nil))
	for _, err := range []error{NotEnded(t.Context(), lost), Uncertain("/a", removal, NotEnded(t.Context(), lost)), Unwritten("/a", "b", NotEnded(t.Context(), lost))} {
		var way *command.Lost
		require.ErrorAs(t, err, &way, "who may try again has to see that only the way was lost")
	}
}
