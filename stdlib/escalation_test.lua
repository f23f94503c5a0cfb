-- Tests of escalation: runbook test stdlib/escalation_test.lua
-- That messages really go out is shown by cmd/runbook/testdata/script/escalation.txtar.
local test       = require "test"
local escalation = require "escalation"
local json       = require "json"
local time       = require "time"

local minute = 60

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.that(err.message:find(want, 1, true) ~= nil, ("it says %s, and not %s"):format(err.message, want))
end

-- The handbook's, with receivers for some.
local rungs = {
  P0 = { respond = "15m", path = { { who = "On-call", receiver = "oncall" }, { who = "Manager", receiver = "manager" }, { who = "Director", receiver = "director" } } },
  P1 = { respond = "1h", path = { { who = "On-call", receiver = "oncall" }, { who = "Team Lead" } } },
  P3 = { next_business_day = true, path = { { who = "Team", receiver = "team", after = 0 }, { who = "Manager", receiver = "manager", after = 0 } } },
}

local function names(steps)
  local out = {}
  for i, step in ipairs(steps) do out[i] = step.who end
  return out
end

local function logged()
  local out = {}
  for i, shown in ipairs(test.shown()) do out[i] = shown.text end
  return out
end

-- A way to tell people that notes what they are told. Those who are named cannot be told: they return an error, or raise one.
local function post(failing)
  local sent = {}
  return function(receiver, message)
    sent[#sent + 1] = { receiver = receiver, at = time.now(), message = message }
    if failing and failing[receiver] == "raises" then fail("no such receiver") end
    if failing and failing[receiver] then return { sent = false, error = { code = "unavailable", message = failing[receiver] } } end
    return { sent = true }
  end, sent
end

test.unit("each of a path has the time to respond before the next is told", function()
  local since = time.now()
  local way = escalation.of("P0", { rung = rungs.P0 })
  test.equal(way, { severity = "P0", respond = 15 * minute, next_business_day = false, since = since, due = since + 15 * minute, path = {
    { who = "On-call", receiver = "oncall", at = since }, { who = "Manager", receiver = "manager", at = since + 15 * minute },
    { who = "Director", receiver = "director", at = since + 30 * minute },
  } })
  test.equal(escalation.of("P1", { rung = rungs.P1, since = 1000 }).path[2], { who = "Team Lead", at = 4600 })
end)

test.unit("a matrix may say when each is told", function()
  local rung = { respond = 900, path = { { who = "A" }, { who = "B", after = "5m" }, { who = "C" }, { who = "D", after = 7200 } } }
  local at = {}
  for i, step in ipairs(escalation.of("P0", { rung = rung, since = 0 }).path) do at[i] = step.at end
  test.equal(at, { 0, 300, 1800, 7200 })
end)

test.unit("what can wait is for the next business day", function()
  local friday = time.parse "2026-11-27T17:00:00Z"
  local way = escalation.of("P3", { rung = rungs.P3, since = friday, calendar = { holidays = { "2026-11-30" } } })
  test.equal(time.format(way.due), "2026-12-01T09:00:00Z")
  test.equal(way.path[1].at, friday)
  test.equal(time.format(way.path[2].at), "2026-12-01T09:00:00Z")
end)

test.unit("some are to have been told, and somebody is next", function()
  local way = escalation.of("P0", { rung = rungs.P0 })
  local told, next_one = escalation.told(way)
  test.equal({ names(told), next_one.who }, { { "On-call" }, "Manager" })
  test.advance("15m")
  told, next_one = escalation.told(way)
  test.equal({ names(told), next_one.who }, { { "On-call", "Manager" }, "Director" })
  told, next_one = escalation.told(way, way.since + 3600)
  test.equal({ names(told), next_one == nil }, { { "On-call", "Manager", "Director" }, true })
end)

test.unit("the way is shown", function()
  local way = escalation.of("P1", { rung = rungs.P1, since = time.now() - 3 * minute })
  escalation.report(way)
  local shown = test.shown()[1]
  test.equal(shown.title, "P1: somebody responds by " .. time.format(way.due, "minute") .. " (within 1h)")
  test.equal(shown.rows, {
    { "On-call", "oncall", time.format(way.since, "minute"), "3m ago" }, { "Team Lead", "(no receiver)", time.format(way.due, "minute"), "in 57m" },
  })
  escalation.report(escalation.of("P3", { rung = rungs.P3 }))
  test.that(test.shown()[2].title:find("(next business day)", 1, true), test.shown()[2].title)
  test.equal(test.shown()[2].rows[1][4], "now")
end)

test.unit("what gets better in time is told to nobody", function()
  local send, sent = post()
  local looks = 0
  local found = escalation.watch({ name = "the error rate", severity = "P0", rung = rungs.P0, every = "1m", send = send }, function()
    looks = looks + 1
    return looks == 3, looks .. " of 3"
  end)
  test.equal(found, { better = true, detail = "3 of 3", after = 2 * minute, paged = {} })
  test.equal({ sent, logged() }, { {}, {} })
end)

test.unit("what does not get better is told to one after the other", function()
  local send, sent = post()
  local began = time.now()
  local found = escalation.watch({ name = "the error rate", severity = "P0", rung = rungs.P0, send = send, key = "k", link = "https://status.example.com" }, function()
    return false, "7.1%"
  end)
  test.equal(found, { better = false, detail = "7.1%", after = 30 * minute, paged = {
    { who = "Manager", receiver = "manager", at = began + 15 * minute, sent = true }, { who = "Director", receiver = "director", at = began + 30 * minute, sent = true },
  } })
  test.equal({ #sent, sent[1].receiver, sent[2].receiver }, { 2, "manager", "director" })
  test.equal(sent[1].message, {
    title = "[P0] the error rate: not better after 15m", severity = "P0", key = "k", link = "https://status.example.com",
    text = "the error rate is not better after 15m: 7.1%.\nDirector is told next, at " .. time.format(began + 30 * minute, "minute") .. ".",
  })
  test.equal(sent[2].message.text, "the error rate is not better after 30m: 7.1%.\n" .. time.format(began + 15 * minute, "minute") ..
    ": Manager was told\nNobody is told after you.")
  test.equal(logged(), { "the error rate is not better after 15m (7.1%): telling Manager", "the error rate is not better after 30m (7.1%): telling Director" })
end)

test.unit("the telling ends when it gets better", function()
  local send, sent = post()
  local began = time.now()
  local found = escalation.watch({ name = "x", severity = "P0", rung = rungs.P0, send = send }, function() return time.now() >= began + 20 * minute end)
  test.equal({ found.better, found.after, #found.paged, #sent }, { true, 20 * minute, 1, 1 })
end)

test.unit("when somebody cannot be told, the next one is at once", function()
  local send, sent = post { manager = "the pager is away" }
  local began = time.now()
  local found = escalation.watch({ name = "x", severity = "P0", rung = rungs.P0, send = send }, function() return false end)
  test.equal(found.paged, {
    { who = "Manager", receiver = "manager", at = began + 15 * minute, sent = false, error = "the pager is away" },
    { who = "Director", receiver = "director", at = began + 15 * minute, sent = true },
  })
  test.that(sent[2].message.text:find("Manager could not be told: the pager is away", 1, true), sent[2].message.text)
  test.equal(logged()[2], "Manager could not be told by manager: the pager is away")
  local raising = post { manager = "raises" }
  test.equal(escalation.watch({ name = "x", severity = "P0", rung = rungs.P0, send = raising }, function() return false end).paged[1].error, "no such receiver")
end)

test.unit("who has no receiver is for a person to call, and is waited for", function()
  local send, sent = post()
  local rung = { respond = "15m", path = { { who = "On-call" }, { who = "Manager" }, { who = "Director", receiver = "director" } } }
  local found = escalation.watch({ name = "x", severity = "P0", rung = rung, send = send }, function() return false end)
  test.equal({ found.paged[1].error, found.paged[2].at - found.paged[1].at, #sent }, { "the site file names no receiver for them", 15 * minute, 1 })
  test.equal(logged()[2], "CALL Manager: the site file names no receiver for them")
end)

test.unit("a runbook says who is told, and how long each is waited for", function()
  local send, sent = post()
  local began = time.now()
  local found = escalation.watch({
    name = "the error rate", within = "15m", to = { "hardware-team", { who = "the vendor", receiver = "vendor" } }, send = send,
    message = { title = "Hardware?", fields = { target = "envise-2" } },
  }, function() return false end)
  test.equal(found.paged, {
    { who = "hardware-team", receiver = "hardware-team", at = began + 15 * minute, sent = true },
    { who = "the vendor", receiver = "vendor", at = began + 30 * minute, sent = true },
  })
  test.equal({ sent[1].message.title, sent[1].message.fields }, { "Hardware?", { target = "envise-2" } })
  test.equal(escalation.watch({ name = "x", within = "5m", severity = "P0", rung = rungs.P0, send = send }, function() return false end).after, 10 * minute)
  local since = time.now() - 3600 -- it began an hour ago: all of them are due
  local late = escalation.watch({ name = "x", severity = "P0", rung = rungs.P0, since = since, send = send }, function() return false end)
  test.equal({ late.after, #late.paged }, { 3600, 2 })
end)

test.unit("what cannot be looked at is not better", function()
  local send, sent = post()
  local found = escalation.watch({ name = "x", within = "1m", to = { "a" }, send = send }, function() error({ code = "unavailable", message = "Prometheus is away" }, 0) end)
  test.equal({ found.better, found.detail }, { false, "it cannot be looked at: Prometheus is away" })
  test.that(sent[1].message.text:find("it cannot be looked at: Prometheus is away", 1, true), sent[1].message.text)
  test.equal(escalation.watch({ name = "y", within = "1m", to = { "a" }, send = send }, function() error("mistake", 0) end).detail, "it cannot be looked at: mistake")
end)

test.unit("a wait that goes wrong is no timeout", function()
  refused("every", escalation.watch, { name = "x", within = "1m", to = { "a" }, every = "often" }, function() return false end)
end)

test.unit("a number has fallen below a limit, or below what it was", function()
  local values = {}
  local function measure() return table.remove(values, 1) end
  local below = escalation.falls(measure, { below = 5, unit = "%" })
  values = { 7.1, 5, 4.9996, json.null }
  test.equal({ below() }, { false, "7.1%, has to be below 5%" })
  test.equal({ below() }, { false, "5%, has to be below 5%" })
  test.equal({ below() }, { true, "4.9996%, below 5%" })
  test.equal({ below() }, { false, "no data" })
  local falls = escalation.falls(measure)
  values = { 0 / 0, 8, 8, 7 }
  test.equal({ falls() }, { false, "no data" })
  test.equal({ falls() }, { false, "8" })
  test.equal({ falls() }, { false, "8, was 8" })
  test.equal({ falls() }, { true, "7, was 8" })
end)

test.unit("what cannot be meant is refused", function()
  local function never() return false end
  refused("severity must be one of P0, P1, P2, P3, not P9", escalation.of, "P9")
  refused('escalation.of has no option "from"', escalation.of, "P0", { from = 1 })
  refused("escalation.watch needs a name: what is watched", escalation.watch, { severity = "P0" }, never)
  refused("with to, within says how long each is waited for", escalation.watch, { name = "x", to = { "a" } }, never)
  refused("there is nobody who could be told that x is not better (P3): say whom, with to and within", escalation.watch,
    { name = "x", severity = "P3", rung = { respond = "1h", path = { { who = "Team" } } } }, never)
  -- What is wrong with a page must not come out when somebody is to be paged.
  for wrong, options in pairs {
    ['within must be a duration above 0, such as "15m", not 0'] = { within = 0 }, ["to must be a list, not team"] = { to = "team" },
    ['to[1] must be the name of a receiver, or { who = "Manager", receiver = "manager" }'] = { to = { {} } },
    ["message must be a table, not late"] = { message = "late" }, ["severity must be one of P0, P1, P2, P3, not p1"] = { severity = "p1" },
    ["send must be a function, not 5"] = { send = 5 }, ['every must be a duration above 0, such as "15m", not 0s'] = { every = "0s" },
  } do
    local given = { name = "x", within = "5m", to = { "team" } }
    for name, value in pairs(options) do given[name] = value end
    refused("escalation.watch: " .. wrong, escalation.watch, given, never)
  end
  refused('the path of P0[1] must be { who = "Manager"', escalation.of, "P0", { rung = { respond = "15m", path = { {} } } })
  refused('respond of P0 must be a duration above 0, such as "15m", not 0', escalation.of, "P0", { rung = { respond = 0, path = { { who = "a" } } } })
  refused('escalation.watch has no option "untill"', escalation.watch, { name = "x", untill = 1 }, never)
  refused('escalation.falls has no option "above"', escalation.falls, never, { above = 1 })
end)

test.unit("a mistake in the script wakes nobody", function()
  local told = {}
  local function watch(better) return try(escalation.watch, { name = "it", within = "15m", to = { "team" }, send = function(receiver) told[#told + 1] = receiver return { sent = true } end }, better) end
  local _, err = watch(function() return undefined_name.value > 1 end)
  test.that(err ~= nil and err.code ~= "timeout", "it ends at the first look: " .. tostring(err and err.message))
  local _, wrong = watch(nil)
  test.equal(wrong.message, "escalation.watch: better must be a function, not nil")
  test.equal(told, {})

  local looks = 0
  local found = watch(function()
    looks = looks + 1
    if looks > 1 then return undefined_name.value end
    return false
  end)
  test.equal({ found.better, told }, { false, { "team" } }, "a later one is no reason to stop watching")
end)

test.unit("what is missing is named", function()
  local function refusal(f, ...) local _, err = try(f, ...) return err and err.message end
  test.equal(refusal(escalation.of, "P1", { rung = {} }), "escalation: the row for P1 needs respond, or next_business_day")
  test.equal(refusal(escalation.of, "P1", { rung = { respond = "1h" } }), "escalation: the path of P1 must be a list, not nil")
  test.equal(refusal(escalation.of, "P1", { rung = { respond = "1h", path = {} }, since = "now" }),
    "escalation.of: since must be a time in seconds since 1970 UTC, not now: time.parse reads one")
  test.equal(refusal(escalation.watch, nil, tostring), "escalation.watch needs a name: what is watched")
  test.equal(refusal(escalation.watch, { name = "it", within = "1m", to = {} }, function() end),
    "escalation.watch: there is nobody who could be told that it is not better: say whom, with to and within")
  test.equal(refusal(escalation.falls, 5), "escalation.falls: measure must be a function, not 5")
end)
