package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

func TestIDsSortByTime(t *testing.T) {
	at := time.Date(2026, 11, 24, 1, 22, 0, 0, time.FixedZone("CET", 2*3600))
	ids := []string{}
	for _, later := range []time.Duration{0, time.Millisecond, 300 * time.Millisecond, 31 * 32 * time.Second / 1024, time.Second - 1, time.Second} {
		id, err := NewID(at.Add(later), bytes.NewReader([]byte{30, 255}))
		require.NoError(t, err)
		assert.Regexp(t, idForm, id)
		ids = append(ids, id)
	}
	assert.Equal(t, "20261123-232200-22yz", ids[0])
	assert.Equal(t, "20261123-232200-zzyz", ids[4])
	assert.True(t, slices.IsSorted(ids), ids)
	_, err := NewID(at, strings.NewReader("a"))
	assert.ErrorContains(t, err, "no randomness")
}

func TestRunsAreListedNewestFirst(t *testing.T) {
	base := t.TempDir()
	for _, name := range []string{"20261123-232200-x7k2", "20261124-000000-aaaa", "notes"} {
		require.NoError(t, os.Mkdir(filepath.Join(base, name), 0o700))
	}
	runs, err := Runs(base)
	require.NoError(t, err)
	require.Len(t, runs, 2)
	assert.Equal(t, "20261124-000000-aaaa", runs[0].ID())

	// The records of a run in a scenario have the scenario's time, which says nothing of its age.
	for id, simulated := range map[string]time.Time{"20261124-000000-2222": noon.AddDate(1, 0, 0), "20261124-000000-zz22": noon.AddDate(-1, 0, 0)} {
		f, err := Create(base, id)
		require.NoError(t, err)
		head := runRecord()
		head.Time = simulated
		require.NoError(t, f.Write(head))
		require.NoError(t, f.Close())
	}
	last, err := Find(base, Last)
	require.NoError(t, err)
	assert.Equal(t, "20261124-000000-zz22", last.ID())
	none, err := Runs(filepath.Join(base, "nowhere"))
	require.NoError(t, err)
	assert.Empty(t, none)
}

func TestARunIsRunningUntilItIsClosed(t *testing.T) {
	f := newFile(t, realDisk{})
	base := filepath.Dir(string(f.Dir()))
	assertRunning(t, f.Dir(), true)
	_, err := Reopen(base, testID)
	assert.Equal(t, action.CodeConflict, action.CodeOf(err))
	require.NoError(t, f.Close())
	assertRunning(t, f.Dir(), false)
	assertRunning(t, DirOf(base, "20261123-232200-none"), false)
}

func assertRunning(t *testing.T, d Dir, want bool) {
	t.Helper()
	running, err := Running(d)
	require.NoError(t, err)
	assert.Equal(t, want, running)
}

func TestReopenGoesOnAfterATornLine(t *testing.T) {
	f := newFile(t, realDisk{})
	require.NoError(t, f.Write(intentRecord()))
	require.NoError(t, f.Close())
	text, err := os.ReadFile(f.Dir().Journal())
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.Dir().Journal(), append(text, `{"seq":3,"ki`...), 0o600))

	again, err := Reopen(filepath.Dir(string(f.Dir())), testID)
	require.NoError(t, err)
	r := intentRecord()
	require.NoError(t, again.Write(r))
	assert.EqualValues(t, 3, r.Seq)
	require.NoError(t, again.Close())
	read, torn, err := Read(f.Dir().Journal())
	require.NoError(t, err)
	assert.False(t, torn)
	assert.Len(t, read, 3)
}

func TestReopenRefusesADamagedJournalAndLetsGo(t *testing.T) {
	f := newFile(t, realDisk{})
	require.NoError(t, f.Close())
	require.NoError(t, os.WriteFile(f.Dir().Journal(), []byte("?\n"), 0o600))
	_, err := Reopen(filepath.Dir(string(f.Dir())), testID)
	assert.ErrorContains(t, err, "not a journal")
	assertRunning(t, f.Dir(), false)
	_, err = Reopen(t.TempDir(), testID)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestAResultStandsWhereItsSizeSays(t *testing.T) {
	f := newFile(t, realDisk{})
	item := json.RawMessage(`{"n":"<1>"}`)
	for name, value := range map[string]any{
		"small list": []json.RawMessage{item, item}, "large list": manyOf(item), "empty list": []json.RawMessage{},
		"raw": item, "large raw": json.RawMessage(`"` + strings.Repeat("r", resultLimit) + `"`),
		"value": map[string]any{"a": []any{1, "<x>"}}, "hole": []json.RawMessage{nil},
		"large string": strings.Repeat("s", resultLimit),
	} {
		t.Run(name, func(t *testing.T) {
			r := readRecord(nil)
			r.Outcome.Value = value
			require.NoError(t, f.Write(r))
			read, _, err := Read(f.Dir().Journal())
			require.NoError(t, err)
			last := read[len(read)-1].Outcome
			var want bytes.Buffer
			require.NoError(t, EncodeResult(&want, value))
			assert.Equal(t, want.Len() > resultLimit, last.Ref != "")
			got, err := LoadResult(f.Dir(), &last.Returned)
			require.NoError(t, err)
			assert.Equal(t, want.String(), string(got))
			plain, err := json.Marshal(value)
			require.NoError(t, err)
			assert.JSONEq(t, string(plain), string(got))
		})
	}
}

func TestALostOrForeignResultIsNotLoaded(t *testing.T) {
	f := newFile(t, realDisk{})
	_, err := LoadResult(f.Dir(), &Returned{Ref: "results/9.json"})
	assert.Equal(t, action.CodeNotFound, action.CodeOf(err))
	require.NoError(t, os.Mkdir(f.Dir().file("results"), 0o700))
	require.NoError(t, os.WriteFile(f.Dir().file("results/9.json"), make([]byte, 20), 0o600))
	_, err = LoadResult(f.Dir(), &Returned{Ref: "results/9.json"})
	assert.Equal(t, action.CodeNotFound, action.CodeOf(err))
	_, err = LoadResult(f.Dir(), &Returned{Ref: "../../other"})
	assert.ErrorContains(t, err, "escapes")
}

func manyOf(item json.RawMessage) []json.RawMessage {
	return slices.Repeat([]json.RawMessage{item}, 1+resultLimit/len(item))
}

func TestNewErrorKeepsWhatTheChainKnows(t *testing.T) {
	assert.Nil(t, NewError(nil))
	inner := action.Errorf(action.CodeForbidden, "pods is forbidden").On(target).Try("ask for the role")
	outer := &action.Error{Code: action.CodeUncertain, Message: "sent, no answer: pods is forbidden",
		Cause: fmt.Errorf("x: %w", inner)}
	assert.Equal(t, &Error{Code: action.CodeUncertain, Message: "step 1: sent, no answer: pods is forbidden", Target: target,
		Hint: "ask for the role"}, NewError(fmt.Errorf("step 1: %w", outer)))
	assert.Equal(t, &Error{Code: action.CodeInternal, Message: "odd"}, NewError(errors.New("odd")))
	assert.Equal(t, action.CodeTimeout, NewError(fmt.Errorf("get: %w", context.DeadlineExceeded)).Code)
}

func BenchmarkEncodeTenThousandObjects(b *testing.B) {
	pod := json.RawMessage(`{"metadata":{"name":"p"},"status":"` + strings.Repeat("x", 2000) + `"}`)
	list := slices.Repeat([]json.RawMessage{pod}, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		if err := EncodeResult(discard{}, list); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
