package redact

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// forms lists the ways in which programs write a secret. Every form is at least as long as minimum; some may be equal.
func forms(secret string) []string {
	list := []string{secret}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding} {
		list = append(list, encoded(enc, secret)...)
	}
	list = append(list, escaped(secret)...)
	return append(list, longLines(secret)...)
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

func escaped(secret string) []string {
	list := []string{url.QueryEscape(secret), url.PathEscape(secret), inner(strconv.Quote(secret))}
	for _, s := range list[:2] {
		list = append(list, lowerHex(s))
	}
	for _, escapeHTML := range []bool{true, false} {
		var b strings.Builder
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(escapeHTML)
		if enc.Encode(secret) == nil { // a string always encodes
			list = append(list, inner(strings.TrimSpace(b.String())))
		}
	}
	return list
}

func inner(quoted string) string { return quoted[1 : len(quoted)-1] }

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
