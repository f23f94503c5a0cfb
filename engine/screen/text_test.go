package screen

import (
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// A full writer takes so many writes and then fails. It remembers the largest.
type fullWriter struct {
	left, largest int
}

var errFull = errors.New("no space left")

func (w *fullWriter) Write(p []byte) (int, error) {
	if w.left--; w.left < 0 {
		return 0, errFull
	}
	w.largest = max(w.largest, len(p))
	return len(p), nil
}

func TestAScreenThatCannotBeWrittenStopsNoRun(t *testing.T) {
	w := &fullWriter{left: 2}
	text := NewText(w, Options{})
	for _, r := range rehearsal().records {
		require.NoError(t, text.Write(r))
	}
	require.ErrorIs(t, text.Close(), errFull)
	require.Equal(t, -1, w.left, "it was tried again")
}

func TestALargeTableIsWrittenInPages(t *testing.T) {
	w := &fullWriter{left: 1000}
	text := NewText(w, Options{})
	table := podTable()
	for i := range 10_000 {
		table.Rows = append(table.Rows, []string{fmt.Sprintf("photon-compiler-%d", i), "1/1", "Running", "0", "1d"})
	}
	play(t, text, newTape(journal.RealRun).show(table).records)
	require.Less(t, w.largest, 2*pageSize)
}

func TestBranchesMayWriteAtOnce(t *testing.T) {
	s := newLiveScreen(t, 80)
	var branches sync.WaitGroup
	for b := range 8 {
		branches.Go(func() {
			name := fmt.Sprintf("envise-%d", b)
			for i := range 20 {
				s.Status(name, "device.status")
				a := message(i)
				a.branch = name
				for _, r := range newTape(journal.RealRun).act(a.done()).records[1:] {
					require.NoError(t, s.Write(r))
				}
			}
		})
	}
	done := make(chan struct{})
	go func() {
		branches.Wait()
		close(done)
	}()
	for running := true; running; {
		select {
		case s.ticks <- s.now:
		case <-done:
			running = false
		}
	}
	require.NoError(t, s.Close())
	require.Contains(t, s.terminal.finished(), "  envise-7 | 19  notify.send receiver/hardware-team  done, 0.2s\n")
}

func TestTheDefaultClockAndTicker(t *testing.T) {
	text := NewText(io.Discard, Options{Look: Look{Live: true}})
	text.Status("", "kubernetes.list pods")
	text.redraw()
	require.NoError(t, text.Close())
	require.NoError(t, text.Close(), "closing twice")
}
