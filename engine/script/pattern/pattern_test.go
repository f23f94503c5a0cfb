package pattern

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// found is a match as the tables below write it: the text between its ends, then its captures, a position as @ and a number from 1.
func found(src string, m *Match) string {
	if m == nil {
		return "none"
	}
	parts := []string{fmt.Sprintf("%d:%s", m.Start+1, src[m.Start:m.End])}
	for _, c := range m.Captures {
		if c.IsPosition() {
			parts = append(parts, fmt.Sprintf("@%d", c.Start+1))
		} else {
			parts = append(parts, src[c.Start:c.End])
		}
	}
	return strings.Join(parts, "|")
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, src, want string
	}{
		// Literals and anchors.
		{"", "", "1:"},
		{"", "alo", "1:"},
		{"lo", "alo", "2:lo"},
		{"lO", "alo", "none"},
		{"^lo", "alo", "none"},
		{"^al", "alo", "1:al"},
		{"al$", "alo", "none"},
		{"lo$", "alo", "2:lo"},
		{"^$", "", "1:"},
		{"^$", "a", "none"},
		{"$", "alo", "4:"},
		{"a^b$c", "xa^b$c", "2:a^b$c"},
		{"(a$)", "ba$", "2:a$|a$"},
		{"$$", "a$", "2:$"},
		{"^^a", "^a", "1:^a"},
		{"a%$", "a$b", "1:a$"},
		{"]", "a]", "2:]"},
		{"a\x00b", "xa\x00b", "2:a\x00b"},

		// Repetition.
		{"a*", "aaab", "1:aaa"},
		{"a+", "baaa", "2:aaa"},
		{"a-", "aaa", "1:"},
		{"^a-$", "aaa", "1:aaa"},
		{"a?b", "aab", "2:ab"},
		{"a?a?a", "a", "1:a"},
		{"^.-b", "aabab", "1:aab"},
		{"^.*b", "aabab", "1:aabab"},
		{"^.+b", "b", "none"},
		{".", "\n", "1:\n"},
		{"a*b-c?d+", "aabbdd", "1:aabbdd"},
		{"*a", "b*a", "2:*a"},
		{"**", "a**", "1:"},
		{"^**$", "**", "1:**"},
		{"%%+", "a%%b", "2:%%"},
		{"(a)*", "a*", "1:a*|a"},
		{"%s*$", "ab  ", "3:  "},

		// Sets.
		{"[abc]+", "xxcabx", "3:cab"},
		{"[^abc]+", "abxyc", "3:xy"},
		{"[]]+", "a]]", "2:]]"},
		{"[^]]+", "]]a", "3:a"},
		{"[a-c]+", "dabcd", "2:abc"},
		{"[c-a]+", "abc", "none"},
		{"[a-]+", "x-a-", "2:-a-"},
		{"[-a]+", "x-a-", "2:-a-"},
		{"[+--]+", "a+,-b", "2:+,-"},
		{"[%a-]+", "1a-b2", "2:a-b"},
		{"[%a-z]+", "1a-z2", "2:a-z"},
		{"[%]]+", "a]]", "2:]]"},
		{"[a%-z]+", "b-az", "2:-az"},
		{"[#-%%]+", "b#%]", "2:#%]"},
		{"[%w_]+", "--a_1--", "3:a_1"},
		{"[^%s]+", "  ab ", "3:ab"},
		{"[%W]+", "ab--c", "3:--"},
		{"[^^]+", "^a^", "2:a"},
		{"[a^]+", "b^a", "2:^a"},
		{"[.]+", "a..", "2:.."},
		{"[\x80-\xff]+", "a\x80\xffb", "2:\x80\xff"},
		{"[%b]+", "b", "1:b"},

		// Captures.
		{"(a)(b)(c)", "abc", "1:abc|a|b|c"},
		{"(a(b)(c))", "abc", "1:abc|abc|b|c"},
		{"()b()", "abc", "2:b|@2|@3"},
		{"()", "", "1:|@1"},
		{"(a*)()", "aab", "1:aa|aa|@3"},
		{"(.-)=(.*)", "key=a=b", "1:key=a=b|key|a=b"},
		{"^%s*(.-)%s*$", "  some text \t", "1:  some text \t|some text"},
		{"(a-)(b+)$", "aabab", "4:ab|a|b"},

		// Back references.
		{"(.)%1", "abccd", "3:cc|c"},
		{"(a*)%1$", "aaaaa", "2:aaaa|aa"},
		{"(['\"])(.-)%1", `x="it's"`, `3:"it's"|"|it's`},
		{"(a)(b)%2%1", "abab abba", "6:abba|a|b"},
		{"()%1", "ab", "none"},
		{"(b?)%1a", "ba", "2:a|"},
		{"(.)%11", "aa1", "1:aa1|a"},

		// Balance.
		{"%b()", "x(a(b)c)d)", "2:(a(b)c)"},
		{"%b()", "((a)", "2:(a)"},
		{"%b()", "(((", "none"},
		{"%b''", "it''s", "3:''"},
		{"(%b())%1", "()(a)(a)", "3:(a)(a)|(a)"},
		{"%b()*", "()*", "1:()*"},

		// Frontier.
		{"%f[%a]%a+", "12 word", "4:word"},
		{"%f[%z]", "ab", "3:"},
		{"%f[%Z]", "ab", "1:"},
		{"%f[a]%f[^b]a", "ba", "2:a"},
		{"%f[%a]%a+%f[%A]", "THE (quick) fox", "1:THE"},
		{"%f[%s]", "ab", "none"},

		// %z is a class, other letters that name none stand for themselves.
		{"%z+", "a\x00\x00", "2:\x00\x00"},
		{"%y", "xy", "2:y"},
		{"%Y", "yY", "2:Y"},
	} {
		p, err := Compile(c.pattern)
		require.NoError(t, err, "%q", c.pattern)
		m, err := p.Match(context.Background(), c.src, 0)
		require.NoError(t, err, "%q", c.pattern)
		assert.Equal(t, c.want, found(c.src, m), "%q in %q", c.pattern, c.src)
	}
}

