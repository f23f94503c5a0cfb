package builtin_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/builtin"
	"runbook/engine/script"
)

// What a script sees of a value that goes through the modules: each chunk returns true.
func TestRoundTripsInLua(t *testing.T) {
	for name, chunk := range map[string]string{
		"an empty array stays one":     `return json.encode(json.decode('{"a":[],"b":[[],{}]}')) == '{"a":[],"b":[[],{}]}'`,
		"also in a copy":               `return json.encode(copy(json.decode('{"a":[],"b":[[],{}]}'))) == '{"a":[],"b":[[],{}]}'`,
		"also when it was handed out":  `local o = json.decode('{"a":[],"b":{}}') local _, _ = o.a, o.b return json.encode(o) == '{"a":[],"b":{}}'`,
		"an array that was emptied":    `local c = copy(json.decode('{"a":[1]}')) table.remove(c.a) return json.encode(c) == '{"a":[]}'`,
		"an object that was emptied":   `local c = copy(json.decode('{"a":{"x":1}}')) c.a.x = nil return json.encode(c) == '{"a":{}}'`,
		"a table is an object":         `return json.encode({}) == "{}"`,
		"a marked table is an array":   `return json.encode(json.array{}) == "[]" and json.encode({ a = json.array{} }) == '{"a":[]}'`,
		"a marked table is an object":  `return json.encode(json.object{}) == "{}"`,
		"null reads as nil":            `local o = json.decode('{"a":null}') return o.a == nil and json.encode(o) == '{"a":null}'`,
		"null in a copy":               `return json.encode(copy(json.decode('{"a":null}'))) == '{"a":null}'`,
		"null in a list":               `local l = json.decode('[1,null,3]') return #l == 3 and l[2] == json.null and json.encode(l) == "[1,null,3]"`,
		"null alone":                   `return json.decode("null") == nil and json.encode(nil) == "null" and json.encode(json.null) == "null"`,
		"null written":                 `return json.encode({ a = json.null }) == '{"a":null}'`,
		"null prints":                  `return tostring(json.null) == "null"`,
		"2^53 is a number":             `return json.decode('{"i":9007199254740992}').i == 2^53 and json.decode('[-9007199254740992]')[1] == -2^53`,
		"beyond it digits are kept":    `return json.decode('{"i":9007199254740993}').i == "9007199254740993" and json.decode('-9007199254740993') == "-9007199254740993"`,
		"far beyond it too":            `return json.decode('[123456789012345678901234567890]')[1] == "123456789012345678901234567890"`,
		"an object keeps its digits":   `local t = '{"i":9007199254740993}' return json.encode(json.decode(t)) == t`,
		"also in YAML":                 `return yaml.encode(json.decode('{"i":9007199254740993}')) == "i: 9007199254740993\n" and yaml.decode("i: 9007199254740993").i == "9007199254740993"`,
		"a fraction is a number":       `return json.decode('1e3') == 1000 and json.decode('0.5') == 0.5 and json.decode('-0') == 0`,
		"text of bytes":                `return json.encode("a\0b") == '"a\\u0000b"' and json.decode('"a\\u0000b"') == "a\0b"`,
		"text beyond the first plane":  `return json.decode('"\\ud83d\\ude00"') == "😀" and yaml.encode(json.decode('["\\ud83d\\ude00"]')) == '- "\\U0001F600"\n'`,
		"YAML empty array and object":  `return yaml.encode(yaml.decode("a: []\nb: {}\n")) == "a: []\nb: {}\n"`,
		"YAML through a copy":          `return yaml.encode(copy(yaml.decode("a: []\nb: {}\nc: ~\n"))) == "a: []\nb: {}\nc: null\n"`,
		"YAML documents are a list":    `local l = yaml.decode_all("a: 1\n---\nb: []\n") return #l == 2 and json.encode(l) == '[{"a":1},{"b":[]}]'`,
		"no YAML document":             `return yaml.decode("") == nil and json.encode(yaml.decode_all("")) == "[]"`,
		"what no match is":             `return regex.match("a", "b") == nil and #regex.find_all("a", "b") == 0`,
		"groups are a list":            `local m = regex.match("a=1", "(?P<k>\\w)=(\\d)") return m.text == "a=1" and #m.groups == 2 and m.groups[2] == "1" and m.names.k == "a"`,
		"time is a number":             `return time.parse(time.format(1795402800)) == 1795402800 and time.duration("90s") == 90`,
		"a mistake is an error table":  `local v, e = try(json.decode, "{") return v == nil and e.code == "invalid" and e.message:find("line 1", 1, true) ~= nil`,
		"NaN says what to do":          `local _, e = try(json.encode, { a = 0/0 }) return e.message == "json.encode: the number NaN cannot be written" and e.hint:find("json.null", 1, true) ~= nil`,
		"a mixed table is refused":     `local _, e = try(json.encode, { 1, a = 2 }) return e.message:find("both list items and the name", 1, true) ~= nil`,
		"a list with a gap is too":     `local _, e = try(json.encode, { 1, nil, 3 }) return e.message:find("has nothing at [2]", 1, true) ~= nil`,
		"a far index is too":           `local t = {} t[1] = 1 t[3] = 3 local _, e = try(json.encode, t) return e.message:find("has nothing at [2]", 1, true) ~= nil`,
		"a function cannot be written": `local _, e = try(json.encode, { f = function() end }) return e.message == "json.encode: a function cannot be written"`,
	} {
		t.Run(name, func(t *testing.T) {
			now := func(context.Context) (time.Time, error) { return time.Time{}, nil }
			vm := script.New(t.Context(), script.Options{Modules: builtin.Modules(now)})
			defer vm.Close()
			header, err := vm.Load(t.Context(), script.Source{Name: "test.lua", Text: `
				local json, yaml, regex, time = require "json", require "yaml", require "regex", require "time"
				local function check() ` + chunk + ` end
				return runbook { summary = tostring(check()), steps = { step("none", function() end) } }`})
			require.NoError(t, err)
			assert.Equal(t, "true", header.Summary)
		})
	}
}
