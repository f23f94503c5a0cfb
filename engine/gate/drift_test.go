package gate

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// What the run itself writes before, and nobody can foretell, is no drift; all else is.
func TestWhatTheRunItselfWritesIsNoDrift(t *testing.T) {
	g := &Gate{opts: Options{Clean: func(text string) string { return text }}}
	then := &journal.Intent{Evidence: action.Evidence{UID: "u", Old: map[string]any{"at": action.OwnDoing, "n": 1}}}
	assert.Empty(t, g.drifted(then, action.Evidence{UID: "u", Old: map[string]any{"at": "03:00", "n": 1}}))
	assert.Equal(t, "n was 1 and is 2 now", g.drifted(then, action.Evidence{UID: "u", Old: map[string]any{"at": "03:00", "n": 2}}))
	assert.NotEmpty(t, g.drifted(then, action.Evidence{UID: "other", Old: then.Evidence.Old}))
}
