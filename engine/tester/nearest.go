package tester

import (
	"fmt"
	"strings"
	"unicode"
)

// nearest says which of some lines is most like a text that none of them has: the one that has most of its words. "" where none has half of
// them.
func nearest(text string, lines []string) string {
	wanted := wordsOf(text)
	best, most := "", (len(wanted)+1)/2
	for _, line := range lines {
		has := map[string]bool{}
		for _, word := range wordsOf(line) {
			has[word] = true
		}
		common := 0
		for _, word := range wanted {
			if has[word] {
				common++
			}
		}
		if common > 0 && (common > most || common == most && best == "") {
			best, most = line, common
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; the nearest is %q", clipped(strings.TrimSpace(best)))
}

func wordsOf(text string) []string {
	return strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' })
}

// longest is how much of a line is told.
const longest = 200

func clipped(line string) string {
	if runes := []rune(line); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return line
}
