package device

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"runbook/engine/catalog"
	"runbook/engine/driver"
	"runbook/engine/drivers"
	"runbook/stdlib"
)

// driverOf is a driver of one's own, for every name.
func driverOf(t testing.TB, text string) func(string) (driver.Driver, error) {
	t.Helper()
	files := fstest.MapFS{"own/own.lua": {Data: []byte(text)}}
	shelf := drivers.New(catalog.Catalog{{Origin: "user", Path: "/home", Files: files}}, stdlib.Files)
	d, err := shelf.Load(t.Context(), "own")
	require.NoError(t, err)
	return func(string) (driver.Driver, error) { return d, nil }
}
