package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/redact/redacttest"
)

func knowing(secrets ...string) *Redactor {
	r := new(Redactor)
	for _, s := range secrets {
		r.Add(s)
	}
	return r
}

func TestEveryWayToWriteASecretIsHidden(t *testing.T) {
	const secret = "p@ss/w<rd>+\"ü\n\\x 1"
	jsonText, err := json.Marshal(secret)
	require.NoError(t, err)
	query := url.QueryEscape(secret)
	for name, text := range map[string]string{
		"plain":              secret,
		"base64":             base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 unpadded":    base64.RawStdEncoding.EncodeToString([]byte(secret)),
		"base64url":          base64.URLEncoding.EncodeToString([]byte(secret)),
		"base64url unpadded": base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"query":              query,
		"query, lower case":  `p%40ss%2fw%3crd%3e%2b%22%c3%bc%0a%5cx+1`,
		"path":               url.PathEscape(secret),
		"json":               string(jsonText[1 : len(jsonText)-1]),
		"go":                 strconv.Quote(secret)[1 : len(strconv.Quote(secret))-1],
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, "before [secret] after", knowing(secret).String("before "+text+" after"))
			assert.Equal(t, "before [secret] after", string(knowing(secret).Bytes([]byte("before "+text+" after"))))
		})
	}
}

// Inside longer base64 only the characters that the secret shares with its neighbours stay: two at either side at most.
func TestASecretInsideLongerBase64IsHidden(t *testing.T) {
	const secret = "swordfish1"
	r := knowing(secret)
	for _, user := range []string{"", "a", "ab", "abc", "abcd"} {
		for _, host := range []string{"", "x", "xy", "xyz"} {
			for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
				before, after, found := strings.Cut(r.String(enc.EncodeToString([]byte(user+secret+host))), mark)
				assert.True(t, found)
				assert.LessOrEqual(t, len(before), enc.WithPadding(base64.NoPadding).EncodedLen(len(user)))
				assert.LessOrEqual(t, len(strings.TrimRight(after, "=")), (len(host)*8+4+5)/6)
			}
		}
	}
}

func TestTheLinesOfAKeyAreHiddenInADiff(t *testing.T) {
	const first, second = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "BKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
	r := knowing("kind: K\n" + first + "\n" + second + "\n")
	assert.Equal(t, "+   [secret]\n+   [secret]\n+ kind: K\n", r.String("+   "+first+"\n+   "+second+"\n+ kind: K\n"))
}

func TestWhatIsTooShortOrTheMarkItselfIsNotRegistered(t *testing.T) {
	r := new(Redactor)
	assert.False(t, r.Add("root1"))
	assert.False(t, r.Add(" abc \n"))
	assert.False(t, r.Add(""))
	assert.False(t, r.Add("secret"))
	assert.True(t, r.Add("hunter2\n"))
	assert.Equal(t, "root1 secret [secret]", r.String("root1 secret hunter2"))
}

func TestOverlappingSecretsLeaveNoEnd(t *testing.T) {
	r := knowing("abcdef", "defghi", "abcdefg", "ghijkl")
	assert.Equal(t, "<[secret]>", r.String("<abcdefghijkl>"))
	assert.Equal(t, "[secret][secret]", r.String("abcdefabcdef"))
}

// pieces draws a few secrets over a small alphabet, so that they overlap often, and text made of their forms and parts of
// them.
func pieces(t *rapid.T) (r *Redactor, text string) {
	secrets := rapid.SliceOfN(rapid.StringMatching(`[ab/" é\n]{5,12}`), 1, 3).Draw(t, "secrets")
	r = knowing(secrets...)
	pool := []string{"a", "b", "aab", " ", "=", "-", "lorem"}
	for _, form := range slices.Sorted(maps.Keys(r.known)) {
		pool = append(pool, form, form[1:], form[:len(form)-1])
	}
	return r, strings.Join(rapid.SliceOfN(rapid.SampledFrom(pool), 0, 12).Draw(t, "text"), "")
}

// expected is the definition of redaction, as slow as it is plain: each stretch of overlapping forms becomes one mark.
func expected(r *Redactor, text string) string {
	covered := make([]int, len(text)) // by which stretch, counted from 1
	stretch, end := 0, 0
	for i := range len(text) {
		longest := 0
		for form := range r.known {
			if strings.HasPrefix(text[i:], form) {
				longest = max(longest, len(form))
			}
		}
		if longest > 0 && i >= end {
			stretch++
		}
		end = max(end, i+longest)
		if i < end {
			covered[i] = stretch
		}
	}
	var b strings.Builder
	last := 0
	for i, s := range covered {
		switch {
		case s == 0:
			b.WriteByte(text[i])
		case s != last:
			b.WriteString(mark)
		}
		last = s
	}
	return b.String()
}

func TestNoFormSurvivesWhateverTheSplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, text := pieces(t)
		want := expected(r, text)
		if !obscures(text) { // else more is hidden: see TestNobodyCanReadASecretOutOfWhatPassed
			require.Equal(t, want, r.String(text))
		}
		require.Equal(t, r.String(text), string(r.Bytes([]byte(text))))

		var got bytes.Buffer
		w := r.Writer(&got)
		for rest := text; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "write")
			p := []byte(rest[:n])
			wrote, err := w.Write(p)
			require.NoError(t, err)
			require.Equal(t, n, wrote)
			clear(p) // the Writer must not rely on what is the caller's
			rest = rest[n:]
		}
		require.NoError(t, w.Close())
		require.Equal(t, want, got.String())
		for form := range r.known {
			require.NotContains(t, got.String(), form)
		}
	})
}

