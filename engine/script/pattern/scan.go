package pattern

import (
	"context"
	"strings"
)

// A Scanner finds the matches of a pattern in one subject, one after the other, as gmatch and gsub do. All of them together have the
// budget of one search. It is not safe for use by several goroutines.
type Scanner struct {
	matcher
	next  int  // where the next match may begin
	done  bool // there are no more matches
	match Match
}

// Scan returns a Scanner of the matches that begin at or after byte init of src.
func (p *Pattern) Scan(src string, init int) *Scanner {
	return &Scanner{
		matcher: matcher{
			Pattern: p,
			budget:  newBudget(src),
			src:     src,
			caps:    make([]Capture, p.captures),
			row:     make([]choice, 0, p.choices),
		},
		next: max(init, 0),
	}
}

// Next returns the next match, or nil if there are no more. It is good until Next is called again. After an empty match the search
// goes on one byte further; an empty match may come right after another match. The error is ErrTooComplex, or that of the context;
// the Scanner is of no use after one.
func (s *Scanner) Next(ctx context.Context) (*Match, error) {
	if err := s.check(ctx); err != nil {
		return nil, err
	}
	for !s.done {
		start, ok := s.seek(s.next)
		if !ok {
			break
		}
		end, err := s.try(ctx, start)
		if err != nil {
			return nil, err
		}
		s.done = s.anchored
		s.next = max(start+1, end)
		if end != failed {
			s.match = Match{start, end, s.caps}
			return &s.match, nil
		}
	}
	s.done = true
	return nil, nil
}

// seek returns the first place at or after at where a match could begin.
func (m *matcher) seek(at int) (int, bool) {
	switch {
	case at > len(m.src):
		return at, false
	case m.anchored:
		return at, true
	case m.prefix != "":
		i := strings.Index(m.src[at:], m.prefix)
		return at + i, i >= 0
	case m.nullable:
		return at, true
	}
	start := at
	for at < len(m.src) && !m.first.has(m.src[at]) {
		at++
	}
	m.steps += at - start
	return at, at < len(m.src)
}
