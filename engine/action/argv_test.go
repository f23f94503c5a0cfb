package action

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCommandsMatch(t *testing.T) {
	reads := Commands{{"ps", "aux"}, {"df", "-h", "*"}, {"cat", "..."}, {"lightmatter-cli", "status"}, {"find", "*", "-name", "*"}}
	for _, c := range []struct {
		argv []string
		read bool
	}{
		{[]string{"ps", "aux"}, true},
		{[]string{"ps", "aux", "x"}, false},
		{[]string{"ps"}, false},
		{[]string{"df", "-h", "/var"}, true},
		{[]string{"df", "-h"}, false},
		{[]string{"df", "-h", "--output=x"}, false}, // an option in a wildcard's place
		{[]string{"cat", "/a", "/b"}, true},
		{[]string{"cat"}, true},
		{[]string{"cat", "/a", "--help"}, false},
		{[]string{"find", "/var", "-name", "x"}, true},
		{[]string{"find", "/var", "-name", "-delete"}, false},
		{[]string{"find", "/var", "-name", "x", "-delete"}, false},
		{[]string{"lightmatter-cli", "reset"}, false},
		{[]string{"sh", "-c", "ps aux"}, false},
		{[]string{"ps aux"}, false},
		{[]string{"/bin/ps", "aux"}, false}, // another program
		{nil, false},
		{[]string{""}, false},
	} {
		assert.Equal(t, c.read, reads.Match(c.argv), "%q", c.argv)
	}
	assert.False(t, Commands{{}}.Match(nil), "an empty pattern matches nothing")
}

// A pattern says the same as a regular expression over the arguments, each with a zero byte behind it, and never lets an option
// pass that it does not spell out.
func FuzzCommandsMatch(f *testing.F) {
	for _, c := range [][2]string{
		{"cat\n...", "cat\n/a\n-n"}, {"df\n-h\n*", "df\n-h\n"}, {"...", "rm"}, {"a\n...\nb", "a\n...\nb"}, {"", ""}, {"*", "-x"}, {"find\n*\n-name\n*", "find\n/\n-name\n-delete"},
	} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, words, arguments string) {
		if strings.Contains(words+arguments, "\x00") || !utf8.ValidString(words) || !utf8.ValidString(arguments) {
			return
		}
		pattern, argv := strings.Split(words, "\n"), strings.Split(arguments, "\n")
		const argument = `(?:[^-\x00][^\x00]*)?\x00`
		expression := "^"
		for i, word := range pattern {
			switch {
			case word == "*":
				expression += argument
			case word == "..." && i == len(pattern)-1:
				expression += "(?:" + argument + ")*"
			default:
				expression += regexp.QuoteMeta(word) + `\x00`
			}
		}
		read := Commands{pattern}.Match(argv)
		require.Equal(t, regexp.MustCompile(expression+"$").MatchString(strings.Join(argv, "\x00")+"\x00"), read)
		if read {
			for _, a := range argv {
				if strings.HasPrefix(a, "-") {
					require.Contains(t, pattern, a)
				}
			}
		}
	})
}
