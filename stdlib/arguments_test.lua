-- Tests of arguments: runbook test stdlib/arguments_test.lua
local test      = require "test"
local arguments = require "arguments"

local function refused(want, check, ...)
  local _, err = try(check, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.equal(err.code, "invalid")
  test.equal(err.message, want)
end

test.unit("options are those that are known", function()
  test.equal(arguments.options("f", nil, { "title" }), {})
  test.equal(arguments.options("f", { title = "T" }, { "title", "unit" }), { title = "T" })
  for wrong, meant in pairs {
    titel = '; did you mean "title"?', Unit = '; did you mean "unit"?', units = '; did you mean "unit"?', t = "; there is title, unit", colour = "; there is title, unit",
    [""] = "; there is title, unit", [("x"):rep(5000)] = "; there is title, unit",
  } do
    refused(('f has no option "%s"%s'):format(wrong, meant), arguments.options, "f", { [wrong] = "T" }, { "title", "unit" })
  end
  refused('f has no option "1"; there is title', arguments.options, "f", { "T" }, { "title" })
  refused("f: the options must be a table, not T", arguments.options, "f", "T", { "title" })
end)

test.unit("a list is one", function()
  test.equal(arguments.list("f: rows", { 1, 2 }), { 1, 2 })
  test.equal(arguments.list("f: rows", {}), {})
  refused("f: rows must be a list, not nil", arguments.list, "f: rows", nil)
  refused("f: rows must be a list, such as { a, b }, and this is a table with name", arguments.list, "f: rows", { name = "a" })
end)

test.unit("a value is of a type", function()
  test.equal(arguments.is("f: at", 1, "number"), 1)
  test.equal(arguments.is("f: text", "", "string"), "")
  refused("f: at must be a number, not nil", arguments.is, "f: at", nil, "number")
  refused("f: at must be a number, not NaN", arguments.is, "f: at", 0 / 0, "number")
  refused("f: text must be a text, not a table", arguments.is, "f: text", {}, "string")
end)

test.unit("a duration takes some time", function()
  test.equal(arguments.duration("f: every", "15m"), 900)
  test.equal(arguments.duration("f: every", 0.5), 0.5)
  for wrong, said in pairs { ["0s"] = "0s", soon = "soon", [-1] = "-1", [1 / 0] = "+Inf", [true] = "true" } do
    refused(('f: every must be a duration above 0, such as "15m", not %s'):format(said), arguments.duration, "f: every", wrong)
  end
  refused('f: every must be a duration above 0, such as "15m", not NaN', arguments.duration, "f: every", 0 / 0)
  refused('f: every must be a duration above 0, such as "15m", not a table', arguments.duration, "f: every", {})
end)

-- What a library is given wrongly is told by its own name, and not by what its code does with it.
test.unit("every library names the argument that is wrong", function()
  local calls = {
    { "calendar.weekday: at must be a number, not nil", "calendar", "weekday" },
    { "calendar.weekday: at must be a number, not NaN", "calendar", "weekday", 0 / 0 },
    { "calendar.is_business_day: at must be a number, not 2026-11-23", "calendar", "is_business_day", "2026-11-23" },
    { "calendar.next_business_day: at must be a time in seconds since 1970 UTC, not 1795402800000", "calendar", "next_business_day", 1795402800000 },
    { "communication.subject: about must be a table, not nil", "communication", "subject" },
    { "communication.subject: title must be a text, not nil", "communication", "subject", { severity = "P0" } },
    { "communication.text: started must be a number, not 03:00", "communication", "text", { started = "03:00" }, 0 },
    { "communication.fields: now must be a number, not nil", "communication", "fields", { started = 0 } },
    { "drain.node: node must be a text, not 5", "drain", "node", 5 },
    { "escalation.told: way must be what escalation.of returned, not P0", "escalation", "told", "P0" },
    { "escalation.falls: measure must be a function, not 5", "escalation", "falls", 5 },
    { "gather.all: reads must be a table, not nil", "gather", "all" },
    { "gather.all: reads[pods] must be a function, not a table", "gather", "all", { pods = {} } },
    { "images.reference: text must be a text, not nil", "images", "reference" },
    { "images.of_pods: pods must be a list, not nil", "images", "of_pods" },
    { "parse.lines: text must be a text, not a table", "parse", "lines", { stdout = "a" } },
    { "parse.words: line must be a text, not nil", "parse", "words" },
    { "report.lines: lines must be a list, not a", "report", "lines", "a" },
    { "report.table: rows[1] must be a table, not a", "report", "table", { "a" }, { "name" } },
    { "retry.call: f must be a function, not nil", "retry", "call" },
    { "selector.of: workload must be one that has a selector, such as a Deployment, not Pod", "selector", "of", { kind = "Pod", spec = {} } },
    { "stats.reaches: trend must be what stats.trend returned, not 5", "stats", "reaches", 5, 1 },
    { "units.plural: one must be a text, not nil", "units", "plural", 2 },
    { "usage.check: limits must be a table, not nil", "usage", "check", {}, {} },
    { "incident.during: work must be a function, not nil", "updates", "during", {} },
  }
  for _, call in ipairs(calls) do refused(call[1], require(call[2])[call[3]], call[4], call[5], call[6]) end
end)

test.unit("a word is one of those that are known", function()
  test.equal(arguments.one_of("f: align", "left", { "left", "right" }), "left")
  refused("f: align must be one of left, right, not middle", arguments.one_of, "f: align", "middle", { "left", "right" })
  refused("f: align must be one of left, right, not nil", arguments.one_of, "f: align", nil, { "left", "right" })
end)

test.unit("a function of an object is called with a colon, by its name", function()
  local methods = { up = function(self, by, ...) return self.name, by, select("#", ...) end, down = function() end }
  local broom = setmetatable({ name = "broom" }, arguments.class("tidy", "a broom has", methods))
  test.equal(select(3, broom:up(nil, 1, nil)), 2)
  test.equal(broom:up(), "broom")
  for _, self in ipairs { "x", {}, 1, false } do
    refused("tidy: up is called with a colon: x:up(…), and not x.up(…)", broom.up, self)
  end
  refused('tidy: a broom has no function "upp"; did you mean "up"?', function() broom:upp() end)
end)
