package pattern

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// generous is far more than any search takes on a slow machine with the race detector, and far less than one without a budget.
const generous = 30 * time.Second

func TestCatastrophicPatternsGiveUp(t *testing.T) {
	for name, c := range map[string]struct{ pattern, src string }{
		"greedy":   {strings.Repeat("a*", 30) + "b", strings.Repeat("a", 200)},
		"lazy":     {strings.Repeat("a-", 30) + "b", strings.Repeat("a", 200)},
		"optional": {strings.Repeat("a?", 60) + strings.Repeat("a", 60), strings.Repeat("a", 59)},
		"captures": {strings.Repeat("(.-)", 30) + "b", strings.Repeat("a", 200)},
		"balance":  {"%b()", strings.Repeat("(", 1<<15)},
		"suffix":   {"a+b", strings.Repeat("a", 1<<15)},
		"backref":  {"(a*)(a*)%1%2b", strings.Repeat("a", 1<<14)},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), generous)
			defer cancel()
			p, err := Compile(c.pattern)
			require.NoError(t, err)
			_, err = p.Match(ctx, c.src, 0)
			require.ErrorIs(t, err, ErrTooComplex)
			assert.Contains(t, err.Error(), `"regex" library`)
		})
	}
}

// TestLongSubjects: what takes a reasonable number of steps for each byte is not too complex, however long the subject is.
func TestLongSubjects(t *testing.T) {
	src := strings.Repeat("level=info message=started code=200\n", 1<<13)
	for _, pattern := range []string{"level=error", "(%w+)=(%w+) $", "^.*code=(%d+)\n$", "^(.-)$", "%d%d%d%d"} {
		p, err := Compile(pattern)
		require.NoError(t, err)
		_, err = p.Match(context.Background(), src, 0)
		assert.NoError(t, err, "%q", pattern)
	}
}

// TestLongPattern: the row of choices is as long as the pattern, and no stack grows with it.
func TestLongPattern(t *testing.T) {
	const n = 20_000
	p, err := Compile("^" + strings.Repeat("a?", n) + "$")
	require.NoError(t, err)
	m, err := p.Match(context.Background(), strings.Repeat("a", n), 0)
	require.NoError(t, err)
	assert.Equal(t, n, m.End)
}

// TestOneBudgetForAScan: what one search has used up, the next one lacks.
func TestOneBudgetForAScan(t *testing.T) {
	p, err := Compile("%b()")
	require.NoError(t, err)
	piece := "(" + strings.Repeat(".", stepsPerPoll) + ")"
	s := p.Scan(piece+piece, 0)
	s.limit = len(piece) + len(piece)/2
	m, err := s.Next(context.Background())
	require.NoError(t, err)
	require.NotNil(t, m)
	_, err = s.Next(context.Background())
	require.NoError(t, err, "the budget is looked at before a step, not after it")
	_, err = s.Next(context.Background())
	require.ErrorIs(t, err, ErrTooComplex)
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, pattern := range []string{"a", "x", "a*", "^b"} {
		p, err := Compile(pattern)
		require.NoError(t, err)
		_, err = p.Match(ctx, "aaa", 0)
		assert.ErrorIs(t, err, context.Canceled, "%q", pattern)
	}
}

func TestCancelledOnTheWay(t *testing.T) {
	p, err := Compile(strings.Repeat("a*", 30) + "b")
	require.NoError(t, err)
	ctx := &endsAfter{Context: context.Background(), looks: 3}
	s := p.Scan(strings.Repeat("a", 200), 0)
	_, err = s.Next(ctx)
	require.ErrorIs(t, err, context.Canceled)
	assert.LessOrEqual(t, s.steps, 4*(stepsPerPoll+200))
}

// endsAfter is a context that is cancelled after so many looks at it.
type endsAfter struct {
	context.Context
	looks int
}

func (c *endsAfter) Err() error {
	c.looks--
	if c.looks < 0 {
		return context.Canceled
	}
	return nil
}
