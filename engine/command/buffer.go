package command

import (
	"bytes"
	"strings"
	"sync"
	"unicode/utf8"
)

// DefaultLimit is how many bytes of each stream of a command are kept where nothing else is said.
const DefaultLimit = 8 << 20

// margin is how much more than that is kept to recognise a secret that the limit would cut in two.
const margin = 64 << 10

// A Buffer keeps the beginning of a stream, up to a limit. The rest is taken and dropped, so that the command can finish. A command
// that is given up on may still write to it.
type Buffer struct {
	limit int

	mu   sync.Mutex
	kept bytes.Buffer
}

// NewBuffer makes a buffer that keeps as many bytes.
func NewBuffer(limit int) *Buffer { return &Buffer{limit: limit} }

func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kept.Write(p[:min(len(p), b.limit+margin-b.kept.Len())])
	return len(p), nil
}

// Text is what was kept, and whether there was more. It is text: bytes that are none are replaced, as they are in every record, so
// that a script gets the same again when its run is taken up. Clean hides secrets. Only where something is cut off it is asked: half
// a secret is not recognised later.
func (b *Buffer) Text(clean func(string) string) (text string, truncated bool) {
	b.mu.Lock()
	text = b.kept.String()
	b.mu.Unlock()
	if truncated = len(text) > b.limit; truncated {
		text = clean(text)
		text = cut(text, b.limit)
	}
	return strings.ToValidUTF8(text, string(utf8.RuneError)), truncated
}

// cut is the beginning of a text, without half a letter at its end.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for back := range utf8.UTFMax {
		if end := limit - back; end >= 0 && utf8.RuneStart(text[end]) {
			return text[:end]
		}
	}
	return text[:limit]
}
