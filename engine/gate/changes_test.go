package gate

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine/action"
	"runbook/engine/redact"
)

// metadata.generation once stood in the diff of every scaling.
func TestBookkeepingIsNotShown(t *testing.T) {
	state := func(replicas, generation int) map[string]any {
		return map[string]any{
			"metadata": map[string]any{"name": "web", "generation": generation},
			"spec":     map[string]any{"replicas": replicas},
			"status":   "odd",
		}
	}
	before, after := state(3, 7), state(5, 8)
	shown := describeChanges([]action.Change{{
		Before: before, After: after, Bookkeeping: []string{"metadata.generation", "metadata.nothing", "status.observedGeneration", "none.at.all"},
	}}, func(v any) any { return v })
	assert.Equal(t, "@@ -2,4 +2,4 @@\n   name: web\n spec:\n-  replicas: 3\n+  replicas: 5\n status: odd\n", shown[0].Diff)
	assert.Equal(t, state(3, 7), before, "the state itself stays whole")
	assert.Equal(t, state(5, 8), after)
}

// YAML folds long lines and has escapes of its own: a secret is hidden before it is written so.
func TestNoSecretInADiff(t *testing.T) {
	r := redact.New()
	r.Add("one \"secret\" of 😀\nand of two lines")
	shown := describeChanges([]action.Change{{After: map[string]any{"data": "it is one \"secret\" of 😀\nand of two lines!"}}},
		func(v any) any { return redact.Clean(r, v) })
	assert.Equal(t, "@@ -0,0 +1 @@\n+data: it is [secret]!\n", shown[0].Diff)
}

// A line that stays is no change: a diff by letters takes a line that begins like the new one for changed.
func TestADiffIsOneOfLines(t *testing.T) {
	before := map[string]any{"labels": map[string]any{"app": "web", "tier": "front"}}
	after := map[string]any{"labels": map[string]any{"app": "web", "hot": "true", "tier": "front"}}
	assert.Equal(t, "@@ -1,3 +1,4 @@\n labels:\n   app: web\n+  hot: \"true\"\n   tier: front\n", diff(before, after))
}
