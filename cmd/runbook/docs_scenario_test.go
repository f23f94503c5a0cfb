package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/world"
)

// What is shown as an example can be used.
func TestTheExampleOfAScenarioIsOne(t *testing.T) {
	s, err := scenariosOf(nil).Inline([]byte(scenarioExample), "the example")
	require.NoError(t, err)
	w, err := world.Open(s)
	require.NoError(t, err)
	require.NoError(t, w.Close())
}
