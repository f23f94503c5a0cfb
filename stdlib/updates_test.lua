-- Tests of updates: runbook test stdlib/updates_test.lua
-- What an incident makes of them is shown by incident_test.lua, and how they go on in a run that is resumed by cmd/runbook/incident_test.go.
local test     = require "test"
local time     = require "time"
local timeline = require "timeline"
local updates  = require "updates"

local minute = 60

-- An incident whose next update is promised for 15 minutes from now, and then every 15 minutes.
local function outage()
  local it = {
    about = { severity = "P0", next_update = time.now() + 15 * minute },
    how = { set = {}, every = 15 * minute, remind_at = time.now() + 15 * minute, reminders = { "commander" }, key = "outage" },
    timeline = timeline.new(),
  }
  function it:subject() return "the outage" end
  it.told = {}
  function it.tell(_, receivers, message) it.told[#it.told + 1] = { receivers = receivers, message = message } end
  function it:remind() return updates.remind(self, self.tell) end
  return it
end

test.unit("nobody is reminded before an update is late, and then once until the next would be", function()
  local it = outage()
  test.equal({ it:remind(), #it.told }, { false, 0 })
  sleep("15m")
  local promised = time.format(it.about.next_update, "minute")
  test.equal({ it:remind(), #it.told, it.told[1].receivers[1], it.told[1].message.key }, { true, 1, "commander", "outage-reminder" })
  test.equal(it.told[1].message.text, ("the outage is to be updated: the update of the outage was promised for %s, which is now."):format(promised))
  test.equal(it.timeline.entries[1].text, "late: the update of the outage was promised for " .. promised)
  sleep("5m")
  test.equal({ it:remind(), #it.told }, { true, 1 })
  sleep("10m")
  test.equal({ it:remind(), #it.told }, { true, 2 })
  test.that(it.told[2].message.text:find("15m ago", 1, true) ~= nil, it.told[2].message.text)
  it.about.next_update = nil
  test.equal({ it:remind(), #it.told }, { false, 2 })
end)

test.unit("who knows that it took longer than the clock says, as a dry run does, says so", function()
  local it = outage()
  local at = it.how.remind_at + 5 * minute
  test.equal({ updates.remind(it, it.tell, at), #it.told, it.how.remind_at }, { true, 1, at + 15 * minute })
  test.that(it.told[1].message.text:find("5m ago", 1, true) ~= nil, it.told[1].message.text)
  test.equal({ updates.remind(it, it.tell, 0), #it.told }, { false, 1 })
end)

test.unit("while work goes on somebody is reminded, and the work returns what it returns", function()
  local it = outage()
  local a, b, c = updates.during(it, function() sleep("40m") return 1, nil, 3 end)
  test.equal({ a, b == nil, c, #it.told }, { 1, true, 3, 2 })
end)

test.unit("what is to be done when an update is due may fail, and the work goes on", function()
  local it, calls = outage(), 0
  updates.during(it, function() sleep("40m") end, function() calls = calls + 1 fail("nobody is there") end)
  test.equal({ calls, #it.told, test.shown()[1].text }, { 2, 0, "what is to be done when an update is due failed: nobody is there" })
end)

test.unit("work that fails ends with its own error", function()
  local _, err = try(updates.during, outage(), function() sleep("1m") error({ code = "not_found", message = "no such pod" }, 0) end)
  test.equal({ err.code, err.message }, { "not_found", "no such pod" })
end)
