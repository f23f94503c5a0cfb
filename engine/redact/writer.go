package redact

import (
	"io"
	"sync"
)

// A Writer hides secrets in what is written through it, also where a secret is cut across writes.
//
// It holds back only an end that may be the beginning of a secret, so that a line without one is on the screen at once.
// Flush, or Close, passes on what is held. It is safe for concurrent use, though the caller decides whether interleaved
// writes make sense.
type Writer struct {
	redactor *Redactor
	next     io.Writer

	mu   sync.Mutex
	held held
	out  []byte // reused
}

// Writer returns a Writer in front of next.
func (r *Redactor) Writer(next io.Writer) *Writer { return &Writer{redactor: r, next: next} }

// Write takes all of p, or fails as next did. After an error some of the text may be lost.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	m := w.redactor.matcher.Load()
	if m == nil {
		return w.next.Write(p)
	}
	in := held{text: p, hidden: w.held.hidden}
	if len(w.held.text) > 0 {
		in.text = append(w.held.text, p...)
	}
	var rest held
	w.out, rest = m.scan(w.out[:0], in, false)
	// rest lies in p, which is the caller's, or in the old held text, which this moves to its beginning.
	w.held = held{text: append(w.held.text[:0], rest.text...), hidden: rest.hidden}
	if err := w.pass(); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Flush passes on what is held back. Call it before the text is waited for: before a prompt is read, for one. A secret of
// which one part was flushed and the other follows is not recognised.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.held.text) == 0 {
		return nil
	}
	w.out, _ = w.redactor.matcher.Load().scan(w.out[:0], w.held, true)
	w.held = held{text: w.held.text[:0]}
	return w.pass()
}

// Close flushes. It does not close next, which the Writer did not open.
func (w *Writer) Close() error { return w.Flush() }

func (w *Writer) pass() error {
	if len(w.out) == 0 {
		return nil
	}
	_, err := w.next.Write(w.out)
	return err
}
