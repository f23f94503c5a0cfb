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
  refused('f has no option "titel"; known are: title, unit', arguments.options, "f", { titel = "T" }, { "title", "unit" })
  refused("f: the options must be a table, not T", arguments.options, "f", "T", { "title" })
end)

test.unit("a list is one", function()
  test.equal(arguments.list("f: rows", { 1, 2 }), { 1, 2 })
  refused("f: rows must be a list, not nil", arguments.list, "f: rows", nil)
end)

test.unit("a word is one of those that are known", function()
  test.equal(arguments.one_of("f: align", "left", { "left", "right" }), "left")
  refused("f: align must be one of left, right, not middle", arguments.one_of, "f: align", "middle", { "left", "right" })
  refused("f: align must be one of left, right, not nil", arguments.one_of, "f: align", nil, { "left", "right" })
end)
