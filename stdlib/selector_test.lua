-- Tests of the library selector: runbook test stdlib/selector_test.lua
local test     = require "test"
local selector = require "selector"

local function of(wanted) return selector.of { spec = { selector = wanted } } end

test.unit("labels are written in one order", function()
  test.equal(of { matchLabels = { tier = "edge", app = "web" } }, "app=web,tier=edge")
end)

test.unit("expressions are written as kubectl takes them", function()
  test.equal(of {
    matchLabels = { app = "web" },
    matchExpressions = {
      { key = "tier", operator = "In", values = { "front", "edge" } },
      { key = "track", operator = "NotIn", values = { "canary" } },
      { key = "team", operator = "Exists" },
      { key = "old", operator = "DoesNotExist" },
    },
  }, "app=web,tier in (front, edge),track notin (canary),team,!old")
end)
