-- Tests of usage: runbook test stdlib/usage_test.lua
local test   = require "test"
local health = require "health"
local json   = require "json"
local usage  = require "usage"

local top = {
  { name = "a", measured = true, cpu_text = "1900m", memory_text = "512Mi", cpu_percent = 95, memory_percent = 25 },
  { name = "b", measured = true, cpu_text = "10m", memory_text = "1Gi" },
  { name = "c", measured = false },
}

test.unit("what is used is shown, as a text and as a number", function()
  usage.report(top, { title = "Usage" })
  local shown = test.shown()[1]
  test.equal({ shown.title, shown.columns }, { "Usage", { "name", "cpu", "cpu_of_limit", "memory", "memory_of_limit" } })
  test.equal(shown.align, nil)
  test.equal(shown.rows, {
    { "a", "1900m", "95%", "512Mi", "25%" }, { "b", "10m", "no data", "1Gi", "no data" }, { "c", "not measured", "no data", "not measured", "no data" },
  })
  test.equal(shown.values[1], { "a", "1900m", 95, "512Mi", 25 })
  test.equal(shown.values[3], { "c", json.null, json.null, json.null, json.null })
end)

test.unit("what is used too much of is a check, and what is not measured", function()
  local checks = health.new()
  usage.check(checks, top, { cpu = 90, memory = 80 })
  local out = {}
  for i, check in ipairs(checks.list) do out[i] = check.name .. ": " .. check.state .. ", " .. check.detail end
  test.equal(out, {
    "usage of c: unknown, it is not measured yet", "cpu of a: degraded, 95%, degraded above 90%", "memory, the highest: healthy, 25%, not above 80%",
  })
end)
