// Package redacttest finds secrets in text, for tests. It knows nothing of the forms that package redact looks for: it decodes what
// there is, in every way and several times over, and looks for the secret in the result.
package redacttest

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// depth is how many encodings may lie over each other.
const depth = 3

// Find tells in which ways a secret can be read in a text: "plain", "json", "base64 of json". It is empty if it cannot.
func Find(text, secret string) []string {
	var found []string
	find(text, secret, "", depth, func(how string) { found = append(found, how) })
	slices.Sort(found)
	return slices.Compact(found)
}

func find(text, secret, how string, left int, report func(string)) {
	if strings.Contains(text, secret) {
		if how == "" {
			how = "plain"
		}
		report(how)
		return
	}
	if left == 0 {
		return
	}
	for name, decode := range decoders {
		within := name
		if how != "" {
			within = name + " in " + how
		}
		for _, decoded := range decode(text) {
			if decoded != text {
				find(decoded, secret, within, left-1, report)
			}
		}
	}
}

var decoders = map[string]func(string) []string{
	"json":   func(s string) []string { return []string{unescape(s)} },
	"url":    func(s string) []string { return []string{unpercent(s), unpercent(strings.ReplaceAll(s, "+", " "))} },
	"base64": unbase64,
	"hex":    unhex,
	"colour": func(s string) []string { return []string{colour.ReplaceAllString(s, "")} },
}

var (
	jsonEscape = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|x[0-9a-fA-F]{2}|.)`)
	percent    = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	standard   = regexp.MustCompile(`[A-Za-z0-9+/]{8,}`)
	forURLs    = regexp.MustCompile(`[A-Za-z0-9_-]{8,}`)
	hexadec    = regexp.MustCompile(`(?:[0-9a-fA-F]{2}){4,}`)
	colour     = regexp.MustCompile("\x1b\\[[0-9;:]*[A-Za-z]")
)

// unescape reads the escapes of JSON, and of Go and YAML, wherever they stand.
func unescape(text string) string {
	return jsonEscape.ReplaceAllStringFunc(text, func(escape string) string {
		switch c := escape[1]; c {
		case 'n':
			return "\n"
		case 't':
			return "\t"
		case 'r':
			return "\r"
		case 'u':
			var units []uint16
			for _, digits := range strings.Split(escape[2:], `\u`) {
				n, _ := strconv.ParseUint(digits, 16, 16)
				units = append(units, uint16(n))
			}
			return string(utf16.Decode(units))
		case 'x':
			n, _ := strconv.ParseUint(escape[2:], 16, 8)
			return string([]byte{byte(n)})
		default:
			return escape[1:]
		}
	})
}

func unpercent(text string) string {
	return percent.ReplaceAllStringFunc(text, func(code string) string {
		s, err := url.PathUnescape(code)
		if err != nil {
			return code
		}
		return s
	})
}

// unbase64 decodes every run of base64, from each of its first four characters on: a run may begin before what was encoded.
func unbase64(text string) []string {
	var out []string
	for _, alphabet := range []struct {
		runs *regexp.Regexp
		enc  *base64.Encoding
	}{{standard, base64.RawStdEncoding}, {forURLs, base64.RawURLEncoding}} {
		for _, run := range alphabet.runs.FindAllString(text, -1) {
			for skip := range 4 {
				part := run[skip:]
				if len(part)%4 == 1 {
					part = part[:len(part)-1]
				}
				if plain, err := alphabet.enc.DecodeString(part); err == nil {
					out = append(out, string(plain))
				}
			}
		}
	}
	return out
}

func unhex(text string) []string {
	var out []string
	for _, run := range hexadec.FindAllString(text, -1) {
		if plain, err := hex.DecodeString(run); err == nil {
			out = append(out, string(plain))
		}
	}
	return out
}

// Written are the ways in which a script, a library or a server may write a secret, by name. They are made here from their
// definitions, not with the code under test.
func Written(secret string) map[string]string {
	b64 := func(enc *base64.Encoding, text string) string { return enc.EncodeToString([]byte(text)) }
	jsonText := escape(secret, false)
	out := map[string]string{
		"plain":                    secret,
		"inside a longer text":     "before" + secret + "after",
		"base64":                   b64(base64.StdEncoding, secret),
		"base64 unpadded":          b64(base64.RawStdEncoding, secret),
		"base64 for URLs":          b64(base64.URLEncoding, secret),
		"base64 for URLs unpadded": b64(base64.RawURLEncoding, secret),
		"base64 of base64":         b64(base64.StdEncoding, b64(base64.StdEncoding, secret)),
		"base64 of JSON":           b64(base64.StdEncoding, `{"password":"`+jsonText+`"}`),
		"base64 in a URL":          url.QueryEscape(b64(base64.StdEncoding, secret)),
		"query":                    url.QueryEscape(secret),
		"query in lower case":      percent.ReplaceAllStringFunc(url.QueryEscape(secret), strings.ToLower),
		"path":                     url.PathEscape(secret),
		"user info":                url.UserPassword("u", secret).String(),
		"JSON":                     jsonText,
		"JSON in ASCII":            escape(secret, true),
		"JSON in JSON":             escape(jsonText, false),
		"JSON in JSON in JSON":     escape(escape(jsonText, false), false),
		"quoted":                   strconv.Quote(secret),
		"hex":                      hex.EncodeToString([]byte(secret)),
		"hex in upper case":        strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"coloured":                 secret[:len(secret)/2] + "\x1b[01;31m\x1b[K" + secret[len(secret)/2:] + "\x1b[m",
	}
	for before := range 3 {
		for _, after := range []string{"", "x", "xy"} {
			text := strings.Repeat("u", before) + ":" + secret + after
			out[fmt.Sprintf("base64 of a text at %d with %d more", before, len(after))] = b64(base64.StdEncoding, text)
		}
	}
	return out
}

// escape writes text as JSON does, with no escape that it need not have but those of what is not ASCII.
func escape(text string, ascii bool) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteString(`\` + string(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case r < ' ', ascii && r > '~':
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, `\u%04x`, unit)
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
