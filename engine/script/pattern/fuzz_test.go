package pattern

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/gopher-lua/pm"
)

// FuzzMatch: whatever the pattern and the subject, a search ends within its budget without a panic, what it finds lies within the
// subject, and gopher-lua's matcher finds the same where it can be trusted.
func FuzzMatch(f *testing.F) {
	for _, seed := range [][2]string{
		{"", ""}, {"^(%w+)%s*=%s*(.-)%s*$", "a = b "}, {"()a-b()", "aab"}, {"%b()", "(()"}, {"%f[%a]x", "a x"},
		{"(.)%1", "abb"}, {"[^]a-c%d-]+", "]ad"}, {"a*a*a*a*b", "aaaaaaaaaaaaaaaa"}, {"[a-%%]", "]"}, {"(()", ")"}, {"%", "%"},
	} {
		f.Add(seed[0], seed[1], 0)
	}
	f.Fuzz(func(t *testing.T, pattern, src string, init int) {
		p, err := Compile(pattern)
		if err != nil {
			var syntax *SyntaxError
			require.ErrorAs(t, err, &syntax)
			require.LessOrEqual(t, syntax.Position, len(pattern)+1)
			return
		}
		s := p.Scan(src, init)
		m, err := s.Next(context.Background())
		require.LessOrEqual(t, s.steps, s.limit+stepsPerPoll+len(src))
		if errors.Is(err, ErrTooComplex) {
			return
		}
		require.NoError(t, err)
		requireInside(t, m, max(init, 0), len(src))
		if s.steps < 10_000 && pmKnows(pattern) && 0 <= init && init <= len(src) {
			comparePM(t, pattern, src, init, m)
		}
	})
}

func requireInside(t *testing.T, m *Match, init, length int) {
	if m == nil {
		return
	}
	require.True(t, init <= m.Start && m.Start <= m.End && m.End <= length, "%+v", *m)
	for _, c := range m.Captures {
		require.True(t, m.Start <= c.Start && c.Start <= m.End, "%+v", *m)
		require.True(t, c.IsPosition() || c.Start <= c.End && c.End <= m.End, "%+v", *m)
	}
}

// pmStrange is what gopher-lua's matcher gets wrong, or panics at: sets of unusual forms, frontiers and back references.
var pmStrange = regexp.MustCompile(`\[|%f|%\d`)

func pmKnows(pattern string) bool { return !pmStrange.MatchString(pattern) }

func comparePM(t *testing.T, pattern, src string, init int, m *Match) {
	matches, err := pm.Find(pattern, []byte(src), init, 1)
	if err != nil {
		return
	}
	var theirs *Match
	if len(matches) > 0 {
		theirs = fromPM(matches[0])
	}
	require.Equal(t, found(src, theirs), found(src, m), "%q in %q from %d", pattern, src, init)
}

func fromPM(data *pm.MatchData) *Match {
	m := &Match{Start: data.Capture(0), End: data.Capture(1)}
	for i := 2; i < data.CaptureLength(); i += 2 {
		c := Capture{data.Capture(i), data.Capture(i + 1)}
		if data.IsPosCapture(i) {
			c = Capture{data.Capture(i) - 1, atPosition}
		}
		m.Captures = append(m.Captures, c)
	}
	return m
}
