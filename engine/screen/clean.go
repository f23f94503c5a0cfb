package screen

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// tabStop is how far apart tab stops are, as on every terminal.
const tabStop = 8

// colourCodes are the escapes that only choose a colour. Logs are full of them, and nothing is lost without them.
var colourCodes = regexp.MustCompile("\x1b\\[[0-9;:]*m")

// clean makes text from outside harmless on one line of a terminal: colour codes go, line breaks and tabs become spaces, and any
// other control character becomes a visible sign, so that what was tried can be seen and nothing happens.
func clean(s string) string {
	if isPlain(s) {
		return s
	}
	s = colourCodes.ReplaceAllString(strings.ReplaceAll(s, "\r\n", "\n"), "")
	return strings.Map(harmless, strings.ToValidUTF8(s, "\uFFFD"))
}

// cleanLines is clean for text of several lines, without the empty lines at its end. Tabs keep their columns.
func cleanLines(s string) []string {
	s = strings.TrimRight(strings.ReplaceAll(s, "\r\n", "\n"), "\n")
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = clean(expandTabs(line))
	}
	return lines
}

// isPlain tells whether s is printable ASCII, as nearly everything is.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// harmless maps a character to what may be printed in its place.
func harmless(r rune) rune {
	switch {
	case r == '\n', r == '\t':
		return ' '
	case r < ' ':
		return '␀' + r // its picture: ␛ for an escape
	case r == 0x7f:
		return '␡'
	case r >= 0x80 && r < 0xa0, isInvisibleOrder(r):
		return utf8.RuneError
	}
	return r
}

// isInvisibleOrder tells whether r breaks the line or reorders what is read without being seen itself.
func isInvisibleOrder(r rune) bool {
	switch {
	case r == 0x2028, r == 0x2029: // line and paragraph separators
	case r == 0x061c, r == 0x200e, r == 0x200f: // direction marks
	case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069: // embeddings, overrides, isolates
	default:
		return false
	}
	return true
}

func expandTabs(line string) string {
	if !strings.Contains(line, "\t") {
		return line
	}
	var b strings.Builder
	column := 0
	for i, part := range strings.Split(line, "\t") {
		if i > 0 {
			gap := tabStop - column%tabStop
			b.WriteString(spaces(gap))
			column += gap
		}
		b.WriteString(part)
		column += width(clean(part))
	}
	return b.String()
}
