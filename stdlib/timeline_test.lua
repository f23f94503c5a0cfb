-- Tests of timeline: runbook test stdlib/timeline_test.lua
local test     = require "test"
local time     = require "time"
local timeline = require "timeline"

test.unit("what happened stands in the order of time", function()
  local line, began = timeline.new(), time.now()
  line:add("first")
  test.advance("1m")
  line:add("third")
  line:add("second", began + 30)
  line:add("a | b\nc", began + 60) -- at the same time as another, after it
  test.equal(line.entries, {
    { at = began, who = "test@test", text = "first" }, { at = began + 30, who = "test@test", text = "second" },
    { at = began + 60, who = "test@test", text = "third" }, { at = began + 60, who = "test@test", text = "a | b\nc" },
  })
  local _, err = try(function() line:repport() end)
  test.equal(err.message, 'timeline: a timeline has no function "repport"; did you mean "report"?')
  line:report("What happened")
  local shown = test.shown()[1]
  test.equal({ shown.title, shown.columns, shown.rows[2] }, { "What happened", { "when", "who", "what" }, { time.format(began + 30), "test@test", "second" } })
  test.equal(line:markdown(), ("| When | Who | What |\n| --- | --- | --- |\n| %s | test@test | first |\n| %s | test@test | second |\n| %s | test@test | third |\n| %s | test@test | a \\| b c |"):format(
    time.format(began), time.format(began + 30), time.format(began + 60), time.format(began + 60)))
end)