func TestMatchFromInit(t *testing.T) {
	for _, c := range []struct {
		pattern, src string
		init         int
		want         string
	}{
		{"a", "banana", 2, "4:a"},
		{"a", "banana", 6, "none"},
		{"", "ab", 2, "3:"},
		{"", "ab", 3, "none"},
		{"a", "ab", -5, "1:a"},
		{"^a", "ba", 0, "none"},
		{"^a", "ba", 1, "2:a"},
		{"%f[%a]b", "ab", 1, "none"}, // the byte before init counts
		{"%w+", "ab", 2, "none"},
	} {
		p, err := Compile(c.pattern)
		require.NoError(t, err)
		m, err := p.Match(context.Background(), c.src, c.init)
		require.NoError(t, err)
		assert.Equal(t, c.want, found(c.src, m), "%q in %q from %d", c.pattern, c.src, c.init)
	}
}

// TestClasses compares every class with its definition for every byte; above 127 there is nothing in the C locale.
func TestClasses(t *testing.T) {
	ascii := func(in func(rune) bool) func(rune) bool {
		return func(c rune) bool { return c < 128 && in(c) }
	}
	for letter, in := range map[byte]func(rune) bool{
		'a': ascii(unicode.IsLetter),
		'c': ascii(unicode.IsControl),
		'd': ascii(unicode.IsDigit),
		'l': ascii(unicode.IsLower),
		'p': ascii(func(c rune) bool { return unicode.IsPunct(c) || unicode.IsSymbol(c) }),
		's': ascii(unicode.IsSpace),
		'u': ascii(unicode.IsUpper),
		'w': ascii(func(c rune) bool { return unicode.IsLetter(c) || unicode.IsDigit(c) }),
		'x': ascii(func(c rune) bool { return strings.ContainsRune("0123456789abcdefABCDEF", c) }),
		'z': func(c rune) bool { return c == 0 },
	} {
		members, others := class(letter), class(letter-'a'+'A')
		for c := range 256 {
			assert.Equal(t, in(rune(c)), members.has(byte(c)), "%%%c and byte %d", letter, c)
			assert.NotEqual(t, members.has(byte(c)), others.has(byte(c)), "%%%c and its complement at byte %d", letter, c)
		}
	}
}

func TestIsLiteral(t *testing.T) {
	assert.True(t, IsLiteral("plain text, ] } ) included\x00"))
	for _, special := range "^$*+?.([%-" {
		assert.False(t, IsLiteral("a"+string(special)), "%c", special)
	}
}
