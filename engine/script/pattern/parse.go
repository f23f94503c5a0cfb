package pattern

import (
	"fmt"
	"strings"
)

// A parser turns the text of a pattern into items. Its rules are those of match, classend and matchbracketclass in lstrlib.c,
// oddities included; only the moment differs: Lua finds a fault when a match first reaches it, the parser finds it always.
type parser struct {
	text  string
	at    int // the offset of the next byte to read
	items []item
	caps  []group
}

// A group is a capture as the parser knows it.
type group struct {
	at    int // the offset of its opening parenthesis
	state groupState
}

type groupState uint8

const (
	opened groupState = iota
	closed
	positional
)

// compile reads the pattern from offset at on.
func compile(text string, at int, anchored bool) (*Pattern, error) {
	if len(text) > MaxLength {
		return nil, &SyntaxError{fmt.Sprintf("pattern too long (%d bytes, at most %d)", len(text), MaxLength), MaxLength + 1}
	}
	p := parser{text: text, at: at, items: make([]item, 0, len(text)-at)}
	if err := p.parse(); err != nil {
		return nil, err
	}
	compiled := &Pattern{items: p.items, anchored: anchored, captures: len(p.caps)}
	compiled.analyse()
	return compiled, nil
}

func (p *parser) parse() error {
	for p.at < len(p.text) {
		if err := p.item(); err != nil {
			return err
		}
	}
	for _, g := range p.caps {
		if g.state == opened {
			return fault("unfinished capture", g.at)
		}
	}
	return nil
}

// item reads what match in lstrlib.c switches on.
func (p *parser) item() error {
	rest := p.text[p.at:]
	switch {
	case strings.HasPrefix(rest, "()"):
		return p.open(opPosition, positional, 2)
	case rest[0] == '(':
		return p.open(opOpen, opened, 1)
	case rest[0] == ')':
		return p.close()
	case rest == "$":
		p.add(item{op: opEnd}, 1)
		return nil
	case strings.HasPrefix(rest, "%b"):
		return p.balance()
	case strings.HasPrefix(rest, "%f"):
		return p.frontier()
	case len(rest) > 1 && rest[0] == '%' && '0' <= rest[1] && rest[1] <= '9':
		return p.backref(rest[1])
	default:
		return p.repeatable()
	}
}

// add appends an item that was written in so many bytes.
func (p *parser) add(it item, length int) {
	p.items = append(p.items, it)
	p.at += length
}

func (p *parser) open(op op, state groupState, length int) error {
	if len(p.caps) == maxCaptures {
		return fault("too many captures", p.at)
	}
	p.caps = append(p.caps, group{p.at, state})
	p.add(item{op: op, capture: len(p.caps) - 1}, length)
	return nil
}

// close ends the capture that was opened last and is still open.
func (p *parser) close() error {
	for i := len(p.caps) - 1; i >= 0; i-- {
		if p.caps[i].state == opened {
			p.caps[i].state = closed
			p.add(item{op: opClose, capture: i}, 1)
			return nil
		}
	}
	return fault("invalid pattern capture", p.at)
}

func (p *parser) balance() error {
	const length = len("%bxy")
	if p.at+length > len(p.text) {
		return fault("unbalanced pattern", p.at)
	}
	p.add(item{op: opBalance, from: p.text[p.at+2], to: p.text[p.at+3]}, length)
	return nil
}

func (p *parser) frontier() error {
	start := p.at + len("%f")
	if start == len(p.text) || p.text[start] != '[' {
		return fault("missing '[' after '%f' in pattern", p.at)
	}
	p.at = start
	s, err := p.set()
	if err != nil {
		return err
	}
	p.add(item{op: opFrontier, set: s}, 0)
	return nil
}

func (p *parser) backref(digit byte) error {
	capture := int(digit) - '1'
	if capture < 0 || capture >= len(p.caps) || p.caps[capture].state == opened {
		return fault("invalid capture index", p.at)
	}
	it := item{op: opBackref, capture: capture}
	if p.caps[capture].state == positional {
		it.op = opNever
	}
	p.add(it, 2)
	return nil
}

// repeatable reads a single-byte item and the suffix that repeats it, if there is one.
func (p *parser) repeatable() error {
	s, err := p.single()
	if err != nil {
		return err
	}
	it := item{op: opSingle, set: s, unlimited: s == everything}
	if p.at < len(p.text) {
		if repeat, ok := repeats[p.text[p.at]]; ok {
			it.op = repeat
			p.at++
		}
	}
	p.add(it, 0)
	return nil
}

// single reads what matches a single byte: x, ., %a or [set].
func (p *parser) single() (set, error) {
	c := p.text[p.at]
	switch {
	case c == '[':
		return p.set()
	case c == '%' && p.at+1 == len(p.text):
		return set{}, fault("malformed pattern (ends with '%')", p.at)
	case c == '%':
		p.at += 2
		return class(p.text[p.at-1]), nil
	case c == '.':
		p.at++
		return everything, nil
	default:
		p.at++
		return span(c, c), nil
	}
}

// set reads a set in brackets.
func (p *parser) set() (set, error) {
	start := p.at + 1
	complement := strings.HasPrefix(p.text[start:], "^")
	if complement {
		start++
	}
	last, ok := p.bracket(start)
	if !ok {
		return set{}, fault("malformed pattern (missing ']')", p.at)
	}
	s := p.members(start, last)
	if complement {
		s = s.not()
	}
	p.at = last + 1
	return s, nil
}

// bracket returns the offset of the bracket that closes a set whose members begin at start. A bracket that comes first is a member.
func (p *parser) bracket(start int) (int, bool) {
	for i := start; i < len(p.text); i++ {
		switch {
		case p.text[i] == ']' && i > start:
			return i, true
		case p.text[i] == '%':
			i++
		}
	}
	return 0, false
}

// members is the set of the members written from start up to the closing bracket at last. A range takes the bytes around its dash as
// they are, even a %; so the % of a class can be the bracket's neighbour, and the bracket then a member. Lua does the same.
func (p *parser) members(start, last int) set {
	var s set
	for i := start; i < last; i++ {
		switch {
		case p.text[i] == '%':
			i++
			s = s.or(class(p.text[i]))
		case i+2 < last && p.text[i+1] == '-':
			s = s.or(span(p.text[i], p.text[i+2]))
			i += 2
		default:
			s = s.or(span(p.text[i], p.text[i]))
		}
	}
	return s
}

// fault is a syntax error at an offset.
func fault(reason string, offset int) error {
	return &SyntaxError{Reason: reason, Position: offset + 1}
}
