package redact

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// A view is a text as somebody would read it who undoes what was done to it on its way: the escapes of JSON, of which each document
// inside of another adds a layer; those of URLs; the quotes of shells; the colours that a terminal obeys and that the screen drops. No list of forms holds
// what several of these make of a secret together.
type view struct {
	text []byte
	at   []int // where each byte of it begins in the text as it was, and where the last one ends; nil for the text itself, or unknown
}

// layers is how many such layers are undone, and mostViews how many ways to do so are tried.
const (
	layers    = 6
	mostViews = 40
)

// obscures tells whether there is anything to undo.
func obscures[T string | []byte](text T) bool {
	return indexByte(text, '\\') >= 0 || indexByte(text, '%') >= 0 || indexByte(text, escape) >= 0
}

func indexByte[T string | []byte](text T, c byte) int {
	switch text := any(text).(type) {
	case string:
		return strings.IndexByte(text, c)
	case []byte:
		return bytes.IndexByte(text, c)
	}
	return -1
}

// views are all views of a text, itself the first. Placed views know where their bytes come from.
func views(text []byte, placed bool) []view {
	all := []view{{text: text}}
	for begin, layer := 0, 0; begin < len(all) && layer < layers; layer++ {
		end := len(all)
		for _, v := range all[begin:end] {
			for _, undo := range []func(view, bool) (view, bool){unescape, unpercent, uncolour, unquote} {
				next, changed := undo(v, placed)
				if changed && len(all) < mostViews && !slices.ContainsFunc(all, func(v view) bool { return bytes.Equal(v.text, next.text) }) {
					all = append(all, next)
				}
			}
		}
		begin = end
	}
	return all
}

// A rewrite makes the next view from one.
type rewrite struct {
	from, to view
	placed   bool
}

// undo lets step look at every place where mark stands: it returns what is read there, and how many bytes stand for it, 0 if nothing
// is to be undone there.
func undo(v view, placed bool, mark byte, step func(rest []byte) (read []byte, n int)) (view, bool) {
	i := bytes.IndexByte(v.text, mark)
	if i < 0 {
		return view{}, false
	}
	w := rewrite{from: v, placed: placed, to: view{text: make([]byte, 0, len(v.text))}}
	if placed {
		w.to.at = make([]int, 0, len(v.text)+1)
	}
	changed := false
	w.copy(0, i)
	for i < len(v.text) {
		read, n := step(v.text[i:])
		if n == 0 {
			w.copy(i, i+1)
			n = 1
		} else {
			changed = true
			w.to.text = append(w.to.text, read...)
			for range read {
				w.place(i)
			}
		}
		i += n
		next := bytes.IndexByte(v.text[i:], mark)
		if next < 0 {
			next = len(v.text) - i
		}
		w.copy(i, i+next)
		i += next
	}
	w.place(len(v.text))
	return w.to, changed
}

// copy takes a part as it is.
func (w *rewrite) copy(from, until int) {
	w.to.text = append(w.to.text, w.from.text[from:until]...)
	for i := from; i < until && w.placed; i++ {
		w.place(i)
	}
}

func (w *rewrite) place(i int) {
	if w.placed {
		w.to.at = append(w.to.at, w.from.place(i))
	}
}

func (v view) place(i int) int {
	if v.at == nil {
		return i
	}
	return v.at[i]
}

// unescape undoes one layer of JSON, of Go's and YAML's quotes, and of those that a shell has after a dollar sign.
func unescape(v view, placed bool) (view, bool) { return undo(v, placed, '\\', unescapeOne) }

var simple = map[byte]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f', '"': '"', '\\': '\\', '/': '/', '\'': '\''}

func unescapeOne(rest []byte) (read []byte, n int) {
	if len(rest) < 2 {
		return nil, 0
	}
	if c, ok := simple[rest[1]]; ok {
		return []byte{c}, 2
	}
	switch rest[1] {
	case '0', '1', '2', '3':
		if c, ok := number(rest, 1, 3, 8); ok {
			return []byte{byte(c)}, 4
		}
	case 'U':
		if c, ok := number(rest, 2, 8, 16); ok {
			return utf8.AppendRune(nil, rune(c)), 10
		}
	case 'x':
		if c, ok := number(rest, 2, 2, 16); ok {
			return []byte{byte(c)}, 4
		}
	case 'u':
		c, ok := number(rest, 2, 4, 16)
		if !ok {
			return nil, 0
		}
		if len(rest) >= 12 && rest[6] == '\\' && rest[7] == 'u' && utf16.IsSurrogate(rune(c)) {
			if low, ok := number(rest, 8, 4, 16); ok {
				return utf8.AppendRune(nil, utf16.DecodeRune(rune(c), rune(low))), 12
			}
		}
		return utf8.AppendRune(nil, rune(c)), 6
	}
	return nil, 0
}

func number(text []byte, from, digits, base int) (uint64, bool) {
	if len(text) < from+digits {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[from:from+digits]), base, 32)
	return n, err == nil
}

// unpercent undoes one layer of a URL.
func unpercent(v view, placed bool) (view, bool) {
	return undo(v, placed, '%', func(rest []byte) ([]byte, int) {
		if c, ok := number(rest, 1, 2, 16); ok {
			return []byte{byte(c)}, 3
		}
		return nil, 0
	})
}

// betweenQuotes is how a shell is given a quote between quotes.
const betweenQuotes = `'\''`

// unquote undoes that.
func unquote(v view, placed bool) (view, bool) {
	return undo(v, placed, betweenQuotes[0], func(rest []byte) ([]byte, int) {
		if bytes.HasPrefix(rest, []byte(betweenQuotes)) {
			return []byte{betweenQuotes[0]}, len(betweenQuotes)
		}
		return nil, 0
	})
}

// uncolour drops what a terminal takes for a colour: grep --color cuts a word with it.
func uncolour(v view, placed bool) (view, bool) {
	return undo(v, placed, escape, func(rest []byte) ([]byte, int) {
		if len(rest) < 3 || rest[1] != '[' {
			return nil, 0
		}
		for i := 2; i < len(rest); i++ {
			switch c := rest[i]; {
			case c == 'm' || c == 'K':
				return nil, i + 1
			case c != ';' && c != ':' && (c < '0' || c > '9'):
				return nil, 0
			}
		}
		return nil, 0
	})
}

// escape begins what a terminal obeys.
const escape = 0x1b

// A span is a stretch of text.
type span struct{ from, until int }

// spans are the stretches of text that spell a secret in one of its views, in order, without overlaps.
func (m *matcher) spans(text []byte) []span {
	var found []span
	for _, v := range views(text, true) {
		for _, s := range m.stretches(v.text) {
			found = append(found, span{v.place(s.from), v.place(s.until)})
		}
	}
	slices.SortFunc(found, func(a, b span) int { return a.from - b.from })
	out := found[:0]
	for _, s := range found {
		if n := len(out); n > 0 && s.from < out[n-1].until {
			out[n-1].until = max(out[n-1].until, s.until)
		} else {
			out = append(out, s)
		}
	}
	return out
}

// stretches are the stretches of overlapping forms in a text.
func (m *matcher) stretches(text []byte) []span {
	var out []span
	for i := 0; i < len(text); i++ {
		if n := m.jump(text[i:]); n > 0 {
			i += n - 1
			continue
		}
		n := m.match(text[i:])
		switch last := len(out) - 1; {
		case n == 0:
		case last >= 0 && i < out[last].until:
			out[last].until = max(out[last].until, i+n)
		default:
			out = append(out, span{i, i + n})
		}
	}
	return out
}
