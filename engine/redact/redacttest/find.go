// Package redacttest finds secrets in text, for tests. It knows nothing of the forms that package redact looks for: it decodes what
// there is, in every way and several times over, and looks for the secret in the result.
package redacttest

import (
	"cmp"
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

// budget is how much work may lie in encodings over each other. JSON costs least: text is often a string of a string.
const budget = 6

// Find tells in which ways a secret can be read in a text: "plain", "json", "json in base64". It is empty if it cannot.
func Find(text, secret string) []string {
	return FindAll(text, map[string]string{"": secret})[""]
}

// FindAll is Find for several secrets, by name.
func FindAll(text string, secrets map[string]string) map[string][]string {
	s := search{secrets: secrets, found: map[string][]string{}, seen: map[string]int{}}
	s.find(text, "", budget)
	for name, how := range s.found {
		slices.Sort(how)
		s.found[name] = slices.Compact(how)
	}
	return s.found
}

type search struct {
	secrets map[string]string
	found   map[string][]string
	seen    map[string]int // what was looked at, with how much budget was left
}

func (s *search) find(text, how string, left int) {
	if was, known := s.seen[text]; known && was >= left {
		return
	}
	s.seen[text] = left
	for name, secret := range s.secrets {
		if strings.Contains(text, secret) {
			s.found[name] = append(s.found[name], cmp.Or(how, "plain"))
		}
	}
	for name, decode := range decoders {
		cost := 3
		if name == "json" {
			cost = 1
		}
		if left < cost {
			continue
		}
		within := name
		if how != "" {
			within = name + " in " + how
		}
		for _, decoded := range decode(text) {
			if len(decoded) >= shortest && decoded != text {
				s.find(decoded, within, left-cost)
			}
		}
	}
}

// shortest is the length of the shortest secret that is looked for in an encoding.
const shortest = 6

var decoders = map[string]func(string) []string{
	"json":   func(s string) []string { return []string{unescape(s)} },
	"url":    func(s string) []string { return []string{unpercent(s), unpercent(strings.ReplaceAll(s, "+", " "))} },
	"base64": unbase64,
	"hex":    unhex,
	"shell":  func(s string) []string { return []string{strings.ReplaceAll(s, `'\''`, `'`)} },
	"colour": func(s string) []string { return []string{colour.ReplaceAllString(s, "")} },
}

var (
	jsonEscape = regexp.MustCompile(`^\\(U[0-9a-fA-F]{8}|u[0-9a-fA-F]{4}(\\u[dD][c-fC-F][0-9a-fA-F]{2})?|x[0-9a-fA-F]{2}|[0-3][0-7]{2}|.)`)
	percent    = regexp.MustCompile(`%[0-9a-fA-F]{2}`)
	colour     = regexp.MustCompile("\x1b\\[[0-9;:]*[A-Za-z]")
)

// commonEscapes are most of what there is. To match an expression for each takes ten times as long, and a run leaves thousands of them.
var commonEscapes = map[byte]string{'n': "\n", 't': "\t", 'r': "\r", '"': `"`, '\\': `\`, '/': "/"}

// unescape reads the escapes of JSON, and of Go and YAML, wherever they stand.
func unescape(text string) string {
	var out strings.Builder
	for {
		at := strings.IndexByte(text, '\\')
		if at < 0 || at+1 == len(text) {
			out.WriteString(text)
			return out.String()
		}
		out.WriteString(text[:at])
		escape, meaning := text[at:at+2], ""
		if common, ok := commonEscapes[text[at+1]]; ok {
			meaning = common
		} else if escape = jsonEscape.FindString(text[at:]); escape == "" {
			escape, meaning = `\`, `\`
		} else {
			meaning = meant(escape)
		}
		out.WriteString(meaning)
		text = text[at+len(escape):]
	}
}

// meant is what a rarer escape stands for.
func meant(escape string) string {
	switch c := escape[1]; c {
	case 'u':
		var units []uint16
		for _, digits := range strings.Split(escape[2:], `\u`) {
			n, _ := strconv.ParseUint(digits, 16, 16)
			units = append(units, uint16(n))
		}
		return string(utf16.Decode(units))
	case 'U':
		n, _ := strconv.ParseUint(escape[2:], 16, 32)
		return string(rune(n))
	case 'x':
		n, _ := strconv.ParseUint(escape[2:], 16, 8)
		return string([]byte{byte(n)})
	case '0', '1', '2', '3':
		if len(escape) > 2 {
			n, _ := strconv.ParseUint(escape[1:], 8, 8)
			return string([]byte{byte(n)})
		}
	}
	return escape[1:]
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
		letters *set
		enc     *base64.Encoding
	}{{standard, base64.RawStdEncoding}, {forURLs, base64.RawURLEncoding}} {
		for _, run := range alphabet.letters.runs(text) {
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
	for _, run := range hexadecimal.runs(text) {
		for skip := range 2 {
			part := run[skip:]
			if plain, err := hex.DecodeString(part[:len(part)/2*2]); err == nil {
				out = append(out, string(plain))
			}
		}
	}
	return out
}

// A set is a set of bytes.
type set [256]bool

func setOf(letters string) *set {
	var s set
	for i := range len(letters) {
		s[letters[i]] = true
	}
	return &s
}

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var (
	standard    = setOf(alphanumeric + "+/")
	forURLs     = setOf(alphanumeric + "-_")
	hexadecimal = setOf("0123456789abcdefABCDEF")
)

// runs are the different stretches of such bytes that are long enough to hold a secret.
func (s *set) runs(text string) []string {
	var out []string
	known := map[string]bool{}
	for i := 0; i < len(text); i++ {
		begin := i
		for i < len(text) && s[text[i]] {
			i++
		}
		if run := text[begin:i]; len(run) > shortest && !known[run] {
			known[run] = true
			out = append(out, run)
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
		"quoted":                   strconv.Quote(secret),
		"quoted for a shell":       "'" + strings.ReplaceAll(secret, "'", `'\''`) + "'",
		"hex":                      hex.EncodeToString([]byte(secret)),
		"hex in upper case":        strings.ToUpper(hex.EncodeToString([]byte(secret))),
		"coloured":                 secret[:len(secret)/2] + "\x1b[01;31m\x1b[K" + secret[len(secret)/2:] + "\x1b[m",
	}
	between := strings.NewReplacer("\x1b", `\033`, `\`, `\\`, "'", `\'`, "\n", `\n`)
	out["coloured and quoted"] = "$'" + between.Replace(out["coloured"]) + "'" // as a shell takes what is not printed
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
