package screen

import (
	"bufio"
	"context"
	"io"
	"strings"
)

// lines reads one line at a time, and only when one is asked for.
//
// A blocked read of a terminal cannot be called back, so each line is read by a goroutine of its own. It belongs to lines, there is
// never more than one, and it ends with its line: when a context is cancelled the caller gets away at once, and the goroutine stays
// until a line or the end of the input comes, or the process ends. Callers take turns; lines is not safe for concurrent use.
type lines struct {
	in      *bufio.Reader
	got     chan typed // holds one, so that a reader nobody waits for any more can end
	reading bool
}

// typed is one line as it was typed, without its end.
type typed struct {
	text string
	err  error
}

func newLines(in io.Reader) *lines { return &lines{in: bufio.NewReader(in), got: make(chan typed, 1)} }

// forget drops a line that was typed after the question it belonged to was given up: it answers no other.
func (l *lines) forget() {
	select {
	case <-l.got:
		l.reading = false
	default:
	}
}

// next waits for a line. A line without an end is none: the input broke off in the middle of an answer.
func (l *lines) next(ctx context.Context) (string, error) {
	if !l.reading {
		l.reading = true
		go func() {
			text, err := l.in.ReadString('\n')
			l.got <- typed{strings.TrimSpace(text), err}
		}()
	}
	select {
	case <-ctx.Done():
		return "", context.Cause(ctx)
	case line := <-l.got:
		l.reading = false
		if ctx.Err() != nil { // both came at once: the run is over, whatever was typed
			return "", context.Cause(ctx)
		}
		return line.text, line.err
	}
}
