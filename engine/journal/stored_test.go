package journal

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// store writes a run with that id and those records after its first below base, closed.
func store(t testing.TB, base, id string, records ...*Record) Dir {
	t.Helper()
	f := begun(t, base, id, records...)
	require.NoError(t, f.Close())
	return f.Dir()
}

// begun is store with a process that still holds the run's lock.
func begun(t testing.TB, base, id string, records ...*Record) *File {
	t.Helper()
	f, err := Create(base, id)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	head := runRecord()
	head.Run.ID = id
	require.NoError(t, f.Write(head))
	for _, r := range records {
		require.NoError(t, f.Write(r))
	}
	return f
}

// damage replaces the first occurrence of old in the journal.
func damage(t testing.TB, d Dir, old, with string) {
	t.Helper()
	text, err := os.ReadFile(d.Journal())
	require.NoError(t, err)
	require.Contains(t, string(text), old)
	require.NoError(t, os.WriteFile(d.Journal(), []byte(strings.Replace(string(text), old, with, 1)), 0o600))
}
