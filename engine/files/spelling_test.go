package files

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSpelling(t *testing.T) {
	for name, text := range map[string]string{
		"plain/ünï":      "plain/ünï",
		"new\nline":      "new\nline",
		"\xff\xfe/a":     `\xff\xfe/a`,
		`\xff`:           `\x5cxff`,
		`\x`:             `\x`,
		`\xFF`:           `\xFF`,
		`back\slash`:     `back\slash`,
		"half \xc3":      `half \xc3`,
		"\uFFFD":         "\uFFFD",
		"\x80\\x80\\x5c": `\x80\x5cx80\x5cx5c`,
	} {
		require.Equal(t, text, Spell(name))
		require.Equal(t, name, Unspell(text))
	}
}

func FuzzSpelling(f *testing.F) {
	f.Add("a\xff")
	f.Add(`\x5cx5c\xzz`)
	f.Fuzz(func(t *testing.T, name string) {
		text := Spell(name)
		require.True(t, utf8.ValidString(text))
		require.Equal(t, name, Unspell(text))
	})
}

func TestSpellingIsReversible(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.StringOf(rapid.SampledFrom([]rune{'\\', 'x', 'f', '5', 'c', 'é', '/'})).Draw(t, "name") + string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		require.Equal(t, name, Unspell(Spell(name)))
	})
}
