package pattern

import "fmt"

// A SyntaxError says what is wrong with a pattern, and where.
type SyntaxError struct {
	Reason   string // in the words of Lua's own error message
	Position int    // of the byte at fault, counted from 1 as Lua does
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at position %d of the pattern", e.Reason, e.Position)
}
