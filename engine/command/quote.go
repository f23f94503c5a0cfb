package command

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain are the characters that no shell takes for anything else, in the words that commands mostly have. Letters beyond ASCII are too.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+./:,@%=…{}"

// Quote is a word as a person can type it to a shell, which takes it as it is: what a command or a file is called may be anything, also
// something that a shell would run.
func Quote(word string) string {
	switch {
	case strings.ContainsFunc(word, unprintable):
		return "$'" + escaped(word) + "'"
	case word != "" && !strings.ContainsFunc(word, special) && !braces(word):
		return word
	case !strings.ContainsAny(word, "$`\"\\!"):
		return `"` + word + `"`
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// braces tells whether a shell may make several words of one.
func braces(word string) bool { return strings.Contains(word, "{") && strings.ContainsAny(word, ",.") }

func special(r rune) bool { return r < utf8.RuneSelf && !strings.ContainsRune(plain, r) }

// unprintable tells what no terminal should be given, and nobody could type.
func unprintable(r rune) bool { return r == utf8.RuneError || !unicode.IsPrint(r) }

// escaped is a word as bash and its relatives take it after $'.
func escaped(word string) string {
	var b strings.Builder
	for i := 0; i < len(word); {
		r, size := utf8.DecodeRuneInString(word[i:])
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\'' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case unprintable(r):
			for _, c := range []byte(word[i : i+size]) {
				fmt.Fprintf(&b, `\%03o`, c) // octal: of hexadecimal digits a shell takes as many as come
			}
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String()
}
