package builtin

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/module"
)

// value is what JSON text says, for comparison.
func value(t *testing.T, text []byte) (v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(text, &v), "%s", text)
	return v
}

// What json.decode reads is what encoding/json reads; what json.encode writes of it reads the same, on one line and indented.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{` {"a":[1,null,{"b":"\ud83d\ude00<"}]}` + "\n", `{"a":1,"\u0061":2}`, "[", `"`, "1e999", "-0", `{"a":{},"b":{"a":[]}}`, "\xff", `[[[{"a":[{"a":1,"a":2}]}]]]`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		decoded, err := call(t, "json.decode", text)
		if err != nil {
			require.Equal(t, action.CodeInvalid, action.CodeOf(err))
			if json.Valid([]byte(text)) {
				require.ErrorContains(t, err, "is given twice in one object")
			}
			return
		}
		require.True(t, json.Valid([]byte(text)))
		var want any
		if json.Unmarshal([]byte(text), &want) != nil {
			return // a number that is no float
		}
		for _, options := range []any{nil, map[string]any{"indent": 2.0}} {
			written, err := call(t, "json.encode", map[string]any{"v": decoded}, options)
			require.NoError(t, err)
			assert.Equal(t, map[string]any{"v": want}, value(t, []byte(written.(string))))
			assert.Equal(t, options != nil, strings.Contains(written.(string), "\n"))
		}
	})
}

// Whatever YAML text is, it is a value or an error; as many documents as decode_all reads, decode reads one or refuses; and what
// is written of one reads the same.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{
		"a: [1, ~]\nb: {c: yes}\n", "a: 1\n---\nb: 2\n...\n# c\n", "%YAML 1.1\n---\na: |\n  x\n ---\n", "~: 1", "a: .nan", "a: &x [*x]", "? [a]\n: b", "--- x\n", "a: 1\n a", "0o7: 0x1\n", "a: !!binary aGk=\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || strings.ContainsAny(text, "\r\u0085\u2028\u2029\ufeff") {
			return // other line ends, and byte order marks: the parser knows them, and nobody writes them
		}
		all, err := call(t, "yaml.decode_all", text)
		one, errOne := call(t, "yaml.decode", text)
		if err != nil {
			require.Equal(t, action.CodeInvalid, action.CodeOf(err))
			require.Error(t, errOne)
			return
		}
		if errOne != nil {
			require.ErrorContains(t, errOne, "a second document begins here")
			require.Greater(t, len(documents(text)), 1)
			return
		}
		if one == nil || string(one.(json.RawMessage)) == "null" {
			require.Empty(t, all)
			return
		}
		require.Equal(t, []any{one}, all)
		reread(t, one.(json.RawMessage))
	})
}

// Every JSON value can be written as YAML and reads the same.
func FuzzYAMLOfJSON(f *testing.F) {
	for _, text := range []string{
		`{"a":[],"b":{},"c":null}`, `["yes","y","12:30","1e3","0x1","~","<<","=","!x","- a","a: b","#","'","\"","  x","x\ny\n"," x\n","\n","\u0000","\ud83d\ude00"," "]`,
		`{"<<":{"a":1},"y":1,"":2,"a\nb":3,"null":4}`, `[1e3,0.5,-0,9007199254740993,1.0]`, `"\u0085\u2028\ufeff"`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) || !json.Valid([]byte(text)) {
			return
		}
		decoded, err := call(t, "json.decode", text)
		if err != nil {
			return // a name twice
		}
		reread(t, decoded.(json.RawMessage))
	})
}

func reread(t *testing.T, raw json.RawMessage) {
	t.Helper()
	written, err := call(t, "yaml.encode", raw)
	require.NoError(t, err)
	var want any
	if json.Unmarshal(raw, &want) != nil {
		return // a number that is no float
	}
	back, err := call(t, "yaml.decode", written)
	require.NoError(t, err, "%s", written)
	require.Equal(t, want, value(t, back.(json.RawMessage)), "%s", written)
}

// Whatever the pattern, the replacement and the numbers are, a function returns or says what is wrong.
func FuzzScalars(f *testing.F) {
	f.Add("abc", "(?P<n>b)", "$n${1}$$", 1.5)
	f.Add("", "a*", "$1", -math.MaxFloat64)
	f.Fuzz(func(t *testing.T, text, pattern, replacement string, number float64) {
		for name, args := range map[string][]any{
			"regex.replace": {text, pattern, replacement}, "regex.match": {text, pattern}, "regex.split": {text, pattern},
			"time.format": {number}, "time.human": {number}, "time.duration": {number}, "time.parse": {text},
			"yaml.encode": {[]any{number, text}}, "json.encode": {map[string]any{text: []any{number, module.Null{}}}},
		} {
			if _, err := call(t, name, args...); err != nil {
				require.Equal(t, action.CodeInvalid, action.CodeOf(err), name)
			}
		}
	})
}
