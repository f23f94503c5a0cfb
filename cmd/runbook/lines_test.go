package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// linesFrom are the records that a file of JSON lines has from there on. What its writer has not finished, or was killed at, is none yet.
func linesFrom(path string, from int64) ([]map[string]any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	var out []map[string]any
	for line := range bytes.Lines(text) {
		var record map[string]any
		err := json.Unmarshal(line, &record)
		switch {
		case err == nil:
			out = append(out, record)
		case bytes.HasSuffix(line, []byte("\n")):
			return nil, fmt.Errorf("%s has a line that is no JSON: %w: %s", path, err, line)
		}
	}
	return out, nil
}

func TestTornLines(t *testing.T) {
	for _, c := range []struct {
		name, text string
		from       int64
		want       int
		fails      string
	}{
		{"whole", `{"a":1}` + "\n" + `{"a":2}` + "\n", 0, 2, ""},
		{"from the second on", `{"a":1}` + "\n" + `{"a":2}` + "\n", 8, 1, ""},
		{"torn at the end", `{"a":1}` + "\n" + `{"a":`, 0, 1, ""},
		{"torn in the middle", `{"a":1}` + "\n" + `{"a":{"b":2}` + "\n" + `{"a":3}` + "\n", 0, 0, `{"a":{"b":2}`},
		{"torn before", `{"a":` + `{"b":2}` + "\n", 5, 1, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			require.NoError(t, os.WriteFile(path, []byte(c.text), 0o600))
			got, err := linesFrom(path, c.from)
			if c.fails != "" {
				require.ErrorContains(t, err, c.fails)
				return
			}
			require.NoError(t, err)
			assert.Len(t, got, c.want)
		})
	}
}
