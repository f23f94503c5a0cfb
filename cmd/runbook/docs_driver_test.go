package main

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"runbook/engine/catalog"
	"runbook/engine/driver"
)

// What the documentation shows for a new driver is one, and reads what it says that its tool prints.
func TestTheDriverOfTheDocumentation(t *testing.T) {
	shelf := shelfOf(catalog.Catalog{{Origin: "project", Files: fstest.MapFS{
		"orca/orca.lua":                {Data: []byte(orcaDriver)},
		"orca/transcripts/status.yaml": {Data: []byte(orcaTranscript)},
	}}})
	d, err := shelf.Load(t.Context(), "orca")
	require.NoError(t, err)
	seen, err := shelf.Transcripts("orca")
	require.NoError(t, err)
	require.Len(t, seen, 1)
	require.Nil(t, seen[0].Compare(t.Context(), d))
	require.Equal(t, []driver.Observation{{
		ID: "orca-1", State: driver.Online, Said: "RUNNING", Serial: "OR-0117", Starts: "12", Fields: map[string]any{"temperature_celsius": 41.5},
	}}, d.Read(t.Context(), driver.Status, seen[0].Said()).Devices)
}
