package script

import (
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/driver"
)

// goodDriver is one without a fault, in lines that tests replace.
const goodDriver = `--- A driver.
-- Of nothing.
local states = { UP = "online" }
return driver {
  summary = "things",
  formats = "made up",
  placeholders = {
    port = { help = "where it is", default = "{id}" },
  },
  commands = {
    status = {
      argv = { "tool", "status", "--port={port}" },
      reads = true,
      answers = { 0, 1 },
      refuses = { not_found = 3, throttled = { 5, 6 } },
      timeout = "5s",
      parse = function(said)
        return { devices = { { state = states[said.text], said = said.text } } }
      end,
    },
    reset = {
      argv = { "tool", "reset", "{id}" },
      risk = "disruptive",
      expects = "online",
      within = "1m",
      unless = { "resetting" },
    },
  },
}
`

func loadDriver(t testing.TB, text string) (driver.Driver, error) {
	t.Helper()
	return LoadDriver(t.Context(), "x", Source{Name: "devices/x/x.lua", Text: text}, DriverOptions{})
}

func TestADriverSaysWhatItIs(t *testing.T) {
	d, err := loadDriver(t, goodDriver)
	require.NoError(t, err)
	about := d.About()
	require.Equal(t, "x", about.Name)
	require.Equal(t, "A driver", about.Title)
	require.Equal(t, "Of nothing.", about.Description)
	require.Equal(t, []driver.Placeholder{{Name: "port", Help: "where it is", Default: "{id}"}}, about.Placeholders)
	require.Len(t, about.Commands, 2)
	status := about.Command(driver.Status)
	require.Equal(t, []int{0, 1}, status.Answers)
	require.Equal(t, map[int]action.Code{3: action.CodeNotFound, 5: action.CodeThrottled, 6: action.CodeThrottled}, status.Refuses)
	reset := about.Command(driver.Reset)
	require.Equal(t, action.Disruptive, reset.Risk)
	require.Equal(t, driver.Online, reset.Expects)
	require.Equal(t, []driver.State{driver.Resetting}, reset.Unless)
	require.Equal(t, "30s", reset.Timeout.String())
	require.Equal(t, []int{0}, reset.Answers)
	require.Nil(t, about.Command(driver.Diagnose))
}

