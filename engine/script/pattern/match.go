package pattern

import (
	"context"
	"strings"
)

// failed is the place where a match that failed ends.
const failed = -1

// A matcher tries a pattern at one place of its subject after another.
//
// It goes through the items from left to right. An item that could also have matched another length leaves a choice behind; when a
// later item fails, the newest choice is taken up again. There is at most one choice for each item, so the row of choices cannot grow
// beyond the pattern. Captures are simply overwritten: whoever reads one has passed the items that set it on the way.
type matcher struct {
	*Pattern
	budget
	src  string
	caps []Capture
	row  []choice
}

// A choice is an item that can still match another length.
type choice struct {
	item int
	at   int // where the item's match ends now
	min  int // where it ends at the least; of no use to opMinus, which grows
}

// try matches all items at start and returns the end of the match, or failed.
func (m *matcher) try(ctx context.Context, start int) (int, error) {
	m.row = m.row[:0]
	next, at := 0, start
	for next < len(m.items) {
		if err := m.check(ctx); err != nil {
			return failed, err
		}
		if at = m.step(next, at); at != failed {
			next++
		} else if next, at = m.retry(); at == failed {
			return failed, nil
		}
	}
	return at, nil
}

// step matches one item at a place and returns the end of its match, or failed.
func (m *matcher) step(next, at int) int {
	m.steps++
	it := &m.items[next]
	switch it.op {
	case opSingle:
		if !m.isIn(it, at) {
			return failed
		}
		return at + 1
	case opOptional:
		return m.choose(next, m.span(it, at, at+1), at)
	case opStar:
		return m.choose(next, m.span(it, at, len(m.src)), at)
	case opPlus:
		return m.choose(next, m.span(it, at, len(m.src)), at+1)
	case opMinus:
		m.row = append(m.row, choice{next, at, at})
		return at
	case opBalance:
		return m.balanced(it, at)
	case opBackref:
		return m.again(m.caps[it.capture], at)
	case opOpen:
		m.caps[it.capture].Start = at
		return at
	case opPosition:
		m.caps[it.capture] = Capture{at, atPosition}
		return at
	case opClose:
		m.caps[it.capture].End = at
		return at
	case opFrontier:
		return endIf(!it.set.has(m.byteAt(at-1)) && it.set.has(m.byteAt(at)), at)
	case opEnd:
		return endIf(at == len(m.src), at)
	default:
		return failed
	}
}

// retry takes up the newest choice. It returns the item to go on with, and where; failed if no choice is left.
func (m *matcher) retry() (next, at int) {
	for len(m.row) > 0 {
		m.steps++
		c := &m.row[len(m.row)-1]
		it := &m.items[c.item]
		switch {
		case it.op == opMinus && m.isIn(it, c.at):
			c.at++
			return c.item + 1, c.at
		case it.op != opMinus && c.at > c.min:
			c.at--
			return c.item + 1, c.at
		}
		m.row = m.row[:len(m.row)-1]
	}
	return 0, failed
}

// choose ends a greedy item as far on as it can, and leaves a choice if it could do with less.
func (m *matcher) choose(next, at, least int) int {
	if at > least {
		m.row = append(m.row, choice{next, at, least})
	}
	return endIf(at >= least, at)
}

// span returns how far the bytes of an item's set go on from a place, up to limit at the most.
func (m *matcher) span(it *item, at, limit int) int {
	limit = min(limit, len(m.src))
	if it.unlimited {
		return limit
	}
	start := at
	for at < limit && it.set.has(m.src[at]) {
		at++
	}
	m.steps += at - start
	return at
}

// balanced returns the end of the text that begins with the item's first delimiter here and ends with the balancing second one. The
// second is looked for first, so that two equal delimiters do not nest.
func (m *matcher) balanced(it *item, at int) int {
	if at == len(m.src) || m.src[at] != it.from {
		return failed
	}
	depth := 1
	for i := at + 1; i < len(m.src); i++ {
		m.steps++
		switch m.src[i] {
		case it.to:
			depth--
			if depth == 0 {
				return i + 1
			}
		case it.from:
			depth++
		}
	}
	return failed
}

// again matches the text of a capture once more. Sixteen bytes count as a step: comparing a piece is that much faster than bytes.
func (m *matcher) again(c Capture, at int) int {
	text := m.src[c.Start:c.End]
	if len(text) > len(m.src)-at {
		return failed
	}
	m.steps += len(text) / 16
	return endIf(strings.HasPrefix(m.src[at:], text), at+len(text))
}

// isIn tells whether there is a byte at that place and the item's set holds it.
func (m *matcher) isIn(it *item, at int) bool {
	return at < len(m.src) && it.set.has(m.src[at])
}

// byteAt is the byte at a place, and zero before the subject and after it.
func (m *matcher) byteAt(at int) byte {
	if at < 0 || at == len(m.src) {
		return 0
	}
	return m.src[at]
}

func endIf(ok bool, at int) int {
	if !ok {
		return failed
	}
	return at
}
