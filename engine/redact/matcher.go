package redact

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
)

// A matcher finds a fixed set of forms in text. It is immutable.
//
// Text without secrets has to pass at the speed of reading it, so it is looked at as Wu and Manber do: a window of minimum
// bytes is judged by its last two, which mostly belong to no form and let the window jump almost its whole length. What is
// left is looked up by its first bytes. The Aho-Corasick packages for Go keep no state from one write to the next, hold
// megabytes where secrets are tokens of a kilobyte in a dozen forms, and reached about half its speed at best on the logs
// of BenchmarkLog.
type matcher struct {
	jumps  [1 << 16]uint8              // by the window's last two bytes: how many positions begin no form
	byHead map[[minimum]byte][][]byte  // forms by their first bytes, the longest first
	starts map[[minimum]byte]startSize // the beginnings of forms that are shorter than minimum
}

// startSize is a bit set: bit n says that the first n bytes of the key, the rest being zero, begin a form.
type startSize uint8

func newMatcher(forms map[string]bool) *matcher {
	m := &matcher{byHead: map[[minimum]byte][][]byte{}, starts: map[[minimum]byte]startSize{}}
	for i := range m.jumps {
		m.jumps[i] = minimum - 1
	}
	for _, form := range slices.Sorted(maps.Keys(forms)) {
		m.add([]byte(form))
	}
	for _, list := range m.byHead {
		slices.SortFunc(list, func(a, b []byte) int { return cmp.Compare(len(b), len(a)) })
	}
	return m
}

func (m *matcher) add(form []byte) {
	head := [minimum]byte(form)
	m.byHead[head] = append(m.byHead[head], form)
	for n := 1; n < minimum; n++ {
		m.starts[start(form[:n])] |= 1 << n
		jump := &m.jumps[pair(form[n-1:])]
		*jump = min(*jump, uint8(minimum-1-n))
	}
}

// pair is the first two bytes of text as a number.
func pair(text []byte) uint16 { return uint16(text[0])<<8 | uint16(text[1]) }

// start is a text shorter than minimum as a key.
func start(text []byte) (key [minimum]byte) {
	copy(key[:], text)
	return key
}

// jump tells how many positions from the beginning of text on begin no form. It is 0 where that has to be looked at closer,
// as at the end of the text. It is the only test that most of the text ever sees.
func (m *matcher) jump(text []byte) int {
	if len(text) < minimum {
		return 0
	}
	return int(m.jumps[pair(text[minimum-2:])])
}

// match returns the length of the longest form at the beginning of text, or 0.
func (m *matcher) match(text []byte) int {
	if len(text) < minimum {
		return 0
	}
	for _, form := range m.byHead[[minimum]byte(text)] {
		if bytes.HasPrefix(text, form) {
			return len(form)
		}
	}
	return 0
}

// begins tells whether text is the beginning of a form that is longer.
func (m *matcher) begins(text []byte) bool {
	if len(text) < minimum {
		return m.starts[start(text)]&(1<<len(text)) != 0
	}
	for _, form := range m.byHead[[minimum]byte(text)] {
		if len(form) > len(text) && bytes.HasPrefix(form, text) {
			return true
		}
	}
	return false
}

// first returns where the first form in text begins, or -1.
func (m *matcher) first(text []byte) int {
	for i := 0; i < len(text); i++ {
		if n := m.jump(text[i:]); n > 0 {
			i += n - 1
		} else if m.match(text[i:]) > 0 {
			return i
		}
	}
	return -1
}

// replace returns text with a mark for each form in it, and whether there was any; without one it returns nil.
func (m *matcher) replace(text []byte) (out []byte, found bool) {
	i := m.first(text)
	if i < 0 {
		return nil, false
	}
	out = append(make([]byte, 0, len(text)), text[:i]...)
	out, _ = m.scan(out, held{text: text[i:]}, true)
	return out, true
}

// replaceObscured is replace for a text in which something may obscure a form.
func (m *matcher) replaceObscured(text []byte) (out []byte, found bool) {
	if !m.finds(text) {
		return nil, false
	}
	spans := m.spans(text)
	out = make([]byte, 0, len(text))
	copied := 0
	for _, s := range spans {
		out = append(append(out, text[copied:s.from]...), mark...)
		copied = s.until
	}
	return append(out, text[copied:]...), true
}

// finds tells whether there is a form in any view of the text.
func (m *matcher) finds(text []byte) bool {
	if !obscures(text) {
		return m.first(text) >= 0
	}
	return slices.ContainsFunc(views(text, false), func(v view) bool { return m.first(v.text) >= 0 })
}

// held is text that no decision has been made about.
type held struct {
	text   []byte
	hidden int // how many of the first bytes of text a mark already stands for
}

// scan appends to out what can be decided about the text, with one mark for each stretch of overlapping forms, and returns
// the rest: the shortest end of the text that may be the beginning of a form, or nothing if the text is complete. What
// overlaps is hidden as a whole, because of two overlapping secrets the second would otherwise leave its end.
func (m *matcher) scan(out []byte, in held, complete bool) ([]byte, held) {
	text, copied, hidden := in.text, in.hidden, in.hidden
	for i := 0; i < len(text); i++ {
		if n := m.jump(text[i:]); n > 0 {
			i += n - 1
			continue
		}
		if !complete && m.begins(text[i:]) {
			out = append(out, text[copied:max(copied, i)]...)
			return out, held{text: text[i:], hidden: max(hidden-i, 0)}
		}
		n := m.match(text[i:])
		if n == 0 {
			continue
		}
		if i >= hidden {
			out = append(append(out, text[copied:i]...), mark...)
		}
		hidden = max(hidden, i+n)
		copied = hidden
	}
	return append(out, text[copied:]...), held{}
}