// What is wrong with a driver is said at load, with the line of what is wrong.
func TestAWrongDriverIsRefusedWithItsLine(t *testing.T) {
	for _, c := range []struct {
		replace, by string
		line        int
		message     string
	}{
		{`summary = "things",`, ``, 4, `driver: summary is missing: a string`},
		{`formats = "made up",`, `formts = "made up",`, 6, `driver has no option "formts"; did you mean "formats"?`},
		{`summary = "things",`, `summary = 5,`, 5, `driver: summary must be a string, not the number 5`},
		{`reset = {`, `rest = {`, 21, `driver: commands: there is no "rest"; did you mean "reset"?`},
		{`argv = { "tool", "reset", "{id}" },`, ``, 21, `driver: commands.reset: argv is missing: a list of strings`},
		{`argv = { "tool", "reset", "{id}" },`, `argv = "tool reset",`, 22, `driver: commands.reset: argv must be a list of strings, not the string "tool reset"`},
		{`argv = { "tool", "reset", "{id}" },`, `argv = {},`, 22, `driver: commands.reset.argv: it begins with the name of a program: { "photon-debug", "--list-devices" }`},
		{`"tool", "reset", "{id}"`, `"{id}", "reset"`, 22, `driver: commands.reset.argv: it begins with the name of a program`},
		{`"tool", "reset", "{id}"`, `"tool", "reset"`, 22, `driver: commands.reset.argv: it names no device`},
		{`"tool", "reset", "{id}"`, `"tool", "reset", "{di}"`, 22, `driver: commands.reset.argv: there is no placeholder {di}; there is address, id, log, port`},
		{`"tool", "reset", "{id}"`, `"tool", "{id}", "*"`, 22, `driver: commands.reset.argv: the word "*" would stand for anything`},
		{`"tool", "reset", "{id}"`, `"tool", "{id}", "{"`, 22, `driver: commands.reset.argv: "{" has a bracket without the other one`},
		{`"tool", "reset", "{id}"`, `"tool", "{id}", "\27[2J"`, 22, `driver: commands.reset.argv: "\x1b[2J" has a character that is none of a text`},
		{`"tool", "reset", "{id}"`, `"tool", "reset", "{lines}"`, 22, `driver: commands.reset.argv: there is no placeholder {lines}`},
		{`risk = "disruptive",`, ``, 21, `driver: commands.reset: risk is for what changes a device, and must be said of it`},
		{`risk = "disruptive",`, `risk = "low",`, 23, `driver: commands.reset: risk must be one of routine, disruptive, destructive, got "low"`},
		{`risk = "disruptive",`, `risk = "disruptive", reads = true,`, 23, `driver: commands.reset.reads: reset changes a device: it cannot be one that only looks`},
		{`expects = "online",`, ``, 21, `driver: commands.reset.expects: this is missing: in which state does it leave a device?`},
		{`expects = "online",`, `expects = "resetting",`, 24, `driver: commands.reset.expects: "resetting" is no end: say what the device is expected to be in the end`},
		{`expects = "online",`, `expects = "onlin",`, 24, `driver: commands.reset: expects must be one of online, degraded, offline, resetting, unknown, got "onlin"; did you mean "online"?`},
		{`unless = { "resetting" },`, `unless = { "well" },`, 26, `driver: commands.reset.unless: there is no state "well"`},
		{`risk = "disruptive",`, `risk = "disruptive", begins = "-1s",`, 23, `driver: commands.reset: begins must not be negative, got -1s`},
		{`reads = true,`, `reads = true, begins = "1s",`, 13, `driver: commands.status.begins: this is for a reset, and not for status`},
		{`reads = true,`, ``, 11, `driver: commands.status: reads is missing: status is for looking, so its command must be one that only looks: reads = true`},
		{`reads = true,`, `reads = true, within = "1s",`, 13, `driver: commands.status.within: this is for what changes a device, and status only looks`},
		{`answers = { 0, 1 },`, `answers = { 0, 300 },`, 14, `driver: commands.status.answers: 300 is no exit code`},
		{`answers = { 0, 1 },`, `answers = { "0" },`, 14, `driver: commands.status.answers: a list of exit codes: { 0, 1 }`},
		{`not_found = 3,`, `not_found = 1,`, 15, `driver: commands.status.refuses: 1 is among the answers too`},
		{`not_found = 3,`, `notfound = 3,`, 15, `refuses: there is no "notfound"; did you mean "not_found"?`},
		{`not_found = 3,`, `not_found = 5,`, 15, `driver: commands.status.refuses: the exit code 5 is there twice`},
		{`timeout = "5s",`, `timeout = 0,`, 16, `driver: commands.status.timeout: a command needs some time`},
		{`port = { help`, `Port = { help`, 8, `driver: placeholders.Port: a placeholder's name is lower-case letters, digits and _`},
		{`port = { help`, `id = { help`, 8, `driver: placeholders.id: a placeholder's name is lower-case letters`},
		{`default = "{id}"`, `default = "{lines}"`, 8, `driver: placeholders.port: default names {lines}`},
		{`return driver {`, `return driver(nil) and {`, 4, `table expected, got nil`},
		{`return driver {`, `local x = driver {`, 29, `devices/x/x.lua is no driver: it does not return driver { … }`},
		{`local states = { UP = "online" }`, `local states = {`, 4, `syntax error`},
		{`local states = { UP = "online" }`, `local states = parallel({}, function() end)`, 3, `the name "parallel" is not defined`},
		{`local states = { UP = "online" }`, `local states = math.random()`, 3, `this is not a function`},
		{`local states = { UP = "online" }`, `local states = require "kubernetes"`, 3, `require "kubernetes": there is no such module or file`},
		{`local states = { UP = "online" }`, `local states = io.open("/etc/passwd")`, 3, `the name "io" is not defined`},
	} {
		t.Run(c.by, func(t *testing.T) {
			require.Contains(t, goodDriver, c.replace)
			_, err := loadDriver(t, strings.Replace(goodDriver, c.replace, c.by, 1))
			var located *Error
			require.ErrorAs(t, err, &located)
			assert.Contains(t, located.Error(), c.message)
			assert.Equal(t, "devices/x/x.lua", located.Where.File)
			assert.Equal(t, c.line, located.Where.Line, located.Where.Text)
		})
	}
}

// parsing is a driver whose parse is that.
func parsing(t testing.TB, body string) driver.Driver {
	t.Helper()
	d, err := LoadDriver(t.Context(), "x", Source{Name: "x.lua", Text: `local seen = 0
return driver { summary = "x", formats = "x", commands = { list = { argv = { "x" }, reads = true, parse = function(said)
` + body + `
end } } }`}, DriverOptions{Own: fstest.MapFS{"mine.lua": {Data: []byte("return { word = 'mine' }")}}, Time: 300 * time.Millisecond})
	require.NoError(t, err)
	return d
}

