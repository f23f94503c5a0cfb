package redact

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// forms lists the ways in which programs write a secret. Every form is at least as long as minimum; some may be equal. Those that are
// made by escapes are for a Writer, which sees a text in pieces; what sees it as a whole undoes the escapes (views.go).
func forms(secret string) []string {
	list := append(jsonStrings(secret), secret, inner(strconv.Quote(secret)), strings.ReplaceAll(secret, "'", betweenQuotes))
	list = append(list, percentEncoded(secret)...)
	for _, text := range append(jsonStrings(secret), secret) {
		list = append(list, packed(text)...)
	}
	list = append(list, base64s(base64.StdEncoding.EncodeToString([]byte(secret)))...) // a Secret's value that was encoded before
	return append(list, longLines(secret)...)
}

// packed lists the encodings that leave nothing readable, and those in a URL.
func packed(text string) []string {
	small := hex.EncodeToString([]byte(text))
	list := []string{small, strings.ToUpper(small)}
	for _, s := range base64s(text) {
		query := url.QueryEscape(s)
		list = append(list, s, query, lowerHex(query))
	}
	return list
}

func base64s(text string) []string {
	return append(encoded(base64.StdEncoding, text), encoded(base64.URLEncoding, text)...)
}

// encoded lists the secret in base64 by itself and inside a longer text, such as the user:password of HTTP basic
// authentication. There it begins at one of three alignments; at its edges are characters that it shares with its
// neighbours, which no list can hold. They are left standing and tell less than one byte of the secret at either edge.
func encoded(enc *base64.Encoding, secret string) []string {
	list := []string{enc.EncodeToString([]byte(secret)), enc.WithPadding(base64.NoPadding).EncodeToString([]byte(secret))}
	for before := range 3 {
		text := strings.Repeat("\x00", before) + secret
		first := (before*8 + 5) / 6 // a character carries six bits: these are all before the secret's first,
		last := len(text) * 8 / 6   // and from here on they are shared with what follows
		list = append(list, enc.EncodeToString([]byte(text))[first:last])
	}
	return list
}

// jsonStrings lists the ways in which JSON libraries write a string, without its quotes. They agree on what must be escaped, and not
// on what may be.
func jsonStrings(text string) []string {
	var list []string
	for _, escapeHTML := range []bool{true, false} {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(escapeHTML)
		if enc.Encode(text) == nil { // a string always encodes
			s := inner(strings.TrimSpace(b.String()))
			list = append(list, s, ascii(s, "%04x"), ascii(s, "%04X"))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// ascii writes what is not ASCII as Python's and Java's libraries do.
func ascii(text, digits string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r >= 0x80 }) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if r < 0x80 {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u`+digits, unit)
		}
	}
	return b.String()
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

// safe are the marks that the usual libraries leave as they are when they write text into a URL, beside letters, digits and -_.~ :
// those of Go's query and path escaping and user info, Python's quote, and JavaScript's encodeURIComponent and encodeURI.
var safe = []string{"", "$&+=:@", "$&+,;=", "/", "!'()*", "!'()*;,/?:@&=+$#"}

// percentEncoded lists a secret as it stands in URLs.
func percentEncoded(secret string) []string {
	var list []string
	for _, keep := range safe {
		s := percentEncode(secret, keep)
		list = append(list, s, lowerHex(s))
	}
	form := url.QueryEscape(secret) // a blank is a plus
	return append(list, form, lowerHex(form))
}

func percentEncode(text, keep string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		switch {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', strings.IndexByte("-_.~"+keep, c) >= 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

var percent = regexp.MustCompile(`%[0-9A-F]{2}`)

// lowerHex is the other spelling of percent-encoding: %2f for %2F.
func lowerHex(s string) string { return percent.ReplaceAllStringFunc(s, strings.ToLower) }

// lineLength is the length in bytes from which a line of a secret is hidden by itself: long enough for a line of a key or a
// token, too long for the "kind: Config" of a secret that is a whole file.
const lineLength = 16

// longLines lists the lines of a secret of several lines. A diff prefixes each of them and YAML indents them, so that the
// secret as a whole is not found there.
func longLines(secret string) []string {
	if !strings.Contains(secret, "\n") {
		return nil
	}
	var list []string
	for line := range strings.Lines(secret) {
		if line = strings.TrimSpace(line); len(line) >= lineLength {
			list = append(list, line)
		}
	}
	return list
}
