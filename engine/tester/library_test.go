package tester

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const library = `local valves = {}
function valves.open(n)
  if n > 9 then fail("there are only 9 valves") end
  show { form = "table", title = "Valves", columns = { "n" }, rows = { { tostring(n) } } }
  log({ n = n })
  verdict("healthy", "open")
end
function valves.never()
  return 1
end
return valves
`

// unit is what came of the tests of a library.
func unit(t *testing.T, tests string) *Suite {
	t.Helper()
	return tried(t, hall(), shelf{"pumps.lua": library, "pumps_test.lua": "local test = require \"test\"\nlocal valves = require \"pumps\"\n" + tests})
}

func TestALibraryIsTestedWithoutARun(t *testing.T) {
	s := unit(t, `test.unit("opens", function()
  valves.open(3)
  local shown = test.shown()
  test.equal(shown[1], { form = "table", title = "Valves", columns = { "n" }, rows = { { "3" } } })
  test.equal(shown[2], { form = "text", text = '{"n":3}' })
  test.equal(shown[3], { form = "verdict", state = "healthy", reason = "open" })
  test.equal(select(2, try(valves.open, 10)).message, "there are only 9 valves")
end)
test.unit("begins anew", function() test.equal(#test.shown(), 0) end)
test.unit("later", function() test.skip("nobody wrote it yet") end)
test.unit("knows the time", function() test.equal(require("time").now(), require("time").now()) end)
`)
	require.Len(t, s.Tests, 4)
	for i, status := range []Status{Passed, Passed, Skipped, Passed} {
		assert.Equal(t, status, s.Tests[i].Status, said(s.Tests[i]))
	}
	require.Len(t, s.Lines, 1, "the test file does not count")
	assert.Equal(t, "pumps.lua", s.Lines[0].File)
	assert.Equal(t, []int{9}, s.Lines[0].Missed)
}

// A library waits, asks and leaves things to the end of its run: its test has no run, and all of that.
func TestALibraryWaitsAndAsks(t *testing.T) {
	s := unit(t, `local time = require "time"
test.unit("time passes by what is waited for", function()
  local began = time.now()
  sleep("90s")
  test.equal(time.now() - began, 90)
  test.advance("30s")
  test.equal(time.now() - began, 120)
end)
test.unit("branches wait at once", function()
  local began = time.now()
  parallel({ 60, 20 }, function(seconds) sleep(seconds) end)
  test.equal(time.now() - began, 60)
end)
test.unit("a condition is looked at until it holds", function()
  local began, looks = time.now(), 0
  test.equal(wait_until({ name = "third look", every = "10s", timeout = "1m" }, function() looks = looks + 1; return looks == 3 and "third" end), "third")
  test.equal(time.now() - began, 20)
  local _, err = try(wait_until, { name = "never", every = "10s", timeout = "1m" }, function() return false end)
  test.equal(err.code, "timeout")
  test.equal(time.now() - began, 80)
end)
test.unit("people answer what the test says", function()
  test.equal(confirm("Sure?"), true)
  test.answer { ["Really*"] = false, colour = "blue" }
  test.equal(confirm("Really, really?"), false)
  test.equal(ask("colour"), "blue")
  test.equal(operator(), "test@test")
  test.equal(remember({ a = 1 }), { a = 1 })
end)
test.unit("what is left to the end is done, the last one first", function()
  local order = {}
  on_exit(function() test.equal(order, { "two" }) end)
  on_exit(function() order[#order + 1] = "two" end)
end)
test.unit("a failure has its hint", function()
  local _, err = try(fail, "no", "do this")
  test.equal(err.hint, "do this")
end)
`)
	require.Len(t, s.Tests, 6)
	for _, r := range s.Tests {
		assert.Equal(t, Passed, r.Status, said(r))
	}
}

// What people answer to a runbook is said where it is run.
func TestARunbooksTestAnswersWhereItRuns(t *testing.T) {
	assert.Contains(t, said(one(t, `test.answer { colour = "blue" }`)), "test.answer is for the tests of libraries")
}

// What lies beside a test is what it tests, also where a library of that name was built in.
func TestWhatLiesBesideIsTested(t *testing.T) {
	cfg := hall()
	cfg.Library.Files = shelf{"pumps.lua": `return { name = "built in" }`, "other.lua": `return { name = "other" }`}.entry("x").Folder
	s := tried(t, cfg, shelf{"pumps.lua": `return { name = "beside" }`, "pumps_test.lua": `local test = require "test"
test.unit("is the one beside", function()
  test.equal(require("pumps").name, "beside")
  test.equal(require("other").name, "other")
end)`})
	require.Len(t, s.Tests, 1)
	assert.Equal(t, Passed, s.Tests[0].Status, said(s.Tests[0]))
}

func TestWhatALibrarysTestCannotDo(t *testing.T) {
	for name, c := range map[string]struct{ tests, says string }{
		"check nothing":       {`test.unit("a", function() valves.never() end)`, "the test checks nothing"},
		"run":                 {`test.unit("a", function() test.run() end)`, "the test of a library has no site"},
		"change a site":       {`test.unit("a", function() test.change { become = "hung" } end)`, "the test of a library has no site"},
		"read a site":         {`local plant = require "plant" test.unit("a", function() plant.broken() end)`, "the test of a library has no site"},
		"end a step":          {`test.unit("a", function() skip("not now") end)`, "skip needs a run, and the test of a library has none"},
		"guess an answer":     {`test.unit("a", function() ask("colour") end)`, "the test has no answer to \"colour\""},
		"end badly":           {`test.unit("a", function() test.equal(1, 1) on_exit(function() fail("at the end") end) end)`, "at the end"},
		"show what is wrong":  {`test.unit("a", function() show { form = "pie" } end)`, "show: form must be one of"},
		"be there twice":      {`test.unit("a", function() end) test.unit("a", function() end)`, `test.unit: two tests are named "a"`},
		"have no name":        {`test.unit("", function() end)`, "test.unit: a test needs a name"},
		"be there with a run": {`test.unit("a", function() end) test.case("b", { world = {} }, function() end)`, "test.case: a file tests a runbook, with test.case, or a library"},
		"have scenarios":      {`test.unit("a", function() end) test.scenario("b", {})`, "a library has no scenarios"},
		"begin in its file":   {`valves.open(1) test.unit("a", function() end)`, "cannot be called while the tests are declared"},
	} {
		t.Run(name, func(t *testing.T) {
			s := unit(t, c.tests)
			require.NotEmpty(t, s.Tests)
			var all string
			for _, r := range s.Tests {
				all += said(r)
			}
			assert.Equal(t, Failed, s.Tests[0].Status)
			assert.Contains(t, all, c.says)
		})
	}
}

// The test of a runbook looks at runs: what it would show itself, nobody would see.
func TestARunbooksTestShowsNothing(t *testing.T) {
	r := one(t, `log("here")`)
	assert.Equal(t, Failed, r.Status)
	assert.Contains(t, said(r), "log is for runbooks and their libraries")
}
