package screen

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// ellipsis stands for what was left out. It is one cell wide.
const ellipsis = "…"

// width is how many cells of a terminal the cleaned text takes.
func width(s string) int {
	if isPlain(s) {
		return len(s)
	}
	return displaywidth.String(s)
}

func spaces(n int) string { return strings.Repeat(" ", max(n, 0)) }

// truncate shortens cleaned text to at most limit cells, and never cuts through a character that is made of several.
func truncate(s string, limit int) string {
	switch {
	case limit <= 0:
		return ""
	case isPlain(s) && len(s) <= limit:
		return s
	}
	return displaywidth.TruncateString(s, limit, ellipsis)
}

// shorten is truncate for names: it keeps both ends, because the names of replicas differ only at their end.
func shorten(s string, limit int) string {
	if limit < 3 || width(s) <= limit {
		return truncate(s, limit)
	}
	tail := (limit - 1) / 2
	head := limit - 1 - tail
	return displaywidth.TruncateString(s, head, "") + ellipsis + lastCells(s, tail)
}

// lastCells is the longest end of s that takes at most limit cells.
func lastCells(s string, limit int) string {
	over := width(s) - limit
	graphemes := displaywidth.StringGraphemes(s)
	for start := 0; graphemes.Next(); {
		if over <= 0 {
			return s[start:]
		}
		over -= graphemes.Width()
		start += len(graphemes.Value())
	}
	return ""
}

// fold breaks one cleaned line into lines of at most limit cells, at spaces where there are any. A limit of 0 means no limit: what
// is piped elsewhere is for other programs, which want it whole.
func fold(line string, limit int) []string {
	var folded []string
	for limit > 0 && width(line) > limit {
		head := displaywidth.TruncateString(line, limit, "")
		if head == "" { // one character is wider than the limit
			break
		}
		if space := breakAt(line, head); space > 0 {
			folded, line = append(folded, line[:space]), line[space+1:]
			continue
		}
		folded, line = append(folded, head), line[len(head):]
	}
	return append(folded, line)
}

// breakAt finds the last space at which line can be broken so that no more than head stays before it; 0 if there is none. The space
// just after head counts, those of an indentation do not.
func breakAt(line, head string) int {
	space := strings.LastIndexByte(line[:min(len(head)+1, len(line))], ' ')
	if strings.TrimLeft(line[:max(space, 0)], " ") == "" {
		return 0
	}
	return space
}
