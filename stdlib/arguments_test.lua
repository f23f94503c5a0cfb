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
