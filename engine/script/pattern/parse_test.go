package pattern

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		pattern, reason string
		position        int
	}{
		{"a%", "malformed pattern (ends with '%')", 2},
		{"a[b", "malformed pattern (missing ']')", 2},
		{"[", "malformed pattern (missing ']')", 1},
		{"[]", "malformed pattern (missing ']')", 1},
		{"[^]", "malformed pattern (missing ']')", 1},
		{"[a%]", "malformed pattern (missing ']')", 1},
		{"[a%", "malformed pattern (missing ']')", 1},
		{"^[a", "malformed pattern (missing ']')", 2},
		{"%f[a", "malformed pattern (missing ']')", 3},
		{"a%f", "missing '[' after '%f' in pattern", 2},
		{"%fa", "missing '[' after '%f' in pattern", 1},
		{"a%b", "unbalanced pattern", 2},
		{"%b(", "unbalanced pattern", 1},
		{"a(b", "unfinished capture", 2},
		{"(a(b)", "unfinished capture", 1},
		{"a)", "invalid pattern capture", 2},
		{"())", "invalid pattern capture", 3},
		{"%1", "invalid capture index", 1},
		{"(a)%2", "invalid capture index", 4},
		{"(a%1)", "invalid capture index", 3},
		{"%0", "invalid capture index", 1},
		{strings.Repeat("()", 33), "too many captures", 65},
	} {
		_, err := Compile(c.pattern)
		var syntax *SyntaxError
		require.ErrorAs(t, err, &syntax, "%q", c.pattern)
		assert.Equal(t, SyntaxError{c.reason, c.position}, *syntax, "%q", c.pattern)
	}
}

func TestSyntaxErrorText(t *testing.T) {
	_, err := Compile("x(")
	assert.EqualError(t, err, "unfinished capture at position 2 of the pattern")
}

func TestPatternTooLong(t *testing.T) {
	_, err := Compile(strings.Repeat("a", MaxLength))
	require.NoError(t, err)
	_, err = Compile(strings.Repeat("a", MaxLength+1))
	require.ErrorContains(t, err, "pattern too long (65537 bytes, at most 65536)")
}

func TestManyCaptures(t *testing.T) {
	p, err := Compile(strings.Repeat("(.)", 32))
	require.NoError(t, err)
	m, err := p.Match(t.Context(), strings.Repeat("x", 40), 0)
	require.NoError(t, err)
	assert.Len(t, m.Captures, 32)
}
