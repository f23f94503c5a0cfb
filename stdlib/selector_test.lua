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

test.unit("labels are held to every part of a selector", function()
  local workload = { spec = { selector = {
    matchLabels = { app = "web" },
    matchExpressions = {
      { key = "tier", operator = "In", values = { "front", "edge" } },
      { key = "track", operator = "NotIn", values = { "canary" } },
      { key = "team", operator = "Exists" },
      { key = "old", operator = "DoesNotExist" },
    },
  } } }
  local function selects(labels) return selector.selects(workload, { metadata = { labels = labels } }) end
  test.equal(selects { app = "web", tier = "edge", team = "a" }, true)
  test.equal(selects { app = "web", tier = "edge", team = "a", track = "stable" }, true)
  test.equal(selects { app = "api", tier = "edge", team = "a" }, false)
  test.equal(selects { app = "web", tier = "back", team = "a" }, false)
  test.equal(selects { app = "web", team = "a" }, false)
  test.equal(selects { app = "web", tier = "edge", team = "a", track = "canary" }, false)
  test.equal(selects { app = "web", tier = "edge" }, false)
  test.equal(selects { app = "web", tier = "edge", team = "a", old = "yes" }, false)
  test.equal(selects(nil), false)
end)

test.unit("what has no selector is refused", function()
  for _, of in ipairs { selector.of, selector.selects } do
    local _, err = try(of, { kind = "Pod", spec = {} }, { metadata = {} })
    test.that(err.message:find("must be one that has a selector, such as a Deployment, not Pod", 1, true) ~= nil, err.message)
  end
end)
