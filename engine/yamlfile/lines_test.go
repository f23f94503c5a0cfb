package yamlfile

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhereSomethingStands(t *testing.T) {
	lines := LinesOf([]byte("a: &x\n  b:\n    - 1\n    - {c: 2}\nd: *x\n"))
	for _, c := range []struct {
		path []any
		want int
	}{
		{nil, 1}, {[]any{"a"}, 1}, {[]any{"a", "b"}, 3}, {[]any{"a", "b", 1}, 4}, {[]any{"a", "b", 1, "c"}, 4}, {[]any{"d", "b", 0}, 3},
		{[]any{"a", "b", 7}, 3}, {[]any{"z"}, 1}, {[]any{"a", "b", "x"}, 3}, {[]any{0}, 1},
	} {
		assert.Equal(t, c.want, lines.Of(c.path...), "%v", c.path)
	}
	assert.Equal(t, 1, LinesOf([]byte("a: [")).Of("a"), "of what is no YAML")
	assert.Equal(t, 1, LinesOf(nil).Of("a"))
}