// Whatever a driver does with a text: it ends, in time, and what was printed is kept.
func TestADriverThatFailsLosesNothing(t *testing.T) {
	for name, c := range map[string]struct{ body, fault string }{
		"an error":                     {`return said.nothing.at.all`, `x.lua:3: cannot read the field "at" of nil`},
		"an error that is a table":     {`error({ message = "no" })`, `no`},
		"no end":                       {`while true do end`, `it was not done within 300ms`},
		"no end in a pattern":          {`return ((("a"):rep(30)):match(("a*"):rep(30) .. "b"))`, ``},
		"an endless string":            {`return ("x"):rep(1e9)`, ``},
		"recursion":                    {`local function f() return 1 + f() end return f()`, `calls itself too deep`},
		"nothing returned":             {``, ``},
		"a text":                       {`return "online"`, `list returned: the options must be a table`},
		"an unknown field":             {`return { device = {} }`, `list returned has no option "device"; did you mean "devices"?`},
		"a device without an id":       {`return { devices = { {} } }`, `list returned: devices[1] has no id`},
		"a device twice":               {`return { devices = { { id = "a" }, { id = "a" } } }`, `list returned: the device "a" is there twice`},
		"an unknown state":             {`return { devices = { { id = "a", state = "well" } } }`, `list returned: devices[1]: there is no state "well"`},
		"a field that is no scalar":    {`return { devices = { { id = "a", fields = { x = {} } } } }`, `fields.x is neither a text, a number, nor true or false`},
		"a field that is no number":    {`return { devices = { { id = "a", fields = { x = 0/0 } } } }`, `fields.x is NaN, which is no number that can be written down`},
		"a check without a result":     {`return { devices = { { id = "a", checks = { { name = "x" } } } } }`, `list returned: devices[1]: checks[1]: passed is missing`},
		"a function":                   {`return { devices = { { id = function() end } } }`, `list returned: devices[1]: id must be a string, not a function`},
		"a table that contains itself": {`local t = {} t.t = t return t`, `contains itself`},
		"a coroutine":                  {`coroutine.yield(1)`, ``},
		"its end is not caught":        {`while true do pcall(function() while true do end end) end`, `it was not done within 300ms`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := parsing(t, c.body).Read(t.Context(), driver.List, driver.Said{Stdout: "one\n\ntwo\n"})
			if c.fault != "" {
				require.Contains(t, r.Fault, c.fault)
			}
			if r.Fault != "" {
				require.Equal(t, []string{"one", "two"}, r.Unread)
			}
			require.Empty(t, r.Devices)
		})
	}
}

// What is wrong about one device hides no other, and colours are nothing that a tool says.
func TestADriverReadsWhatThereIs(t *testing.T) {
	d := parsing(t, `
local out = {}
for id, state in said.text:gmatch("(%S*)=(%S+)") do out[#out + 1] = { id = id, state = state } end
return { devices = out }`)
	r := d.Read(t.Context(), driver.List, driver.Said{Stdout: "\x1b[?25l\x1b]0;title\x07\x1b[2J\x1b[32ma=online\x1b[0m\x1b[K b=well c=offline c=online =online d=\x1b[1;31moffline\x1b[m\n"})
	require.Equal(t, []driver.Observation{{ID: "a", State: driver.Online}, {ID: "d", State: driver.Offline}}, r.Devices)
	require.Equal(t, `list returned: devices[2]: there is no state "well"; there is degraded, offline, online, resetting, unknown, and 2 faults more`, r.Fault)
	require.Len(t, r.Unread, 1, "all that was printed")
	r = d.Read(t.Context(), driver.List, driver.Said{Stdout: "a=online"})
	require.Empty(t, r.Fault)
}

// What a driver notes in one reading is not there in the next.
func TestReadingsDoNotKnowOfEachOther(t *testing.T) {
	d := parsing(t, `seen = seen + 1; total = (rawget(_G, "total") or 0) + 1
return { devices = { { id = "a", fields = { seen = seen, total = total, mine = require("mine").word } } } }`)
	for _, text := range []string{"a", "b", "a"} {
		r := d.Read(t.Context(), driver.List, driver.Said{Stdout: text})
		require.Empty(t, r.Fault)
		require.Equal(t, map[string]any{"seen": 1.0, "total": 1.0, "mine": "mine"}, r.Devices[0].Fields)
	}
}

// Many devices are read at once.
func TestReadingsAtOnce(t *testing.T) {
	d := parsing(t, `return { devices = { { state = "online", said = said.text } } }`)
	results := make(chan driver.Reading)
	for i := range 200 {
		id := strconv.Itoa(i % 50) // more than are remembered, and some again
		go func() { results <- d.Read(t.Context(), driver.List, driver.Said{ID: id, Stdout: "up " + id}) }()
	}
	for range 200 {
		r := <-results
		require.Equal(t, driver.Online, r.Devices[0].State, r.Fault)
		require.Equal(t, "up "+r.Devices[0].ID, r.Devices[0].Said)
	}
}

// Whatever stands in a driver, loading it ends, and what is wrong has a place in it.
func FuzzLoadDriver(f *testing.F) {
	f.Add(goodDriver)
	f.Add(`return driver { summary = "x", formats = "x", base = "y" }`)
	f.Add("return driver{")
	f.Add("return driver{commands=1}")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := loadDriver(t, text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		for _, c := range d.About().Commands {
			_, err := c.Check(d.About().Placeholders)
			require.NoError(t, err)
		}
	})
}
