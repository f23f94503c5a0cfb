package screen

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

func TestAWordInBetweenTakesALineOfItsOwn(t *testing.T) {
	s := newLiveScreen(t, 80)
	tape := newTape(journal.RealRun).step(1, "Restart").intent(deletion(1, "x"))
	for _, r := range tape.records {
		require.NoError(t, s.Write(r))
	}
	s.tick(0)
	require.Equal(t, []string{"delete pods/x"}, s.UnderWay())
	s.Interject("Interrupted.")
	require.True(t, strings.HasSuffix(s.terminal.finished(), "[1/4] Restart\n  1  delete pods/x  (disruptive)\nInterrupted.\n"), s.terminal.finished())

	s.Pause()
	require.NoError(t, s.Write(tape.act(deletion(1, "x").done()).records[4]))
	s.Interject("Again.")
	require.True(t, strings.HasSuffix(s.terminal.finished(), "\nAgain.\n"), "a question does not hold it back")
	require.Empty(t, s.UnderWay())
	s.Resume()
	require.NoError(t, s.Close())
}

func TestTheEndIsRetoldToThoseWhoDidNotSeeIt(t *testing.T) {
	var screen, other bytes.Buffer
	text := NewText(&screen, Options{})
	play(t, text, forbidden().records)
	text.Retell(&other, Look{Live: true})
	require.NotEmpty(t, other.String())
	require.True(t, strings.HasSuffix(screen.String(), other.String()), other.String())

	other.Reset()
	NewText(&screen, Options{}).Retell(&other, Look{})
	require.Empty(t, other.String(), "no run, nothing to tell")
}
