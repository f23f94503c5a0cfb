package shell

import (
	"bytes"
	"fmt"
	"strconv"
)

// endingOf begins the mark after the output of a command of that number. The number is told before the output, so that nothing else that is
// printed is taken for it, such as this text in a list of processes.
func endingOf(pid int) []byte { return fmt.Appendf(nil, "%s ended %d ", mark, pid) }

// An ending looks for that mark in a stream.
type ending struct {
	mark []byte // nil before it is known
	held []byte // may be its beginning
	came bool
	code int
}

// longestCode is how long an exit code is, with the line's end.
const longestCode = len("255\n")

// without is what came without the mark, and without what may become it. What comes after the mark is of what the command left behind.
func (e *ending) without(b []byte) []byte {
	if e.came || e.mark == nil {
		return b
	}
	if len(e.held) > 0 {
		b = append(e.held, b...)
		e.held = nil
	}
	for from := 0; ; {
		at, whole := e.find(b[from:])
		if at < 0 {
			return b
		}
		at += from
		if !whole {
			e.held = bytes.Clone(b[at:])
			return b[:at]
		}
		length := bytes.IndexByte(b[at:], '\n')
		if code, err := strconv.Atoi(string(b[at+len(e.mark) : at+length])); err == nil {
			e.came, e.code = true, code
			return append(bytes.Clone(b[:at]), b[at+length+1:]...)
		}
		from = at + 1
	}
}

// find is where the mark is, or may begin; whole tells whether its line is there. -1 if it is nowhere.
func (e *ending) find(b []byte) (at int, whole bool) {
	for from := 0; ; from++ {
		next := bytes.IndexByte(b[from:], e.mark[0])
		if next < 0 {
			return -1, false
		}
		from += next
		rest := b[from:]
		switch {
		case len(rest) < len(e.mark) && bytes.HasPrefix(e.mark, rest):
			return from, false
		case !bytes.HasPrefix(rest, e.mark):
			continue
		}
		code := rest[len(e.mark):min(len(rest), len(e.mark)+longestCode)]
		switch end := bytes.IndexByte(code, '\n'); {
		case end >= 0:
			return from, true
		case len(code) < longestCode:
			return from, false
		}
	}
}
