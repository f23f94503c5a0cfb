package engine

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// endless is a journal whose disk is full at the end.
type endless struct {
	dying
	full error
}

func (e *endless) Write(r *journal.Record) error {
	if r.Kind == journal.KindEnd {
		return e.full
	}
	return e.dying.Write(r)
}

// A run that did all it had to, and whose end nobody can read later, says so.
func TestAnEndThatIsNotKeptIsTold(t *testing.T) {
	full := errors.New("no space left on device")
	cfg := newPlant().bench(t, onlyStarts, &dying{})
	cfg.Open = func() (journal.Sink, error) { return &endless{full: full}, nil }
	result, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	assert.Equal(t, ExitFailed, result.Exit)
	assert.ErrorIs(t, result.Lost, full)
}
