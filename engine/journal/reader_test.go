package journal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// written is a journal of one record of each kind, as lines.
func written(t testing.TB) []string {
	t.Helper()
	f := newFile(t, realDisk{})
	for _, r := range oneOfEachKind()[1:] {
		require.NoError(t, f.Write(r))
	}
	require.NoError(t, f.Close())
	text, err := os.ReadFile(f.Dir().Journal())
	require.NoError(t, err)
	return strings.SplitAfter(strings.TrimSuffix(string(text), "\n"), "\n")
}

func readText(t *testing.T, text string) ([]*Record, bool, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "journal.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return Read(path)
}

func TestALineCutAnywhereIsTorn(t *testing.T) {
	lines := written(t)
	whole := lines[0] + lines[1]
	for cut := 1; cut < len(lines[2]); cut++ {
		records, torn, err := readText(t, whole+lines[2][:cut])
		require.NoError(t, err)
		require.True(t, torn)
		require.Len(t, records, 2)
	}
}

func TestDamageNamesItsLine(t *testing.T) {
	lines := written(t)
	for name, c := range map[string]struct{ text, want string }{
		"middle":       {lines[0] + "{\"seq\":2,\n" + lines[2], ":2: not a record: "},
		"zeros":        {lines[0] + "\x00\x00\n" + lines[2], ":2: not a record: "},
		"lost line":    {lines[0] + lines[2], ":2: record 3 follows record 1"},
		"lacks a part": {lines[0] + `{"seq":2,"kind":"end"}` + "\n", `:2: a record of kind "end" lacks a part`},
		"unknown kind": {lines[0] + `{"seq":2,"kind":"omen"}` + "\n", `:2: a record of the unknown kind "omen"`},
		"no run first": {lines[1], ":1: not a journal: it does not begin with the record of a run"},
		"other file":   {"#!/bin/sh\n", ":1: not a journal"},
		"no format":    {`{"seq":1,"kind":"run","run":{}}` + "\n", ":1: not a journal: its first record names no format"},
		"future": {`{"seq":1,"kind":"run","run":{"format":7,"version":"3.1.0","steps":{}}}` + "\n",
			":1: written by runbook 3.1.0 in record format 7; this one reads format 1"},
		"empty": {"", "holds no record"},
		"torn":  {lines[0][:20], "holds no record"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := readText(t, c.text)
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestALineWithoutEndIsNotReadIntoMemory(t *testing.T) {
	r := NewReader(endless{}, "journal.jsonl")
	_, err := r.Next()
	assert.ErrorContains(t, err, "journal.jsonl:1: a line of more than 67108864 bytes is not a record")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return copy(p, bytes.Repeat([]byte("a"), len(p))), nil }

func TestAllStopsWhenAsked(t *testing.T) {
	r := NewReader(strings.NewReader(strings.Join(written(t), "")), "j")
	for record, err := range r.All() {
		require.NoError(t, err)
		assert.Equal(t, KindRun, record.Kind)
		break
	}
	next, err := r.Next()
	require.NoError(t, err)
	assert.Equal(t, KindStep, next.Kind)
}

// Whatever the bytes are, a Reader ends, hands out only complete records in order, and what it accepted reads the same when
// it is written again.
func FuzzReader(f *testing.F) {
	lines := written(f)
	f.Add([]byte(strings.Join(lines, "")))
	f.Add([]byte(lines[0] + lines[1][:9]))
	f.Add([]byte(lines[0] + "\n\n{}\n"))
	f.Add([]byte(`{"seq":1,"kind":"run","run":{"format":1,"params":{"a":1e999}}}` + "\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := NewReader(bytes.NewReader(data), "fuzz")
		for want := int64(1); ; want++ {
			record, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				assert.ErrorContains(t, err, "fuzz:")
				return
			}
			require.NoError(t, record.check())
			require.Equal(t, want, record.Seq)
			_, err = json.Marshal(record)
			require.NoError(t, err)
		}
		require.Equal(t, len(data) > 0 && data[len(data)-1] != '\n', r.Torn())
	})
}
