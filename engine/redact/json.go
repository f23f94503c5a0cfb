package redact

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// JSON returns raw JSON without secrets in its strings, numbers and keys: raw itself if there are none. What it returns is
// valid JSON if raw is: a number that is secret becomes a string. Text that is no valid JSON is hidden as well as it can
// be.
func (r *Redactor) JSON(raw json.RawMessage) json.RawMessage {
	if r.matcher.Load() == nil {
		return raw
	}
	if !r.holds(raw) && !r.spells(raw) {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for rest := raw; len(rest) > 0; {
		n := token(rest)
		out = append(out, r.token(rest[:n])...)
		rest = rest[n:]
	}
	switch {
	case r.holds(out):
		return quoted(mark) // a secret that is itself JSON, over several values
	case bytes.Equal(out, raw):
		return raw
	}
	return out
}

// spells tells whether a string in raw spells a secret in a way that is no form, such as the \/ that PHP writes. That takes a
// backslash or a percent sign: without one every string stands there as it is, and most strings have none.
func (r *Redactor) spells(raw []byte) bool {
	if !obscures(raw) {
		return false
	}
	m := r.matcher.Load()
	var text []byte // of one string after the other
	for {
		begin := bytes.IndexByte(raw, '"')
		if begin < 0 {
			return false
		}
		raw = raw[begin:]
		n := stringLength(raw)
		if obscures(raw[:n]) {
			if text = appendText(text[:0], raw[1:n]); m.finds(text) { // the last quote does no harm
				return true
			}
		}
		raw = raw[n:]
	}
}

// token returns the length of the string, the number or word, or the punctuation at the beginning of raw.
func token(raw []byte) int {
	if raw[0] == '"' {
		return stringLength(raw)
	}
	if !isWord(raw[0]) {
		return 1
	}
	n := 1
	for n < len(raw) && isWord(raw[n]) {
		n++
	}
	return n
}

func stringLength(raw []byte) int {
	for i := 1; i < len(raw); i++ {
		switch raw[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(raw)
}

// isWord tells whether c belongs to a number, true, false or null.
func isWord(c byte) bool {
	return c == '-' || c == '+' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func (r *Redactor) token(raw []byte) []byte {
	if raw[0] != '"' {
		if r.holds(raw) {
			return quoted(mark)
		}
		return raw
	}
	var text string
	if json.Unmarshal(raw, &text) != nil {
		return r.Bytes(raw)
	}
	clean := r.String(text)
	if clean == text {
		if !r.holds(raw) {
			return raw
		}
		clean = mark // the secret is in how the string is written: as good as in it
	}
	return quoted(clean)
}

func quoted(s string) []byte {
	text, err := json.Marshal(s)
	if err != nil {
		return strconv.AppendQuote(nil, mark) // a string always encodes
	}
	return text
}
