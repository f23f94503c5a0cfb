package redact

import (
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// appendText appends what is written between the quotes of a JSON string, in valid UTF-8. It is json.Unmarshal without garbage: ten
// thousand pods have hundreds of thousands of strings with a backslash. What is no valid JSON it leaves as it stands.
func appendText(out, written []byte) []byte {
	for len(written) > 0 {
		if written[0] != '\\' || len(written) == 1 {
			out = append(out, written[0])
			written = written[1:]
			continue
		}
		var n int
		out, n = appendEscape(out, written)
		written = written[n:]
	}
	return out
}

// appendEscape appends what the escape at the beginning of written stands for, and returns its length.
func appendEscape(out, written []byte) ([]byte, int) {
	switch c := written[1]; c {
	case '"', '\\', '/':
		return append(out, c), 2
	case 'b':
		return append(out, '\b'), 2
	case 'f':
		return append(out, '\f'), 2
	case 'n':
		return append(out, '\n'), 2
	case 'r':
		return append(out, '\r'), 2
	case 't':
		return append(out, '\t'), 2
	case 'u':
		first, n := codeUnit(written), unitLength
		if first < 0 {
			break
		}
		if utf16.IsSurrogate(first) {
			if whole := utf16.DecodeRune(first, codeUnit(written[n:])); whole != utf8.RuneError {
				first, n = whole, 2*unitLength
			}
		}
		return utf8.AppendRune(out, first), n
	}
	return append(out, written[0]), 1
}

// unitLength is the length of an escape such as \u20ac.
const unitLength = 6

// codeUnit is the value of such an escape at the beginning of text, or -1.
func codeUnit(text []byte) rune {
	if len(text) < unitLength || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	unit, err := strconv.ParseUint(string(text[2:unitLength]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(unit)
}
