package gate

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// What the run itself writes before, and nobody can foretell, is no drift; all else is.
func TestWhatTheRunItselfWritesIsNoDrift(t *testing.T) {
	g := &Gate{opts: Options{Clean: func(text string) string { return text }}}
	then := &journal.Intent{Evidence: action.Evidence{UID: "u", Old: map[string]any{"at": action.OwnDoing, "n": 1}}}
	assert.Nil(t, g.drifted(action.Description{}, then, action.Evidence{UID: "u", Old: map[string]any{"at": "03:00", "n": 1}}))
	drift := g.drifted(action.Description{}, then, action.Evidence{UID: "u", Old: map[string]any{"at": "03:00", "n": 2}})
	require.NotNil(t, drift)
	assert.Contains(t, drift.Error(), "n was 1 and is 2 now")
	assert.NotNil(t, g.drifted(action.Description{}, then, action.Evidence{UID: "other", Old: then.Evidence.Old}))
}
