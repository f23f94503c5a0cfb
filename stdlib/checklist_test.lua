-- Tests of checklist: runbook test stdlib/checklist_test.lua
-- That a list survives a run that dies is shown by cmd/runbook/testdata/script/checklist.txtar.
local test      = require "test"
local checklist = require "checklist"
local time      = require "time"

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.that(err.message:find(want, 1, true) ~= nil, ("it says %s, and not %s"):format(tostring(err.message), want))
end

local function one(task) return checklist.new("Before", { task }) end

-- What became of the only task of a list.
local function worked(task)
  local entry = one(task):work({}).tasks[1]
  entry.at = nil
  return entry
end

test.unit("a list makes parameters that answer it", function()
  local before = checklist.new("Before", {
    { id = "notify", task = "Notify users", who = "communications", evidence = "link to the post" },
    { id = "backup", task = "Back up", check = function() return true end },
    { id = "plan", task = "Prepare a rollback plan" },
  })
  test.equal(before:params { window = { type = "duration" } }, {
    window          = { type = "duration" },
    notify          = { type = "string", enum = { "done", "open", "n/a" }, ask = "Notify users (communications)", help = "whether this is done: Notify users" },
    notify_evidence = { type = "string", default = "none", ask = "Notify users: link to the post, or why it is not done", help = "evidence of notify, or why it was not done" },
    plan            = { type = "string", enum = { "done", "open", "n/a" }, ask = "Prepare a rollback plan", help = "whether this is done: Prepare a rollback plan" },
    plan_evidence   = { type = "string", default = "none", ask = "Prepare a rollback plan: why it is not done", help = "evidence of plan, or why it was not done" },
  })
  test.equal(one({ id = "a", task = "A", check = function() end }):params(), {})
  refused("the runbook has another parameter plan_evidence: give the task of Before another id", before.params, before, { plan_evidence = {} })
end)

