package journal

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func linesBackwards(t require.TestingT, text string, budget, chunk int64) (lines []string, spent bool) {
	back := newTail(strings.NewReader(text), int64(len(text)), budget)
	back.chunk = chunk
	for {
		line, err := back.previous()
		if errors.Is(err, io.EOF) {
			return lines, back.spent()
		}
		require.NoError(t, err)
		lines = append(lines, string(line))
	}
}

// Whatever the lines and however they are read, they come back whole and in reverse, without the torn one.
func TestATailIsTheLinesInReverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.StringMatching(`[a-z]{1,40}`)).Draw(t, "lines")
		torn := rapid.StringMatching(`[a-z]{0,40}`).Draw(t, "torn")
		text := torn
		if len(lines) > 0 {
			text = strings.Join(lines, "\n") + "\n" + torn
		}
		got, spent := linesBackwards(t, text, 1<<20, rapid.Int64Range(1, 64).Draw(t, "chunk"))
		slices.Reverse(got)
		assert.Equal(t, append([]string(nil), lines...), got)
		assert.False(t, spent)
	})
}

func TestATailStopsAtItsBudget(t *testing.T) {
	text := "first\nsecond\nthird\n"
	for budget, want := range map[int64][]string{0: nil, 5: nil, 6: nil, 7: {"third"}, 14: {"third", "second"}, 19: {"third", "second", "first"}} {
		got, spent := linesBackwards(t, text, budget, 4)
		assert.Equal(t, want, got, budget)
		assert.Equal(t, budget < 19, spent, budget)
	}
}
