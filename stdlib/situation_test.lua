-- Tests of situation: runbook test stdlib/situation_test.lua
local test      = require "test"
local situation = require "situation"
local time      = require "time"

local function outage()
  return { about = { status = "INVESTIGATING", impact = "No compilation completes" }, how = { set = {}, actions = {}, anew = 0, remind_at = 5 } }
end

test.unit("what is seen of an incident is what was so when it was looked at", function()
  local it = outage()
  local now, seen = situation.observe(it)
  it.about.status = "MONITORING"
  test.equal({ now, seen.status, seen.impact, seen.remind_at, seen.cause == nil }, { time.now(), "INVESTIGATING", "No compilation completes", 5, true })
end)

test.unit("it is time at the time, to less than a thousandth of a second", function()
  test.equal({ situation.reached(10, 10), situation.reached(9.9995, 10), situation.reached(9.99, 10), situation.reached(11, 10) }, { true, true, false, true })
end)

test.unit("of two who say how something is the one who said it later is right", function()
  local it = outage()
  situation.set(it, 20, it.about, "status", "MONITORING")
  situation.set(it, 10, it.about, "status", "IDENTIFIED")
  test.equal(it.about.status, "MONITORING")
  situation.set(it, 20, it.about, "status", "RESOLVED")
  test.equal(it.about.status, "RESOLVED")
  situation.set(it, 5, it.about, "cause", "a full disk")
  test.equal(it.about.cause, "a full disk", "another field has its own time")
end)

test.unit("what is done stands in the order of time, whoever says it first", function()
  local it = outage()
  situation.add_action(it, "Rolled back", 30)
  situation.add_action(it, "Restarted 2 pods", 10)
  situation.add_action(it, "Scaled up", 30)
  test.equal(it.about.actions, { "Restarted 2 pods", "Rolled back", "Scaled up" })
end)

test.unit("what is done is said anew, and what was said before then is gone", function()
  local it = outage()
  situation.add_action(it, "Restarted 2 pods", 10)
  situation.replace_actions(it, { "Rolling back" }, 20)
  situation.add_action(it, "Looked at the logs", 15)
  situation.add_action(it, "Told the users", 25)
  test.equal(it.about.actions, { "Rolling back", "Told the users" })
  situation.replace_actions(it, { "Too late" }, 12)
  test.equal(it.about.actions, { "Rolling back", "Told the users" })
end)
