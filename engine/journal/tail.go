package journal

import (
	"bytes"
	"io"
)

// tailChunk is what is read of a file's end first: the last record and, in most runs, the verdict before it.
const tailChunk = 16 << 10

// A tail hands out the whole lines of a file from the last to the first, so that what stands at the end of a long journal costs no
// more than itself. A last line that was cut short is left out, as a Reader leaves it out.
type tail struct {
	in     io.ReaderAt
	start  int64  // offset of the first byte that was read
	budget int64  // how many bytes may still be read
	chunk  int64  // how many are read next; it doubles, so that a long line is not copied once per chunk
	buf    []byte // read and not handed out yet
	begun  bool
}

func newTail(in io.ReaderAt, size, budget int64) *tail {
	return &tail{in: in, start: size, budget: budget, chunk: tailChunk}
}

// previous returns the line before those it returned already, without its end, or io.EOF when there is none or the budget is spent.
func (t *tail) previous() ([]byte, error) {
	if !t.begun {
		t.begun = true
		if _, err := t.cut(); err != nil { // what follows the last newline is nothing, or a torn line
			return nil, err
		}
	}
	return t.cut()
}

// cut takes what follows the last newline of what is left.
func (t *tail) cut() ([]byte, error) {
	for {
		if i := bytes.LastIndexByte(t.buf, '\n'); i >= 0 {
			line := t.buf[i+1:]
			t.buf = t.buf[:i]
			return line, nil
		}
		switch {
		case t.start > 0 && t.budget > 0:
			if err := t.fill(); err != nil {
				return nil, err
			}
		case t.start > 0 || t.buf == nil:
			return nil, io.EOF
		default:
			line := t.buf
			t.buf = nil
			return line, nil
		}
	}
}

func (t *tail) fill() error {
	n := min(t.chunk, t.start, t.budget)
	grown := make([]byte, n, n+int64(len(t.buf)))
	if _, err := t.in.ReadAt(grown, t.start-n); err != nil {
		return err
	}
	t.buf = append(grown, t.buf...)
	t.start, t.budget, t.chunk = t.start-n, t.budget-n, 2*t.chunk
	return nil
}

// spent tells whether lines are left that the budget does not reach.
func (t *tail) spent() bool { return t.start > 0 && t.budget <= 0 }
