package pattern

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scan lists all matches.
func scan(t *testing.T, p *Pattern, src string) string {
	t.Helper()
	var all []string
	for s := p.Scan(src, 0); ; {
		m, err := s.Next(context.Background())
		require.NoError(t, err)
		if m == nil {
			m, err = s.Next(context.Background())
			require.NoError(t, err)
			assert.Nil(t, m, "a scanner that is done stays done")
			return strings.Join(all, " ")
		}
		all = append(all, found(src, m))
	}
}

func TestScan(t *testing.T) {
	for _, c := range []struct {
		pattern, src, want string
	}{
		{"%w+", "one two", "1:one 5:two"},
		{"(%w)(%w)", "abcde", "1:ab|a|b 3:cd|c|d"},
		{"", "ab", "1: 2: 3:"},
		{"b*", "abb", "1: 2:bb 4:"},
		{"%w*", "ab c", "1:ab 3: 4:c 5:"},
		{"()a", "aa", "1:a|@1 2:a|@2"},
		{"x", "abc", ""},
		{"^a", "aaa", "1:a"},
		{"^b", "ab", ""},
		{"^", "ab", "1:"},
		{"a$", "aa", "2:a"},
	} {
		p, err := Compile(c.pattern)
		require.NoError(t, err)
		assert.Equal(t, c.want, scan(t, p, c.src), "%q in %q", c.pattern, c.src)
	}
}

func TestCompileUnanchored(t *testing.T) {
	for _, c := range []struct {
		pattern, src, want string
	}{
		{"^a", "a^a^a", "2:^a 4:^a"},
		{"^*a", "^^a", "1:^^a"},
		{"a$", "aa", "2:a"},
	} {
		p, err := CompileUnanchored(c.pattern)
		require.NoError(t, err)
		assert.Equal(t, c.want, scan(t, p, c.src), "%q in %q", c.pattern, c.src)
	}
}
