package engine

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/redact"
)

// recorded is a run of the tortuous script, as a recording has it, with times that a replay cannot come to by itself.
func recorded(t *testing.T) []*journal.Record {
	t.Helper()
	p := newPlant()
	p.fail["broken"] = action.Errorf(action.CodeNotFound, "there is no such pump")
	sink := &dying{}
	cfg := p.bench(t, tortuous, sink)
	cfg.Given["zone"] = "south"
	_, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	for _, r := range sink.records {
		switch r.Kind {
		case journal.KindStepEnd:
			r.Step.Elapsed = time.Duration(r.Step.Number) * time.Minute
		case journal.KindEnd:
			r.End.Elapsed = time.Hour
		}
	}
	return sink.records
}

// replay runs a script against a recording and returns what a screen was told.
func replay(t *testing.T, text string, records []*journal.Record) []*journal.Record {
	t.Helper()
	shown := &journal.Memory{}
	cfg := newPlant().bench(t, text, shown)
	cfg.Redactor = redact.New()
	cfg.Past = Recording(records)
	cfg.Mode = Replayed(cfg.Past.Run)
	cfg.Given = cfg.Past.Run.Given
	_, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	return shown.Records
}

func TestAReplaySaysThatItIsOneAndTakesAsLongAsTheRunDid(t *testing.T) {
	records := recorded(t)
	shown := replay(t, tortuous, records)
	assert.True(t, shown[0].Run.Replay)
	assert.False(t, records[0].Run.Replay, "the recording stays as it is")
	var steps []time.Duration
	for _, r := range shown {
		if r.Kind == journal.KindStepEnd {
			steps = append(steps, r.Step.Elapsed)
		}
		if r.Kind == journal.KindIntent || r.Kind == journal.KindOutcome {
			assert.True(t, r.Recalled, r.Key)
		}
	}
	assert.Equal(t, []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute}, steps)
	end := shown[len(shown)-1].End
	require.NotNil(t, end)
	assert.Equal(t, journal.OK, end.Status)
	assert.Equal(t, time.Hour, end.Elapsed)
}

func TestAReplayThatGoesAnotherWayTookNoKnownTime(t *testing.T) {
	records := recorded(t)
	for _, r := range records {
		if r.Kind == journal.KindRead {
			r.Key = "another"
			break
		}
	}
	shown := replay(t, tortuous, records)
	end := shown[len(shown)-1].End
	assert.Equal(t, journal.Drifted, end.Status)
	assert.Less(t, end.Elapsed, time.Minute)
}
