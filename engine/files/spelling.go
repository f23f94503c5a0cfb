package files

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Names of files are bytes; what scripts, records and screens have is text. A byte that is no text is spelt \xff, in lower case, and so is
// a backslash that would be read as the beginning of that. Every other name is itself.

const (
	escapeMark = `\x`
	escapeSize = len(escapeMark) + 2
	hexBase    = 16
	byteBits   = 8
)

// Spell is a name or path as text.
func Spell(name string) string {
	if utf8.ValidString(name) && !strings.Contains(name, escapeMark) {
		return name
	}
	var b strings.Builder
	for i := 0; i < len(name); {
		r, size := utf8.DecodeRuneInString(name[i:])
		_, escaped := escape(name[i:])
		if r == utf8.RuneError && size == 1 || escaped {
			writeEscape(&b, name[i])
			i++
			continue
		}
		b.WriteString(name[i : i+size])
		i += size
	}
	return b.String()
}

// Unspell is the name or path of a text that Spell made of one.
func Unspell(text string) string {
	if !strings.Contains(text, escapeMark) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if c, ok := escape(text[i:]); ok {
			b.WriteByte(c)
			i += escapeSize
			continue
		}
		b.WriteByte(text[i])
		i++
	}
	return b.String()
}

// escape is the byte that a text begins with, where it is spelt.
func escape(text string) (byte, bool) {
	if !strings.HasPrefix(text, escapeMark) || len(text) < escapeSize {
		return 0, false
	}
	digits := text[len(escapeMark):escapeSize]
	n, err := strconv.ParseUint(digits, hexBase, byteBits)
	return byte(n), err == nil && strings.ToLower(digits) == digits
}

func writeEscape(b *strings.Builder, c byte) {
	b.WriteString(escapeMark)
	if c < hexBase {
		b.WriteByte('0')
	}
	b.WriteString(strconv.FormatUint(uint64(c), hexBase))
}
