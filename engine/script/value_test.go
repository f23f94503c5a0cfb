package script

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	lua "github.com/yuin/gopher-lua"

	"runbook/engine/module"
)

// asLua is what a script is to get of a JSON value that was read with UseNumber: integers beyond 2^53 as texts, the rest as it is.
func asLua(v any) any {
	switch x := v.(type) {
	case json.Number:
		if strings.ContainsAny(string(x), ".eE") {
			if f, err := x.Float64(); err == nil {
				return f
			}
			return string(x)
		}
		if n, err := strconv.ParseInt(string(x), 10, 64); err == nil && -maxInteger <= n && n <= maxInteger {
			return float64(n)
		}
		return string(x)
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = asLua(x[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for name := range x {
			out[name] = asLua(x[name])
		}
		return out
	}
	return v
}

// flat is a value that left Lua, without the difference between an object that is JSON text and one that is a table.
func flat(t *testing.T, v any) any {
	t.Helper()
	switch x := v.(type) {
	case json.RawMessage:
		return asLua(read(t, x))
	case module.Null:
		return nil
	case []any:
		out := make([]any, len(x))
		for i := range x {
			out[i] = flat(t, x[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(x))
		for name := range x {
			out[name] = flat(t, x[name])
		}
		return out
	}
	return v
}

func read(t *testing.T, text []byte) any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var v any
	require.NoError(t, decoder.Decode(&v))
	return v
}

// shape tells how deep a value is nested, and whether an object has a name twice, which cannot be equal to anything.
func shape(text []byte) (depth int, twice bool) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	type level struct {
		names map[string]bool // nil for an array
		name  bool            // the next token is one
	}
	var open []level
	for {
		token, err := decoder.Token()
		if err != nil {
			return depth, twice
		}
		if delim, ok := token.(json.Delim); ok && (delim == '}' || delim == ']') {
			open = open[:len(open)-1]
			continue
		}
		if n := len(open); n > 0 && open[n-1].names != nil {
			top := &open[n-1]
			if name, ok := token.(string); ok && top.name {
				twice = twice || top.names[name]
				top.names[name], top.name = true, false
				continue
			}
			top.name = true
		}
		switch token {
		case json.Delim('{'):
			open = append(open, level{names: map[string]bool{}, name: true})
		case json.Delim('['):
			open = append(open, level{})
		}
		depth = max(depth, len(open))
	}
}

// touch looks at every field, as a script might, so that arrays are handed out.
func (f *fixture) touch(v lua.LValue) {
	if o, ok := asObject(v); ok {
		for _, key := range o.keys() {
			f.touch(f.vm.get(o, key))
		}
	}
	if t, ok := v.(*lua.LTable); ok {
		t.ForEach(func(_, item lua.LValue) { f.touch(item) })
	}
}

// A JSON value that goes to Lua and comes back is equal, whether a script only carried it, looked at all of it, or made a copy.
func FuzzRoundTrip(f *testing.F) {
	for _, text := range []string{
		`{"a":[],"b":{},"c":null,"d":[null,{}],"e":"x","f":1.5,"g":true}`, `[9007199254740993,-9007199254740992,1e400,-0,1E2]`, `"\ud83d\ude00\u0000"`, "null",
		`{"a.b":{"*":1,"#":[{"@this":2}],"":3},"\u00e9|":4}`, ` [ 1 , {"x" : [ 2 ] } ] `,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if !json.Valid([]byte(text)) || !utf8.ValidString(text) {
			return
		}
		if depth, twice := shape([]byte(text)); depth >= maxDepth || twice {
			return
		}
		fix := newFixture(t)
		want := asLua(read(t, []byte(text)))
		for _, way := range []struct {
			name string
			do   func(lua.LValue) lua.LValue
		}{
			{"carried", func(v lua.LValue) lua.LValue { return v }},
			{"looked at", func(v lua.LValue) lua.LValue { fix.touch(v); return v }},
			{"copied", func(v lua.LValue) lua.LValue { return fix.vm.copyValue(fix.vm.state, v, 0) }},
		} {
			v, err := fix.vm.toLua(json.RawMessage(strings.TrimSpace(text)))
			require.NoError(t, err)
			back, err := fix.vm.toGo(way.do(v), 0)
			require.NoError(t, err, way.name)
			require.Equal(t, want, flat(t, back), way.name)
			written, err := json.Marshal(back)
			require.NoError(t, err, way.name)
			assert.True(t, json.Valid(written), way.name)
		}
	})
}
