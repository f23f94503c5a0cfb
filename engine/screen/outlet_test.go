package screen

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// A full pipe that nobody reads once held up the journal: the record of an action's outcome waited for the screen.
func TestAScreenThatNobodyReadsHoldsUpNoRecord(t *testing.T) {
	reader, pipe := io.Pipe() // takes nothing until it is read
	outlet := NewOutlet(pipe)
	text := NewText(outlet, Options{})
	for _, r := range killed().records {
		require.NoError(t, text.Write(r))
	}
	require.NoError(t, text.Close())
	require.True(t, outlet.Behind())

	go func() {
		assert.NoError(t, outlet.Wait(context.Background(), 0))
		_ = pipe.Close()
	}()
	got, err := io.ReadAll(reader)
	require.NoError(t, err)
	var want bytes.Buffer
	play(t, NewText(&want, Options{}), killed().records)
	require.Equal(t, want.String(), string(got), "everything arrives, in order")
}

func TestWhoWaitsForTheReaderCanBeCalledOff(t *testing.T) {
	reader, pipe := io.Pipe()
	outlet := NewOutlet(pipe)
	_, err := outlet.Write([]byte("12345"))
	require.NoError(t, err)
	require.NoError(t, outlet.Wait(t.Context(), 5), "it may be that far behind")

	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	require.ErrorIs(t, outlet.Wait(ctx, 4), stop)
	require.NoError(t, reader.Close())
}

func TestAReaderThatWentAwayIsTold(t *testing.T) {
	reader, pipe := io.Pipe()
	outlet := NewOutlet(pipe)
	require.NoError(t, reader.Close())
	_, err := outlet.Write([]byte("x"))
	require.NoError(t, err)
	<-outlet.Broken()
	require.ErrorIs(t, outlet.Err(), io.ErrClosedPipe)
	require.ErrorIs(t, outlet.Wait(t.Context(), 0), io.ErrClosedPipe)
	_, err = outlet.Write([]byte("y"))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// The live line of a terminal that was stopped would otherwise pile up, eight times a second.
func TestAStoppedTerminalGetsNoLiveLines(t *testing.T) {
	reader, pipe := io.Pipe()
	defer func() { require.NoError(t, reader.Close()) }()
	outlet := NewOutlet(pipe)
	text := NewText(outlet, Options{Look: Look{Live: true}, Tick: make(chan time.Time)})
	defer func() { require.NoError(t, text.Close()) }()
	require.NoError(t, text.Write(&journal.Record{Kind: journal.KindWarning, Warning: &journal.Warning{Text: "w"}}))
	text.Status("", "waiting")
	behind := outlet.behind
	text.redraw()
	require.Equal(t, behind, outlet.behind)
}
