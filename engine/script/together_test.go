package script

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// What a multiple assignment leaves is what Lua says: every value, and every place, is of before.
func TestMultipleAssignment(t *testing.T) {
	for code, want := range map[string]string{
		`local a, b = 1, 2; a, b = b, a; return a .. b`:                                                                  "21",
		`local a, b, c = 1, 2, 3; a, b, c = c, a, b; return a .. b .. c`:                                                 "312",
		`local a, t = 1, { 2 }; a, t[1] = t[1], a; return a .. t[1]`:                                                     "21",
		`local a, t = 1, { 2 }; t[1], a = a, t[1]; return a .. t[1]`:                                                     "21",
		`local i, t = 1, { 5, 6 }; i, t[i] = i + 1, 20; return i .. " " .. t[1] .. " " .. t[2]`:                          "2 20 6",
		`local i, t = 1, { 5, 6 }; local function f() return 9, 2 end; t[i], i = f(); return i .. t[1] .. t[2]`:          "296",
		`local t = { 1, 2 }; t[1], t[2] = t[2], t[1]; return t[1] .. t[2]`:                                               "21",
		`local t = { x = 1 }; local u = t; t, t.x = { x = 7 }, 2; return t.x .. u.x`:                                     "72",
		`local a, b = 1, 1; for _ = 1, 5 do a, b = b, a + b end; return a .. " " .. b`:                                   "8 13",
		`local function f() return 1, 2, 3 end; local a, b, c; a, b, c = f(); return a .. b .. c`:                        "123",
		`local function f() return 1, 2, 3 end; local a, b, c = 9, 9, 9; a, b, c = 0, f(); return a .. b .. c`:           "012",
		`local function f() return 1, 2 end; local a, b, c = 9, 9, 9; a, b, c = f(), 5; return a .. b .. tostring(c)`:    "15nil",
		`local a, b = 1, 2; a, b = b; return a .. tostring(b)`:                                                           "2nil",
		`local n, a, b = 0, 1, 2; local function f() n = n + 1; return n end; a, b = b, a, f(); return a .. b .. n`:      "211",
		`local a; a, a = 1, 2; return a`:                                                                                 "1",
		`local a, b = 1, 2; local function swap() a, b = b, a end; swap(); return a .. b`:                                "21",
		`local function f(...) local a, b = 1, 2; a, b = ...; return a .. b end; return f(7, 8)`:                         "78",
		`local o = { n = 1, get = function(self) return self.n end }; local x = 5; x, o.n = o:get(), x; return x .. o.n`: "15",
		`local f = { function() local a, b = 1, 2; repeat a, b = b, a until a == 2; return a .. b end }; return f[1]()`:  "21",
		`local a, b = false, true; if a then a, b = b, a elseif b then a, b = b and 3, a or 4 end; return a .. b`:        "34",
		`local t, k = {}, "x"; while k do t[k], k = 1, nil end; return t.x`:                                              "1",
	} {
		chunk, err := parse.Parse(strings.NewReader(code), "test")
		require.NoError(t, err, code)
		counted, hits := instrument(chunk)
		for _, stmts := range []struct {
			name string
			run  func() (*lua.FunctionProto, error)
		}{
			{"counted", func() (*lua.FunctionProto, error) {
				proto, err := lua.Compile(together(counted), "test")
				if err == nil {
					hits.plant(proto)
				}
				return proto, err
			}},
			{"plain", func() (*lua.FunctionProto, error) {
				chunk, err := parse.Parse(strings.NewReader(code), "test")
				require.NoError(t, err)
				return lua.Compile(together(chunk), "test")
			}},
		} {
			proto, err := stmts.run()
			require.NoError(t, err, code)
			L := lua.NewState()
			L.Push(L.NewFunctionFromProto(proto))
			require.NoError(t, L.PCall(0, 1, nil), code)
			assert.Equal(t, want, L.Get(-1).String(), "%s: %s", stmts.name, code)
			L.Close()
		}
	}
}

// A mistake in one is told where it stands.
func TestAMistakeInAMultipleAssignment(t *testing.T) {
	chunk, err := parse.Parse(strings.NewReader("local a, t = 1\n\na, t.x =\n  t.y, 2\n"), "test")
	require.NoError(t, err)
	proto, err := lua.Compile(together(chunk), "test")
	require.NoError(t, err)
	L := lua.NewState()
	defer L.Close()
	L.Push(L.NewFunctionFromProto(proto))
	require.ErrorContains(t, L.PCall(0, 0, nil), "test:4")
}
