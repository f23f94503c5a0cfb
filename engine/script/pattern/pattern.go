// Package pattern matches Lua 5.1 patterns in bounded time.
//
// The pattern matcher of an ordinary Lua interpreter backtracks without limit: a short pattern over a short text can run for hours,
// and nothing can interrupt it. This one accepts the same patterns with the same meaning (Lua 5.1 Reference Manual, section
// 5.4.1, and lstrlib.c where the manual is silent), but counts its steps, gives up with ErrTooComplex when there are too many,
// and looks at its context as it goes.
//
// It works on bytes in the C locale, never on runes, and a zero byte is a byte like any other. It never recurses, so no pattern and
// no text can exhaust the stack; it never reports a malformed pattern half way through a match, because Compile finds every
// fault before the first byte is looked at. It knows nothing of Lua values.
//
// Read parse.go for the grammar, match.go for the matching, budget.go for the limits; then engine/script/strlib.go, which makes
// string.find, match, gmatch and gsub of it.
package pattern

import (
	"context"
	"strings"
)

// A Pattern is a compiled pattern. It does not change, so any number of goroutines may use it.
type Pattern struct {
	items    []item
	anchored bool   // began with ^: a match can only begin where the search does
	captures int    // how many captures every match has
	choices  int    // how many items can match more than one length
	prefix   string // the bytes with which every match begins, as far as they are certain
	first    set    // the bytes with which a match can begin, unless it may be empty
	nullable bool   // a match may be empty, or may begin with any byte
}

// A Match is one place where a pattern was found: the bytes [Start, End) of the subject.
type Match struct {
	Start, End int
	Captures   []Capture // in the order of their opening parentheses
}

// A Capture is what one pair of parentheses held: the bytes [Start, End) of the subject, or, for the empty pair (), a position.
type Capture struct {
	Start, End int
}

// atPosition is the End of a position capture.
const atPosition = -1

// IsPosition tells whether the capture is the position Start rather than a piece of the subject.
func (c Capture) IsPosition() bool { return c.End == atPosition }

// Compile reads a pattern as string.find, string.match and string.gsub do: a ^ at its beginning ties a match to the place where the
// search begins. The error is a *SyntaxError.
func Compile(pattern string) (*Pattern, error) {
	body, anchored := strings.CutPrefix(pattern, "^")
	return compile(pattern, len(pattern)-len(body), anchored)
}

// CompileUnanchored reads a pattern as string.gmatch does, where ^ has no special meaning at all. The error is a *SyntaxError.
func CompileUnanchored(pattern string) (*Pattern, error) {
	return compile(pattern, 0, false)
}

// IsLiteral tells whether a pattern has no special characters, so that it is found wherever the same bytes are.
func IsLiteral(pattern string) bool {
	return !strings.ContainsAny(pattern, "^$*+?.([%-")
}

// Match returns the first match that begins at or after byte init of src, or nil if there is none. The error is ErrTooComplex, or
// that of the context.
func (p *Pattern) Match(ctx context.Context, src string, init int) (*Match, error) {
	return p.Scan(src, init).Next(ctx)
}
