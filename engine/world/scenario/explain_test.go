package scenario

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who writes a scenario finds every field explained, and nothing that only a Go programmer knows.
func TestEverythingInAScenarioIsExplained(t *testing.T) {
	types, err := Types()
	require.NoError(t, err)
	require.Equal(t, "scenario", types[0].Name)
	known := map[string]bool{}
	for _, typ := range types {
		assert.NotEmpty(t, typ.Doc, typ.Name)
		for _, f := range typ.Fields {
			known[typ.Name+"."+f.Name] = true
			assert.NotEmpty(t, f.Doc, "%s.%s needs a comment in scenario.go: runbook docs scenario shows it", typ.Name, f.Name)
		}
	}
	for _, name := range []string{"scenario.extends", "kubernetes.behaviour", "behaviour.logs", "event.become", "event.logs", "fault.on", "usage.cpu", "series.values"} {
		assert.True(t, known[name], name)
	}
	assert.False(t, known["scenario.digest"], "what is in no file is not explained")
	ways, err := WayDocs()
	require.NoError(t, err)
	for _, way := range ways {
		assert.NotEmpty(t, way.Doc, way.Way)
	}
}
