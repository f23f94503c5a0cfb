package builtin

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/module"
)

var at = time.Date(2026, 11, 23, 3, 0, 0, 250e6, time.UTC)

// call calls a function with Lua's values as they arrive in Go.
func call(t testing.TB, name string, values ...any) (any, error) {
	t.Helper()
	of, function, _ := strings.Cut(name, ".")
	for _, m := range Modules(func(context.Context) (time.Time, error) { return at, nil }) {
		if m.Name != of {
			continue
		}
		f := m.Func(function)
		require.NotNil(t, f, name)
		args, err := f.Bind(m, values)
		if err != nil {
			return nil, err
		}
		if f.Control != nil {
			return f.Control(t.Context(), args)
		}
		return f.Pure(t.Context(), args)
	}
	require.Fail(t, "no such module", of)
	return nil, nil
}

type object = map[string]any

func raw(text string) json.RawMessage { return json.RawMessage(text) }

func TestResults(t *testing.T) {
	for name, c := range map[string]struct {
		function string
		values   []any
		want     any
	}{
		"json object":                {"json.decode", []any{" {\"b\": [1, null] }\n"}, raw(`{"b": [1, null] }`)},
		"json scalar":                {"json.decode", []any{`"x"`}, raw(`"x"`)},
		"json names of two objects":  {"json.decode", []any{`[{"a":1},{"a":{"a":2}}]`}, raw(`[{"a":1},{"a":{"a":2}}]`)},
		"json empty array":           {"json.encode", []any{[]any{}}, "[]"},
		"json empty object":          {"json.encode", []any{object{}}, "{}"},
		"json null":                  {"json.encode", []any{module.Null{}}, "null"},
		"json nothing":               {"json.encode", nil, "null"},
		"json null in a list":        {"json.encode", []any{[]any{module.Null{}, 1.0}}, "[null,1]"},
		"json names in order":        {"json.encode", []any{object{"b": 1.0, "a": true, "c": "x"}}, `{"a":true,"b":1,"c":"x"}`},
		"json numbers":               {"json.encode", []any{[]any{3.0, 0.1, -2.5, 1 << 53, 1e21}}, `[3,0.1,-2.5,9007199254740992,1e+21]`},
		"json as it came":            {"json.encode", []any{object{"o": raw(`{"n":9007199254740993,"f":1.50,"e":"\u00e9"}`)}}, `{"o":{"n":9007199254740993,"f":1.50,"e":"\u00e9"}}`},
		"json text of HTML":          {"json.encode", []any{"a < b & c"}, `"a < b & c"`},
		"json text with lines":       {"json.encode", []any{"a\nb\n"}, `"a\nb\n"`},
		"json indented":              {"json.encode", []any{object{"a": []any{1.0}, "b": raw(`{"c":1}`)}, object{"indent": 2.0}}, "{\n  \"a\": [\n    1\n  ],\n  \"b\": {\n    \"c\": 1\n  }\n}"},
		"json empty list indented":   {"json.encode", []any{object{"a": []any{}}, object{"indent": 1.0}}, "{\n \"a\": []\n}"},
		"json.array of nothing":      {"json.array", nil, []any{}},
		"json.array of {}":           {"json.array", []any{object{}}, []any{}},
		"json.array of a list":       {"json.array", []any{[]any{1.0}}, []any{1.0}},
		"json.object of nothing":     {"json.object", nil, object{}},
		"json.object of fields":      {"json.object", []any{object{"a": 1.0}}, object{"a": 1.0}},
		"yaml object":                {"yaml.decode", []any{"b: [1, ~]\na: {}\n"}, raw(`{"a":{},"b":[1,null]}`)},
		"yaml of Kubernetes":         {"yaml.decode", []any{"on: yes\nmode: 0644\nday: 2026-11-23\nquoted: 'yes'\n"}, raw(`{"day":"2026-11-23","mode":420,"quoted":"yes","true":true}`)},
		"yaml big integer":           {"yaml.decode", []any{"id: 9007199254740993"}, raw(`{"id":9007199254740993}`)},
		"yaml anchors":               {"yaml.decode", []any{"a: &x [1]\nb: *x\n"}, raw(`{"a":[1],"b":[1]}`)},
		"yaml nothing":               {"yaml.decode", []any{""}, nil},
		"yaml only comments":         {"yaml.decode", []any{"# nothing\n---\n# yet\n...\n"}, nil},
		"yaml null":                  {"yaml.decode", []any{"~"}, raw("null")},
		"yaml with marks":            {"yaml.decode", []any{"%YAML 1.1\n# a comment\n---\na: 1\n...\n---\n"}, raw(`{"a":1}`)},
		"yaml with Windows' lines":   {"yaml.decode", []any{"---\r\na: 1\r\n...\r\n"}, raw(`{"a":1}`)},
		"yaml dashes in a text":      {"yaml.decode", []any{"a: |\n  ---\n  ...\nb: ---x\n"}, raw(`{"a":"---\n...\n","b":"---x"}`)},
		"yaml documents":             {"yaml.decode_all", []any{"a: 1\n---\nb: yes\n--- c\n"}, []any{raw(`{"a":1}`), raw(`{"b":true}`), raw(`"c"`)}},
		"yaml empty documents":       {"yaml.decode_all", []any{"---\n\n---\n# no\n---\n~\n---\na: 1\n---\n"}, []any{raw(`{"a":1}`)}},
		"yaml after an end":          {"yaml.decode_all", []any{"a: 1\n...\nb: 2\n"}, []any{raw(`{"a":1}`), raw(`{"b":2}`)}},
		"yaml no documents":          {"yaml.decode_all", []any{""}, []any{}},
		"yaml written":               {"yaml.encode", []any{object{"b": []any{1.0, object{"c": "x"}}, "a": object{}}}, "a: {}\nb:\n- 1\n- c: x\n"},
		"yaml written empty list":    {"yaml.encode", []any{[]any{}}, "[]\n"},
		"yaml written null":          {"yaml.encode", []any{object{"a": module.Null{}}}, "a: null\n"},
		"yaml written nothing":       {"yaml.encode", nil, "null\n"},
		"yaml written numbers":       {"yaml.encode", []any{raw(`[9007199254740993,123456789012345678901234567890,1.50,1e3]`)}, "- 9007199254740993\n- 123456789012345678901234567890\n- 1.50\n- 1e3\n"},
		"yaml written texts":         {"yaml.encode", []any{[]any{"yes", "12:30", "1e3", "~", "<<", "", "a: b", "x\ny\n"}}, "- \"yes\"\n- \"12:30\"\n- \"1e3\"\n- \"~\"\n- \"<<\"\n- \"\"\n- 'a: b'\n- |\n  x\n  y\n"},
		"yaml written names":         {"yaml.encode", []any{object{"yes": 1.0, "1": 2.0, "<<": object{}}}, "\"1\": 2\n\"<<\": {}\n\"yes\": 1\n"},
		"yaml written from escapes":  {"yaml.encode", []any{raw(`{"a":"\u00e9\/"}`)}, "a: é/\n"},
		"regex.test":                 {"regex.test", []any{"Out of Memory", "(?i)out of memory"}, true},
		"regex.test without":         {"regex.test", []any{"fine", "x"}, false},
		"regex.match":                {"regex.match", []any{"took 12 ms", `took (?P<n>\d+) (s)?`}, object{"text": "took 12 ", "groups": []string{"12", ""}, "names": object{"n": "12"}}},
		"regex.match without":        {"regex.match", []any{"a", "b"}, nil},
		"regex.find_all":             {"regex.find_all", []any{"a1b2", `\d`}, []any{found("1"), found("2")}},
		"regex.find_all limited":     {"regex.find_all", []any{"a1b2", `\d`, 1.0}, []any{found("1")}},
		"regex.find_all without":     {"regex.find_all", []any{"a", "b"}, []any{}},
		"regex.replace":              {"regex.replace", []any{"a1b2", `([a-z])(?P<n>\d)`, "${n}$1$$"}, "1a$2b$"},
		"regex.split":                {"regex.split", []any{"a, b,c", `,\s*`}, []string{"a", "b", "c"}},
		"regex.split of nothing":     {"regex.split", []any{"", ","}, []string{""}},
		"spelling.suggest":           {"spelling.suggest", []any{"midle", []any{"middle", "top"}}, `; did you mean "middle"?`},
		"spelling.suggest of none":   {"spelling.suggest", []any{"cellar", []any{"top", "middle"}}, "; there is middle, top"},
		"spelling.suggest nothing":   {"spelling.suggest", []any{"", []any{}}, ""},
		"time.now":                   {"time.now", nil, 1795402800.25},
		"time.parse":                 {"time.parse", []any{"2026-11-23T03:00:00Z"}, 1795402800.0},
		"time.parse a zone":          {"time.parse", []any{"2026-11-23T03:00:00+02:00"}, 1795395600.0},
		"time.parse a fraction":      {"time.parse", []any{"2026-11-23T03:00:00.123456Z"}, 1795402800.123},
		"time.format":                {"time.format", []any{1795402800.9}, "2026-11-23T03:00:00Z"},
		"time.format date":           {"time.format", []any{1795402800.0, "date"}, "2026-11-23"},
		"time.format time":           {"time.format", []any{1795402800.0, "time"}, "03:00:00"},
		"time.format compact date":   {"time.format", []any{1795402800.0, "compact_date"}, "20261123"},
		"time.format minute":         {"time.format", []any{1795402800.0, "minute"}, "2026-11-23 03:00 UTC"},
		"time.format before 1970":    {"time.format", []any{-0.5}, "1969-12-31T23:59:59Z"},
		"time.format the first year": {"time.format", []any{float64(yearOne)}, "0001-01-01T00:00:00Z"},
		"time.format the last year":  {"time.format", []any{float64(year9999)}, "9999-12-31T23:59:59Z"},
		"time.duration":              {"time.duration", []any{"1h30m"}, 90 * time.Minute},
		"time.duration of seconds":   {"time.duration", []any{1.5}, 1500 * time.Millisecond},
		"time.human":                 {"time.human", []any{192.0}, "3m12s"},
		"time.human days":            {"time.human", []any{2.5 * 86400}, "2d12h"},
		"time.human ahead a little":  {"time.human", []any{-0.9}, "0s"}, // the server's clock is not ours
		"time.human ahead":           {"time.human", []any{-60.0}, "<invalid>"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := call(t, c.function, c.values...)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

func found(text string) object { return object{"text": text, "groups": []string{}, "names": object{}} }

func TestMistakesSayWhatToType(t *testing.T) {
	for name, c := range map[string]struct {
		function      string
		values        []any
		message, hint string
	}{
		"json empty":          {"json.decode", []any{" \n"}, "json.decode: the text is empty", ""},
		"json cut off":        {"json.decode", []any{"{\n \"a\": "}, "json.decode: line 2, byte 6: unexpected end of JSON input", ""},
		"json wrong quotes":   {"json.decode", []any{"{\n'a': 1}"}, `json.decode: line 2, byte 1: invalid character '\'' looking for beginning of object key string`, ""},
		"json more behind":    {"json.decode", []any{"{}\n{}"}, "json.decode: line 2, byte 1: invalid character '{' after top-level value", ""},
		"json twice":          {"json.decode", []any{`[{"b":{"a":1,"\u0061":2}}]`}, `json.decode: the name "a" is given twice in one object`, ""},
		"json no text":        {"json.decode", []any{1.0}, "json.decode: text must be a string, not the number 1", ""},
		"json NaN":            {"json.encode", []any{[]any{math.NaN()}}, "json.encode: the number NaN cannot be written", "json.null"},
		"json infinite":       {"json.encode", []any{math.Inf(-1)}, "json.encode: the number -Inf cannot be written", "json.null"},
		"json indent":         {"json.encode", []any{1.0, object{"indent": 17.0}}, "json.encode: indent must be at most 16, got 17", ""},
		"json option":         {"json.encode", []any{1.0, object{"ident": 2.0}}, `json.encode has no option "ident"; did you mean "indent"?`, ""},
		"json.array of names": {"json.array", []any{object{"a": 1.0}}, "json.array: items must be a list, not a table", ""},
		"json.object of list": {"json.object", []any{[]any{1.0}}, "json.object: fields must be a table, not a list", ""},
		"yaml two documents":  {"yaml.decode", []any{"a: 1\n---\nb: 2\n"}, "yaml.decode: line 2: a second document begins here", "yaml.decode_all"},
		"yaml after an end":   {"yaml.decode", []any{"a: 1\n...\nb: 2\n"}, "yaml.decode: line 3: a second document begins here", "yaml.decode_all"},
		"yaml twice":          {"yaml.decode", []any{"a: 1\na: 2\n"}, `yaml.decode: line 2: key "a" already set in map`, ""},
		"yaml twice later":    {"yaml.decode_all", []any{"a: 1\n---\n\n---\nb: 2\nb: 3\n"}, `yaml.decode_all: line 6: key "b" already set in map`, ""},
		"yaml unclosed":       {"yaml.decode_all", []any{"a: 1\n---\nb: [\n"}, "yaml.decode_all: line 3: did not find expected node content", ""},
		"yaml NaN":            {"yaml.decode", []any{"a: .nan"}, "yaml.decode: the number NaN has no place in JSON, nor in a script", "quote it"},
		"yaml null name":      {"yaml.decode", []any{"~: 1"}, "yaml.decode: a name must be a text, and not null, a list or an object", ""},
		"yaml list name":      {"yaml.decode", []any{"? [a]\n: 1"}, "yaml.decode: a name must be a text, and not null, a list or an object", ""},
		"yaml written NaN":    {"yaml.encode", []any{object{"a": math.NaN()}}, "yaml.encode: the number NaN cannot be written", "json.null"},
		"regex":               {"regex.test", []any{"a", "("}, "regex: error parsing regexp: missing closing ): `(`", `"\\d"`},
		"regex look-around":   {"regex.split", []any{"a", "(?!x)"}, "regex: error parsing regexp: invalid or unsupported Perl syntax: `(?!`", "no look-around"},
		"regex.replace":       {"regex.replace", []any{"a", "[", "b"}, "regex: error parsing regexp: missing closing ]: `[`", "backslash"},
		"regex group x":       {"regex.replace", []any{"a", "(a)", "$1x"}, `regex.replace: the pattern has no group "1x"`, "${1}x"},
		"regex group 2":       {"regex.replace", []any{"a", "(a)", "$1${2}"}, `regex.replace: the pattern has no group "2"`, "$$ is a dollar sign"},
		"regex limit":         {"regex.find_all", []any{"a", "a", 0.0}, "regex.find_all: limit must be at least 1, got 0", ""},
		"time.parse":          {"time.parse", []any{"2026-11-23"}, `time.parse: "2026-11-23" is not of the form 2026-11-23T03:00:00Z`, ""},
		"time.format a form":  {"time.format", []any{1.0, "dat"}, `time.format: form must be one of rfc3339, date, time, compact_date, minute, got "dat"; did you mean "date"?`, ""},
		"time.format NaN":     {"time.format", []any{math.NaN()}, "time.format: time must be a number, got NaN", ""},
		"time.format far":     {"time.format", []any{1e300}, "time.format: time must be at most 2.53402300799e+11, got 1e+300", ""},
		"time.duration":       {"time.duration", []any{"5 minutes"}, `time.duration: text must be a duration such as "90s", "5m" or "7d", or a number of seconds, not the string "5 minutes"`, ""},
		"time.duration back":  {"time.duration", []any{"-5m"}, "time.duration: text must not be negative, got -5m0s", ""},
		"time.duration far":   {"time.duration", []any{1e300}, `time.duration: text must be a duration such as "90s", "5m" or "7d", or a number of seconds, not the number 1e+300`, ""},
		"time.duration NaN":   {"time.duration", []any{math.NaN()}, `time.duration: text must be a duration such as "90s", "5m" or "7d", or a number of seconds, not the number NaN`, ""},
		"time.human NaN":      {"time.human", []any{math.NaN()}, "time.human: seconds must be a number, got NaN", ""},
		"time.human far":      {"time.human", []any{1e10}, "time.human: seconds must be at most 9e+09, got 1e+10", ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := call(t, c.function, c.values...)
			require.EqualError(t, err, c.message)
			assert.Nil(t, got)
			var failure *action.Error
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, action.CodeInvalid, failure.Code)
			assert.Contains(t, failure.Hint, c.hint)
			assert.Equal(t, c.hint == "", failure.Hint == "", failure.Hint)
		})
	}
}

func TestTimeNowFailsAsTheRunDoes(t *testing.T) {
	lost := errors.New("the journal is full")
	m := timeModule(func(context.Context) (time.Time, error) { return time.Time{}, lost })
	_, err := m.Func("now").Control(t.Context(), module.Args{})
	assert.ErrorIs(t, err, lost)
}

// A pattern is compiled once, and one that cannot be is an error each time.
func TestPatternsAreKept(t *testing.T) {
	p := &patterns{}
	first, err := p.compile("a+")
	require.NoError(t, err)
	again, err := p.compile("a+")
	require.NoError(t, err)
	assert.Same(t, first, again)
	for range 2 {
		_, err = p.compile("(")
		require.Error(t, err)
	}
}
