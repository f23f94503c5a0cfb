-- Tests of incident: runbook test stdlib/incident_test.lua
-- That messages really go out is shown by cmd/runbook/testdata/script/incident.txtar, and that an incident goes on in a run that is resumed
-- by cmd/runbook/incident_test.go.
local test     = require "test"
local incident = require "incident"
local time     = require "time"

local minute = 60

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.that(err.message:find(want, 1, true) ~= nil, ("it says %s, and not %s"):format(err.message, want))
  return err
end

-- A way to tell people that notes what they are told. Those who are named cannot be told: it says why, or raises it.
local function post(failing)
  local sent = {}
  return function(receiver, message)
    sent[#sent + 1] = { receiver = receiver, message = message }
    local how = (failing or {})[receiver]
    if how == "raises" then fail("no such receiver") end
    if how then return { sent = false, error = { code = "unavailable", message = how } } end
    return { sent = true }
  end, sent
end

local function opened(more)
  local send, sent = post(more and more.failing)
  local options = {
    severity = "P0", title = "PhotonMLIR Compiler Outage", impact = "No compilation completes", commander = "Ana <ana@example.com>",
    status_page = "https://status.photon-mlir.example.com", receivers = { "team", "status" }, send = send,
  }
  for name, value in pairs(more or {}) do if name ~= "failing" then options[name] = value end end
  return incident.open(options), sent
end

local function what(outage)
  local out = {}
  for i, entry in ipairs(outage.timeline.entries) do out[i] = entry.text end
  return out
end

local function logged()
  local out = {}
  for _, shown in ipairs(test.shown()) do if shown.form == "text" then out[#out + 1] = shown.text end end
  return out
end

-- What notify would refuse only when people are to be told is refused at once, and leaves nothing behind that fails at the end of the run.
test.unit("what nobody could be told is refused before anybody is", function()
  for wrong, options in pairs {
    ["started must be a number, not 03:00"] = { started = "03:00" }, ["cause must be a text, not 5"] = { cause = 5 },
    ["status_page must be a text, not 5"] = { status_page = 5 }, ["commander must be a text, not false"] = { commander = false },
    ["key must be a text, not an empty one"] = { key = "" }, ["key must be one line of text, of at most 230 bytes"] = { key = "a\nb" },
    ["send must be a function, not 5"] = { send = 5 }, ['every must be a duration above 0, such as "15m", not +Inf'] = { every = 1 / 0 },
  } do refused("incident.open: " .. wrong, opened, options) end
  local outage, sent = opened { title = ("é"):rep(300) }
  test.equal(sent[1].message.key, ("é"):rep(114)) -- never half of one
  for _, soon in ipairs { "0s", -60, "soon", true, 0 / 0 } do refused('incident.update: next must be a duration above 0, such as "15m", not', outage.update, outage, { next = soon }) end
  refused("incident.watch: options must be a table, not nil", outage.watch, outage)
end)

test.unit("it is opened, and everybody is told by the template", function()
  local began = time.now()
  local outage, sent = opened { actions = { "Looking at the pods" } }
  test.equal({ #sent, sent[1].receiver, sent[2].receiver }, { 2, "team", "status" })
  test.equal(sent[1].message, {
    title = "[P0 INCIDENT] PhotonMLIR Compiler Outage", severity = "P0", status = "investigating", key = "photonmlir-compiler-outage",
    link = "https://status.photon-mlir.example.com", text = outage:text(), fields = {
      { name = "Start Time", value = time.format(began, "minute") }, { name = "Impact", value = "No compilation completes" }, { name = "Root Cause", value = "TBD" },
      { name = "Current Actions", value = "- Looking at the pods" }, { name = "Next Update", value = "In 15 minutes (" .. time.format(began + 15 * minute, "minute"):sub(12) .. ")" },
      { name = "Incident Commander", value = "Ana <ana@example.com>" },
    },
  })
  test.that(outage:text():find("^Status: INVESTIGATING\nStart Time: " .. time.format(began, "minute"):gsub("%-", "%%-") .. "\n"), outage:text())
  test.equal(outage.timeline.entries, {
    { at = began, who = "test@test", text = "opened: [P0 INCIDENT] PhotonMLIR Compiler Outage" }, { at = began, who = "test@test", text = "told team, status: INVESTIGATING" },
  })
end)

test.unit("whoever runs it leads, and nobody has to be told", function()
  local outage = incident.open { severity = "P2", title = "Slow -- again!", impact = "Some wait" }
  test.equal({ outage.about.commander, outage.about.next_update - time.now(), outage.how.key }, { "test@test", 4 * 3600, "slow-again" })
  test.equal(what(outage), { "opened: [P2 INCIDENT] Slow -- again!" })
  test.equal({ outage:update().sent, outage:update().failed }, { {}, {} })
end)

test.unit("an incident has a key of its own, whatever its title is written in", function()
  test.equal(opened({ title = "コンパイラ 障害" }).how.key, "コンパイラ-障害")
  refused("!!! makes no key: say what the incident is known by", opened, { title = "!!!" })
  test.equal(opened({ title = "!!!", key = "k" }).how.key, "k")
end)

test.unit("updates are promised some time apart", function()
  refused('every must be a duration above 0, such as "15m", not 0s', opened, { every = "0s" })
  refused('every must be a duration above 0, such as "15m", not -5', opened, { every = -5 })
  test.equal(opened({ every = "1m" }).how.every, 60)
end)

test.unit("an update tells what has changed, and promises the next", function()
  local outage, sent = opened()
  test.advance("5m")
  local told = outage:update { status = "IDENTIFIED", cause = "release 1.5 does not start", impact = "All compilations fail", actions = { "Rolling back" }, next = "10m", note = "1.5 came at 02:40" }
  test.equal(told, { sent = { "team", "status" }, failed = {} })
  local text = sent[3].message.text
  for _, part in ipairs { "Status: IDENTIFIED\n", "Impact: All compilations fail\n", "Root Cause: release 1.5 does not start\n", "Current Actions:\n- Rolling back\n", "Next Update: In 10 minutes (" } do
    test.that(text:find(part, 1, true), ("%q is not in\n%s"):format(part, text))
  end
  test.equal(sent[3].message.status, "identified")
  test.equal({ unpack(what(outage), 3) }, {
    "INVESTIGATING → IDENTIFIED", "root cause: release 1.5 does not start", "impact: All compilations fail", "1.5 came at 02:40", "told team, status: IDENTIFIED",
  })
  outage:act("Rolled back to 1.4")
  outage:note("Ben joined")
  test.equal(#sent, 4, "nobody is told before the next update")
  outage:update { status = "MONITORING", cause = "release 1.5 does not start" }
  test.that(sent[5].message.text:find("- Rolling back\n- Rolled back to 1.4\n", 1, true), sent[5].message.text)
  test.equal({ unpack(what(outage), 8) }, { "Rolled back to 1.4", "Ben joined", "IDENTIFIED → MONITORING", "told team, status: MONITORING" })
end)

test.unit("who looks for the cause again has none", function()
  local outage = opened { status = "IDENTIFIED", cause = "a full disk" }
  outage:update { status = "MONITORING" }
  test.that(outage:text():find("Root Cause: a full disk\n", 1, true), outage:text())
  outage:update { status = "INVESTIGATING" }
  test.that(outage:text():find("Root Cause: TBD\n", 1, true), outage:text())
end)

test.unit("it is resolved once, and may begin again by its own name", function()
  local outage, sent = opened()
  test.advance("42m")
  test.equal(outage:resolve { cause = "a full disk", impact = "None", actions = { "Cleaned the cache" }, note = "Disk alert to follow" }.sent, { "team", "status" })
  local last = sent[#sent].message
  test.equal(last.status, "resolved")
  test.that(last.text:find("Status: RESOLVED\n", 1, true) and last.text:find("Next Update: None, this is resolved", 1, true), last.text)
  for name, call in pairs {
    update = function() outage:update() end, act = function() outage:act("x") end, resolve = function() outage:resolve() end,
  } do
    local err = refused("incident: " .. name .. ": [P0 INCIDENT] PhotonMLIR Compiler Outage is resolved", call)
    test.equal(err.hint, 'reopen it: incident:reopen("why")')
  end
  outage:note("The review is on Monday")
  test.equal(outage:remind(), false)
  outage:reopen("the pods crash again")
  test.equal({ outage.about.status, outage.about.cause == nil, sent[#sent].message.status }, { "INVESTIGATING", true, "investigating" })
  refused("reopen: [P0 INCIDENT] PhotonMLIR Compiler Outage is not resolved", function() outage:reopen("x") end)
end)

test.unit("a receiver that cannot be reached stops nothing, and is not passed over in silence", function()
  local outage, sent = opened { failing = { team = "the server answers 503", status = "raises" }, receivers = { "team", "status", "mail" } }
  local told = outage:update()
  test.equal(told, { sent = { "mail" }, failed = { team = "the server answers 503", status = "no such receiver" } })
  test.equal(#sent, 6)
  test.equal({ unpack(what(outage), 2, 4) }, { "team could not be told: the server answers 503", "status could not be told: no such receiver", "told mail: INVESTIGATING" })
  test.equal(logged()[1], "team could not be told of [P0 INCIDENT] PhotonMLIR Compiler Outage: the server answers 503")
  local quiet = incident.open { severity = "P0", title = "T", impact = "I", receivers = { "team" }, send = function() end }
  test.equal(what(quiet)[2], "told team: INVESTIGATING")
end)

test.unit("an update that does not come is reminded of, and its lateness noted", function()
  local outage, sent = opened { reminders = { "commander" } }
  local due = outage.about.next_update
  test.equal(outage:remind(), false)
  test.advance("17m")
  test.equal(outage:remind(), true)
  local said = "the update of [P0 INCIDENT] PhotonMLIR Compiler Outage was promised for " .. time.format(due, "minute")
  test.equal(logged()[1], "UPDATE DUE: " .. said .. ", 2m ago")
  test.equal({ sent[3].receiver, sent[3].message.title, sent[3].message.key }, {
    "commander", "Update due: [P0 INCIDENT] PhotonMLIR Compiler Outage", "photonmlir-compiler-outage-reminder",
  })
  test.equal(what(outage)[3], "late: " .. said)
  outage:note("busy") -- it is not said again at once
  test.equal(#sent, 3)
  test.advance("16m")
  outage:act("Restarted") -- but after as long as between two updates
  test.equal(#sent, 4)
  outage:update()
  test.equal(what(outage)[7], "this update is 18m late")
  test.equal(outage:remind(), false)
end)

test.unit("work goes on while updates come", function()
  local outage, sent = opened()
  local began = time.now()
  local a, b, c = outage:during(function() sleep("40m") return 1, nil, 3 end, function(it) it:update() end)
  test.equal({ a, b == nil, c, time.now() - began }, { 1, true, 3, 40 * minute })
  test.equal(#sent, 6, "two receivers at 0, 15 and 30 minutes")
end)

test.unit("while work goes on, updates are reminded of", function()
  local outage = opened()
  outage:during(function() sleep("50m") end)
  test.equal(#logged(), 3, "after 15, 30 and 45 minutes")
  local calls = 0
  outage:update()
  outage:during(function() sleep("50m") end, function() calls = calls + 1 fail("nobody is there") end)
  test.equal({ calls, logged()[4] }, { 3, "what is to be done when an update is due failed: nobody is there" })
end)

test.unit("an update that the work gives itself moves the next", function()
  local outage = opened()
  local calls, began = {}, time.now()
  outage:during(function() sleep("5m") outage:update() sleep("20m") end, function() calls[#calls + 1] = time.now() - began end)
  test.equal(calls, { 20 * minute })
end)

test.unit("work that fails ends with its own error, and work that resolves ends the updates", function()
  local outage, sent = opened()
  local began = time.now()
  local failure = { code = "not_found", message = "no such pod" }
  local _, err = try(outage.during, outage, function() sleep("1m") error(failure, 0) end)
  test.equal({ err.code, err.message, time.now() - began <= 61 }, { "not_found", "no such pod", true })
  outage:during(function() outage:resolve() end)
  test.equal(sent[#sent].message.status, "resolved")
end)

test.unit("what does not get better is escalated, and stands in the timeline", function()
  local outage, sent = opened { failing = { manager = "the pager is away" } }
  local found = outage:watch({ name = "the error rate", within = "5m", to = { { who = "Manager", receiver = "manager" }, { who = "Director", receiver = "director" } } },
    function() return false, "7.1%" end)
  test.equal(#found.paged, 2)
  test.equal({ sent[4].receiver, sent[4].message.key, sent[4].message.severity, sent[4].message.link }, {
    "director", "photonmlir-compiler-outage-escalation", "P0", "https://status.photon-mlir.example.com",
  })
  test.equal({ unpack(what(outage), 3) }, { "Manager could not be told: the pager is away", "escalated to Director by director", "the error rate is not better: 7.1%" })
  outage:resolve()
  test.equal({ sent[7].receiver, sent[7].message.title, sent[7].message.status, sent[7].message.key }, {
    "director", "Resolved: [P0 INCIDENT] PhotonMLIR Compiler Outage", "resolved", "photonmlir-compiler-outage-escalation",
  })
  local quick = opened()
  quick:watch({ name = "x", within = "5m", to = { "manager" } }, function() return true end)
  test.equal(what(quick)[3], "x is better")
end)

test.unit("the timeline is shown, and is part of what a review begins with", function()
  local began = time.now()
  local outage = opened()
  test.advance("42m")
  outage:note("a | b\nc")
  outage:report()
  local shown = test.shown()
  test.equal({ shown[2].title, shown[2].columns }, { "Timeline of [P0 INCIDENT] PhotonMLIR Compiler Outage: INVESTIGATING after 42m", { "when", "who", "what" } })
  test.equal(shown[2].rows[1], { time.format(began), "test@test", "opened: [P0 INCIDENT] PhotonMLIR Compiler Outage" })
  test.equal(shown[3].text, "[P0 INCIDENT] PhotonMLIR Compiler Outage is still INVESTIGATING: the next update is promised for " .. time.format(began + 15 * minute, "minute"))
  outage:resolve()
  test.advance("1h")
  outage:report()
  test.that(test.shown()[4].title:find(": RESOLVED after 42m", 1, true), test.shown()[4].title)
  local text = outage:markdown()
  test.that(text:find("^### \\%[P0 INCIDENT\\%] PhotonMLIR Compiler Outage\n"), text)
  test.that(text:find("\n| When | Who | What |\n| --- | --- | --- |\n| " .. time.format(began) .. " | test@test | opened: \\[P0 INCIDENT\\]", 1, true), text)
  test.that(text:find("| a \\| b c |", 1, true), text)
end)

test.unit("what cannot be meant is refused, before anybody is told", function()
  local outage, sent = opened()
  local before = #sent
  refused("incident.open: severity must be one of P0, P1, P2, P3, not P7", opened, { severity = "P7" })
  refused("incident.open: title must be a text, not an empty one", opened, { title = " " })
  refused("incident.open: impact must be a text, not 5", opened, { impact = 5 })
  refused("incident.open: status must be one of INVESTIGATING, IDENTIFIED, MONITORING, not RESOLVED", opened, { status = "RESOLVED" })
  refused("incident.open: what is identified? Say it with cause", opened, { status = "IDENTIFIED" })
  refused("incident.open: receivers[1] must be a text, not 5", opened, { receivers = { 5 } })
  refused('incident.open has no option "reciever"', opened, { reciever = { "a" } })
  refused("incident.update: status must be one of INVESTIGATING, IDENTIFIED, MONITORING, not RESOLVED", outage.update, outage, { status = "RESOLVED" })
  refused("incident.update: what is identified? Say it with cause", outage.update, outage, { status = "IDENTIFIED" })
  refused("incident.update: note must be a text, not ", outage.update, outage, { status = "MONITORING", note = "" })
  refused("incident.act: action must be a text, not nil", outage.act, outage)
  refused('an incident has no function "updte"', function() outage:updte() end)
  test.equal({ #sent, outage.about.status }, { before, "INVESTIGATING" })
end)
