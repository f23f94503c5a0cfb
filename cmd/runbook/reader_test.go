package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
)

// As in `runbook docs | head`: who goes away in the middle is not told so. A file that cannot be written is another matter.
func TestAReaderThatGoesAwayIsNotTold(t *testing.T) {
	for name, open := range map[string]func() *os.File{
		"a closed pipe": func() *os.File {
			reader, writer, err := os.Pipe()
			require.NoError(t, err)
			require.NoError(t, reader.Close())
			return writer
		},
		"a closed file": func() *os.File {
			file, err := os.Create(filepath.Join(t.TempDir(), "out"))
			require.NoError(t, err)
			require.NoError(t, file.Close())
			return file
		},
	} {
		t.Run(name, func(t *testing.T) {
			out, said := open(), filepath.Join(t.TempDir(), "said")
			defer out.Close() //nolint:errcheck // what it took is not looked at
			err, fault := os.Create(said)
			require.NoError(t, fault)
			defer err.Close() //nolint:errcheck // the same
			assert.Equal(t, engine.ExitFailed, execute(t.Context(), []string{"docs", "kubernetes"}, streams{in: os.Stdin, out: out, err: err}))
			text, fault := os.ReadFile(said)
			require.NoError(t, fault)
			assert.Equal(t, name == "a closed pipe", len(text) == 0, string(text))
		})
	}
}