test.unit("people say what is done, when, and what shows it", function()
  local began = time.now()
  local before = checklist.new("Before", {
    { id = "notify", task = "Notify users", evidence = "link to the post" },
    { id = "scale", task = "Scale down" },
    { id = "vendor", task = "Call the vendor" },
    { id = "plan", task = "Prepare a plan", evidence = "link to the plan" },
    { id = "drill", task = "Hold a drill" },
  })
  test.answer {
    notify = "done", notify_evidence = "https://status.example.com/7", scale = "done", vendor = "n/a", vendor_evidence = "no hardware is touched",
    plan = "done", plan_evidence = "none", drill = "open", drill_evidence = "none",
  }
  local result = before:work {}
  test.equal(result, {
    complete = false, done = 3, not_applicable = 1, open = { "Hold a drill" }, unproven = { "Prepare a plan" },
    tasks = {
      { id = "notify", task = "Notify users", state = "done", who = "test@test", at = began, evidence = "https://status.example.com/7", unproven = false },
      { id = "scale", task = "Scale down", state = "done", who = "test@test", at = began, unproven = false },
      { id = "vendor", task = "Call the vendor", state = "n/a", who = "test@test", at = began, evidence = "no hardware is touched", unproven = false },
      { id = "plan", task = "Prepare a plan", state = "done", who = "test@test", at = began, unproven = true },
      { id = "drill", task = "Hold a drill", state = "open", who = "test@test", at = began, unproven = false },
    },
  })
  local shown = test.shown()
  test.equal(#shown, 1, "how often the list is shown")
  test.equal({ shown[1].title, shown[1].columns }, {
    "Before: 3 of 5 done, 1 open, 1 not applicable, 1 without evidence", { "task", "state", "who", "when", "evidence" },
  })
  test.equal(shown[1].rows[1], { "Notify users", "done", "test@test", time.format(began, "minute"), "https://status.example.com/7" })
end)

test.unit("who is cut off before the evidence has been heard all the same", function()
  local before = checklist.new("Before", { { id = "a", task = "A", evidence = "link" }, { id = "b", task = "B" } })
  test.answer { a = "done" }
  local _, err = try(before.work, before, {})
  test.that(err.message:find("a_evidence", 1, true) ~= nil, "the evidence is asked for: " .. err.message)
  test.that(before:markdown():find("- [x] A (test@test, ", 1, true) ~= nil, "what was said is kept: " .. before:markdown())
  test.that(before:markdown():find("- [ ] B", 1, true) ~= nil, "the list goes on after it: " .. before:markdown())
end)

test.unit("a complete list says so", function()
  test.answer { a = "done" }
  local result = one({ id = "a", task = "A" }):work({}, { required = true })
  test.equal({ result.complete, result.done, result.open }, { true, 1, {} })
  test.equal(test.shown()[1].title, "Before: 1 of 1 done")
end)

test.unit("a list that has to be complete fails at its end, with all that is open", function()
  local before = checklist.new("Before", { { id = "a", task = "A" }, { id = "b", task = "B" }, { id = "c", task = "C" } })
  test.answer { a = "open", a_evidence = "later", b = "done", c = "open", c_evidence = "none" }
  local _, err = try(before.work, before, {}, { required = true })
  test.equal(err.message, "Before: 2 of 3 tasks are open: A; C")
  test.that(err.hint:find("--from-step", 1, true) ~= nil, "it does not say what to type")
  test.equal(#test.shown(), 1, "how often the list is shown")
end)

test.unit("a list that breaks off shows how far it came", function()
  local before = checklist.new("Before", { { id = "a", task = "A" }, { id = "b", task = "B" } })
  test.answer { a = "done" }
  local _, err = try(before.work, before, {})
  test.equal(err.code, "declined")
  on_exit(function() end) -- the list's own comes after this
  test.equal(before:markdown(), "#### Before\n- [x] A (test@test, " .. time.format(time.now(), "minute") .. ")\n- [ ] B")
end)

test.unit("a function verifies a task, and nobody is asked", function()
  local given
  test.equal(worked { id = "a", task = "A", check = function(run) given = run; return true, "3 objects" end }, {
    id = "a", task = "A", state = "done", who = "runbook", evidence = "3 objects", unproven = false,
  })
  test.equal(given, {})
  test.equal(worked({ id = "a", task = "A", check = function() return true end }).evidence, nil)
  test.equal(worked({ id = "a", task = "A", check = function() return "yes", "3\nobjects" end }).evidence, "3 objects")
  local no = worked { id = "a", task = "A", check = function() return false, "there is none" end }
  test.equal({ no.state, no.evidence }, { "open", "there is none" })
  local broken = worked { id = "a", task = "A", check = function() fail("the server is away") end }
  test.equal({ broken.state, broken.evidence }, { "open", "the server is away" })
  test.equal(worked({ id = "a", task = "A", evidence = "a number", check = function() return true end }).unproven, true)
end)

test.unit("a verification may take its time", function()
  local began, looks = time.now(), 0
  local entry = worked { id = "a", task = "A", within = "1m", every = "10s", check = function() looks = looks + 1; return looks == 3, "look " .. looks end }
  test.equal({ entry.state, entry.evidence, time.now() - began }, { "done", "look 3", 20 })
  local late = worked { id = "a", task = "A", within = "10s", check = function() return false, "2 of 3" end }
  test.equal(late.state, "open")
  test.that(late.evidence:find("did not come true by " .. time.format(time.now(), "minute"):sub(1, 10), 1, true) and late.evidence:find(": 2 of 3", 1, true), late.evidence)
  local away = worked { id = "a", task = "A", within = "10s", check = function() fail("away") end }
  test.equal({ away.state, away.evidence }, { "open", "away" })
end)

test.unit("a list is Markdown, before and after", function()
  local before = checklist.new("Before", { { id = "a", task = "A", evidence = "link" }, { id = "b", task = "B" }, { id = "c", task = "C" } })
  test.equal(before:markdown(), "#### Before\n- [ ] A\n- [ ] B\n- [ ] C")
  test.answer { a = "done", a_evidence = "https://x", b = "n/a", b_evidence = "no need", c = "open", c_evidence = "none" }
  before:work {}
  local at = time.format(time.now(), "minute")
  test.equal(before:markdown(), ("#### Before\n- [x] A (test@test, %s): https://x\n- [ ] B (not applicable, test@test, %s): no need\n- [ ] C (open, test@test, %s)"):format(at, at, at))
end)

test.unit("tasks that cannot be meant are refused", function()
  refused("checklist.new: tasks[1] needs an id", checklist.new, "L", { { task = "A" } })
  refused("checklist.new: tasks[1] needs an id", checklist.new, "L", { { id = "A b", task = "A" } })
  refused("checklist.new: tasks[1]: the options must be a table, not A", checklist.new, "L", { "A" })
  refused("checklist.new: tasks[1] needs a task", checklist.new, "L", { { id = "a" } })
  refused("checklist.new: tasks[2]: two tasks have the id a", checklist.new, "L", { { id = "a", task = "A" }, { id = "a", task = "B" } })
  refused("checklist.new: tasks[2]: two tasks have the id a_evidence", checklist.new, "L", { { id = "a", task = "A" }, { id = "a_evidence", task = "B" } })
  refused("checklist.new: tasks[1]: check must be a function", checklist.new, "L", { { id = "a", task = "A", check = true } })
  refused("checklist.new: tasks[1]: within is for a task with a check", checklist.new, "L", { { id = "a", task = "A", within = "5m" } })
  refused('checklist.new: tasks[1]: within must be a duration above 0, such as "15m", not 0', checklist.new, "L", { { id = "a", task = "A", within = 0, check = function() end } })
  refused('checklist.new: tasks[1]: within must be a duration above 0, such as "15m", not soon', checklist.new, "L", { { id = "a", task = "A", within = "soon", check = function() end } })
  refused('checklist.new: tasks[1] has no option "evidenc"', checklist.new, "L", { { id = "a", task = "A", evidenc = "x" } })
  refused("checklist.new: L has no tasks", checklist.new, "L", {})
  refused('checklist: a list has no function "wrok"', function() one({ id = "a", task = "A" }):wrok() end)
  refused('checklist.work has no option "must"', function() one({ id = "a", task = "A" }):work({}, { must = true }) end)
end)
