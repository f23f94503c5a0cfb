package kubernetes

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
)

// A matcher picks lines of a log. Most lines match nothing, and a log may have millions: words that a match must contain are looked
// for first, which is many times faster than an expression, the more so one that ignores case.
type matcher struct {
	pattern *regexp.Regexp
	words   [][]byte // a line that matches contains one of them; nil if nothing is known
	enough  bool     // and a line that contains one of them matches
	fold    bool     // the words are in lower case, and stand for any case
	lowered []byte   // memory for a line in lower case
}

// parseGrep makes a matcher of an RE2 expression; nil for an empty one, which every line matches.
func parseGrep(function, expression string, ignoreCase bool) (*syntax.Regexp, error) {
	if expression == "" {
		return nil, nil
	}
	flags := syntax.Perl
	if ignoreCase {
		flags |= syntax.FoldCase
	}
	parsed, err := syntax.Parse(expression, flags)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "%s: grep %q is no RE2 expression: %w", function, expression, err).
			Try(`to find a character such as ( or [ itself, write \\ before it, or [(]`)
	}
	return parsed, nil
}

// newMatcher makes one for the use of one goroutine.
func newMatcher(parsed *syntax.Regexp) *matcher {
	if parsed == nil {
		return nil
	}
	m := &matcher{pattern: regexp.MustCompile(parsed.String())}
	words, enough, fold := wordsOf(parsed)
	for _, word := range words {
		if fold {
			word = strings.ToLower(word)
		}
		m.words = append(m.words, []byte(word))
	}
	m.enough, m.fold = enough, fold
	return m
}

func (m *matcher) match(line []byte) bool {
	if m == nil {
		return true
	}
	if m.words == nil {
		return m.pattern.Match(line)
	}
	where := line
	if m.fold {
		var plain bool
		if where, plain = m.lower(line); !plain {
			return m.pattern.Match(line) // some letters outside of ASCII are the same as one in it, but for case
		}
	}
	for _, word := range m.words {
		if bytes.Contains(where, word) {
			return m.enough || m.pattern.Match(line)
		}
	}
	return false
}

// lower is the line in lower case, and whether it is plain ASCII.
func (m *matcher) lower(line []byte) (lowered []byte, plain bool) {
	if cap(m.lowered) < len(line) {
		m.lowered = make([]byte, 2*len(line))
	}
	lowered = m.lowered[:len(line)]
	var all byte
	for i, c := range line {
		all |= c
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		lowered[i] = c
	}
	return lowered, all < utf8.RuneSelf
}

// mostWords is how many alternatives are looked for one after another.
const mostWords = 8

// wordsOf finds words of which every match contains one; none if there are none that we see. enough says that to contain one is to
// match, and fold that case is ignored in some of them.
func wordsOf(e *syntax.Regexp) (words []string, enough, fold bool) {
	switch e.Op {
	case syntax.OpLiteral:
		word, fold := string(e.Rune), e.Flags&syntax.FoldCase != 0
		if fold && strings.IndexFunc(word, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
			return nil, false, false
		}
		return []string{word}, true, fold
	case syntax.OpCapture:
		return wordsOf(e.Sub[0])
	case syntax.OpPlus:
		words, _, fold = wordsOf(e.Sub[0])
		return words, false, fold
	case syntax.OpConcat:
		for _, sub := range e.Sub {
			if found, _, folded := wordsOf(sub); shortest(found) > shortest(words) {
				words, fold = found, folded
			}
		}
		return words, false, fold
	case syntax.OpAlternate:
		return alternatives(e.Sub)
	}
	return nil, false, false
}

func alternatives(subs []*syntax.Regexp) (words []string, enough, fold bool) {
	enough, folds := true, 0
	for _, sub := range subs {
		found, complete, folded := wordsOf(sub)
		if words = append(words, found...); found == nil || len(words) > mostWords {
			return nil, false, false
		}
		enough = enough && complete
		if folded {
			folds++
		}
	}
	alike := folds == 0 || folds == len(subs) // words are compared in one way only
	return words, enough && alike, folds > 0
}

// shortest is the length of the shortest word, 0 if there is none.
func shortest(words []string) int {
	least := 0
	for i, word := range words {
		if i == 0 || len(word) < least {
			least = len(word)
		}
	}
	return least
}