func TestAWriterHoldsNoMoreThanItMust(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, text := pieces(t)
		var got bytes.Buffer
		w := r.Writer(&got)
		_, err := w.Write([]byte(text))
		require.NoError(t, err)
		if len(r.known) > 0 {
			require.Len(t, w.held.text, undecided(r, text))
		}
		require.NoError(t, w.Flush())
		require.Empty(t, w.held.text)
		require.Equal(t, expected(r, text), got.String())
	})
}

// undecided is the length of the longest end of text that begins a longer form.
func undecided(r *Redactor, text string) int {
	longest := 0
	for form := range r.known {
		for n := range min(len(form)-1, len(text)) + 1 {
			if strings.HasSuffix(text, form[:n]) {
				longest = max(longest, n)
			}
		}
	}
	return longest
}

func TestAFailedWriteIsReported(t *testing.T) {
	w := knowing("hunter2").Writer(broken{})
	n, err := w.Write([]byte("hunter2 hu"))
	assert.Zero(t, n)
	require.ErrorIs(t, err, errBroken)
	assert.ErrorIs(t, w.Close(), errBroken)
	assert.NoError(t, w.Close(), "nothing is held any more")
}

var errBroken = errors.New("broken pipe")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestConcurrentUse(t *testing.T) {
	r := knowing("hunter2-first")
	var out bytes.Buffer
	w := r.Writer(&out)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			r.Add(fmt.Sprintf("hunter2-%06d", i))
			for range 20 {
				assert.NotContains(t, r.String("x hunter2-first"), "first")
				_, err := w.Write([]byte("hunter2-first\n"))
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	require.NoError(t, w.Flush())
	assert.Equal(t, strings.Repeat("[secret]\n", 160), out.String())
}

func TestTextWithoutSecretsIsNotCopied(t *testing.T) {
	r := knowing("hunter2", "correct horse battery staple")
	text := strings.Repeat("2026-11-23T23:22:00Z INFO compiled module 17 in 33 ms\n", 100)
	raw := []byte(text)
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		_ = r.String(text)
		_ = r.Bytes(raw)
	}))
}

// A secret is read out of nothing that has passed, however it was written, whatever stood around it, and wherever it was cut.
func TestNobodyCanReadASecretOutOfWhatPassed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[A-Za-z0-9]([a-zA-Z0-9 "\\/<>&+=%'ü€😀\n\t:;,.~!*()@#$^_-]{6,30})[A-Za-z0-9]`).Draw(t, "secret")
		r := knowing(secret)
		written := redacttest.Written(secret)
		names := slices.Sorted(maps.Keys(written))
		ordinary := rapid.StringMatching(`[a-z0-9 ":,{}\\\n./=_-]{0,12}`)
		var b strings.Builder
		drawn := rapid.SliceOfN(rapid.SampledFrom(names), 1, 4).Draw(t, "written")
		for _, name := range drawn {
			b.WriteString(ordinary.Draw(t, "before") + " " + written[name] + " " + ordinary.Draw(t, "after"))
		}
		text := b.String()
		hidden := func(passed, how string) {
			t.Helper()
			require.Empty(t, redacttest.Find(passed, secret), "%s: %q became %q", how, text, passed)
		}
		hidden(r.String(text), "String")
		hidden(string(r.Bytes([]byte(text))), "Bytes")
		raw, err := json.Marshal(map[string]any{"a": []string{text}, text: json.RawMessage(`1`)})
		require.NoError(t, err)
		hidden(string(r.JSON(raw)), "JSON")
		require.True(t, json.Valid(r.JSON(raw)))
		for name, record := range recordsWith(text, raw) {
			var next kept
			require.NoError(t, r.Sink(&next).Write(record))
			line, err := json.Marshal(next[0])
			require.NoError(t, err)
			hidden(string(line), name)
			value, err := json.Marshal(valueOf(next[0]))
			require.NoError(t, err)
			hidden(string(value), "the value of "+name)
		}

		var out bytes.Buffer
		w := r.Writer(&out)
		for rest := text; len(rest) > 0; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "write")
			_, err := w.Write([]byte(rest[:n]))
			require.NoError(t, err)
			rest = rest[n:]
		}
		require.NoError(t, w.Close())
		if streamed := !slices.ContainsFunc(drawn, func(name string) bool { return strings.HasPrefix(name, "coloured") || name == "JSON in JSON" }); streamed {
			hidden(out.String(), "Writer") // which sees no text as a whole, and undoes nothing
		}
	})
}

// recordsWith are records that hold a text, in all the shapes in which one holds any.
func recordsWith(text string, raw json.RawMessage) map[string]*journal.Record {
	var full journal.Record
	fillWith(reflect.ValueOf(&full).Elem(), text)
	value := func(v any) *journal.Record {
		return &journal.Record{Kind: journal.KindRead, Outcome: &journal.Outcome{Returned: journal.Returned{Value: v}}}
	}
	return map[string]*journal.Record{
		"a full record": &full, "raw": value(raw), "a list of raw": value([]json.RawMessage{raw, raw}), "a text": value(text),
		"a map": value(map[string]any{text: []any{text, map[string]string{"a": text}}}), "bytes": value([]byte(text)),
		"a code": {Kind: journal.KindEnd, End: &journal.End{Error: &journal.Error{Code: action.Code(text), Message: text}}},
	}
}

func valueOf(r *journal.Record) any {
	if r.Outcome == nil {
		return nil
	}
	return r.Outcome.Value
}
