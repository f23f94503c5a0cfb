package luadoc

import (
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/module"
)

const pumps = `--- Pumps of the hall.
-- All of them.

local pumps, pump = {}, {}

-- Not public.
local function inner(a) end
function pump.inner(a) end

--- Starts a pump.
-- It takes a while.
-- @param name     its name
-- @param options? a table
-- @param options.speed  in turns a minute,
--                       at most 9000
-- @param ...      more names
-- @return         the pump
-- @usage pumps.start("a", { speed = 9 })
-- @usage local p = pumps.start("a")
-- p:stop()
function pumps.start(name,
                     options, ...)
end

--- Stops it.
-- @usage p:stop()
function pump:stop() end

return pumps
`

func TestComments(t *testing.T) {
	library, faults := Parse("pumps", pumps)
	assert.Empty(t, faults)
	assert.Equal(t, &module.Module{Name: "pumps", Doc: "Pumps of the hall.\nAll of them.", Funcs: []module.Func{
		{
			Name: "start", Doc: "Starts a pump.\nIt takes a while.",
			Params: []module.Param{
				{Name: "name", Doc: "its name", Required: true},
				{Name: "options", Doc: "a table", Fields: []module.Param{{Name: "speed", Doc: "in turns a minute, at most 9000"}}},
				{Name: "...", Doc: "more names", Required: true},
			},
			Returns:  module.Result{Doc: "the pump"},
			Examples: []string{`pumps.start("a", { speed = 9 })`, "local p = pumps.start(\"a\")\np:stop()"},
		},
		{Name: "pump:stop", Doc: "Stops it.", Examples: []string{"p:stop()"}},
	}}, library)
}

func TestFaults(t *testing.T) {
	for want, text := range map[string]string{
		"a.lua: there is no comment about the library":             "local a = {}\nreturn a\n",
		"a.lua: f: it is not documented":                           "--- A.\n\nlocal a = {}\nfunction a.f() end\nreturn a\n",
		"a.lua: f: there is no parameter y":                        "--- A.\n\nlocal a = {}\n--- F.\n-- @param y what\n-- @usage a.f()\nfunction a.f() end\nreturn a\n",
		"a.lua: f: the parameter x is not documented":              "--- A.\n\nlocal a = {}\n--- F.\n-- @usage a.f(1)\nfunction a.f(x) end\nreturn a\n",
		"a.lua: f: there is no example: @usage":                    "--- A.\n\nlocal a = {}\n--- F.\nfunction a.f() end\nreturn a\n",
		"a.lua: f: it does not say what it does":                   "--- A.\n\nlocal a = {}\n---\n-- @usage a.f()\nfunction a.f() end\nreturn a\n",
		"a.lua: f: @see is not known: param, return and usage are": "--- A.\n\nlocal a = {}\n--- F.\n-- @see g\n-- @usage a.f()\nfunction a.f() end\nreturn a\n",
		"a.lua: b:f: it is not documented":                         "--- A.\n\nlocal a, b = {}, {}\nfunction b:f() end\nreturn a\n",
		"a.lua: f: there is no parameter ?":                        "--- A.\n\nlocal a = {}\n--- F.\n-- @param\n-- @usage a.f()\nfunction a.f() end\nreturn a\n",
	} {
		_, faults := Parse("a", text)
		assert.Equal(t, []string{want}, faults)
	}
}

func TestLibraries(t *testing.T) {
	libraries, faults, err := Libraries(fstest.MapFS{"b.lua": {Data: []byte("return {}")}, "a.lua": {Data: []byte("--- A.\n\nreturn {}")}, "c.go": {}})
	require.NoError(t, err)
	require.Len(t, libraries, 2)
	assert.Equal(t, "a", libraries[0].Name)
	assert.Equal(t, []string{"b.lua: there is no comment about the library"}, faults)
}
