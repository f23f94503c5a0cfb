-- Tests of health: runbook test stdlib/health_test.lua
local test   = require "test"
local json   = require "json"
local health = require "health"

-- The only check that a function adds.
local function one(add)
  local checks = health.new()
  add(checks)
  test.equal(#checks.list, 1)
  return checks.list[1]
end

local function worst(...)
  local checks = health.new()
  for i, state in ipairs { ... } do checks:add("c" .. i, state, state == "unknown" and "no answer" or nil) end
  local state, reason = checks:worst()
  return { state, reason }
end

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.that(err.message:find(want, 1, true) ~= nil, ("it says %s, and not %s"):format(err.message, want))
end

test.unit("what is worst decides, and what is not healthy is named by its state", function()
  test.equal(worst("healthy", "healthy"), { "healthy", "2 checks, all healthy" })
  test.equal(worst("healthy"), { "healthy", "1 check, healthy" })
  test.equal(worst("healthy", "unknown"), { "unknown", "c2 (no answer)" })
  test.equal(worst("unknown", "degraded", "healthy"), { "degraded", "c2; unknown: c1" })
  test.equal(worst("degraded", "unknown", "down", "degraded"), { "down", "c3; degraded: c1, c4; unknown: c2" })
end)

test.unit("where nothing was checked, nothing is known", function()
  test.equal(worst(), { "unknown", "nothing was checked" })
end)

test.unit("a reason is one that can be read at a glance, whatever went wrong", function()
  local checks = health.new()
  for i = 1, 12 do checks:add("c" .. i, "degraded", "d" .. i) end
  for i = 1, 200 do checks:add("disk " .. i, "unknown", ("df in web-%d exited with status 1: "):format(i):rep(9)) end
  local _, reason = checks:worst()
  test.equal(reason, "c1 (d1), c2 (d2), c3 (d3), c4 (d4), c5 (d5), c6, c7, c8, c9, c10 and 2 more; unknown: disk 1, disk 2, disk 3, disk 4, disk 5 and 195 more")
end)

test.unit("a long why is cut between two characters, and is one line", function()
  local _, reason = (function()
    local checks = health.new()
    checks:add("a", "down", "no\nanswer " .. ("é"):rep(100))
    return checks:worst()
  end)()
  test.equal(reason, "a (no answer " .. ("é"):rep(54) .. "…)")
end)

test.unit("a number above its limits", function()
  local limits = { degraded = 5, down = 20, unit = "%" }
  local function judged(value) return one(function(checks) checks:above("errors", value, limits) end) end
  test.equal(judged(3.2), { name = "errors", state = "healthy", detail = "3.2%, not above 5%", value = 3.2, unit = "%" })
  test.equal(judged(5).detail, "5%, not above 5%")
  test.equal(judged(5.0001), { name = "errors", state = "degraded", detail = "5.0001%, degraded above 5%", value = 5.0001, unit = "%" })
  test.equal(judged(20).state, "degraded")
  test.equal(judged(25), { name = "errors", state = "down", detail = "25%, down above 20%", value = 25, unit = "%" })
  test.equal(judged(math.huge).detail, "+Inf, down above 20%")
end)

test.unit("a number below its limits", function()
  local limits = { degraded = 60, down = 20, unit = "%" }
  local function judged(value) return one(function(checks) checks:below("hits", value, limits) end) end
  test.equal(judged(60).state, "healthy")
  test.equal(judged(60).detail, "60%, not below 60%")
  test.equal(judged(58.2).detail, "58.2%, degraded below 60%")
  test.equal(judged(0).detail, "0%, down below 20%")
end)

test.unit("one limit is enough", function()
  test.equal(one(function(c) c:above("a", 3, { down = 2 }) end).detail, "3, down above 2")
  test.equal(one(function(c) c:above("a", 1, { down = 2 }) end).detail, "1, not above 2")
  test.equal(one(function(c) c:below("a", 1, { degraded = 2, unit = "jobs" }) end).detail, "1 jobs, degraded below 2 jobs")
end)

test.unit("each thing beyond its limits is a check, or else the one that is nearest to them", function()
  local function each(way, numbers, limits)
    local checks, things = health.new(), {}
    for i, number in ipairs(numbers) do things[i] = { n = number } end
    checks[way](checks, "memory", things, function(thing) return "memory of " .. tostring(thing.n), thing.n end, limits)
    local out = {}
    for i, check in ipairs(checks.list) do out[i] = check.name .. ": " .. check.state .. ", " .. check.detail end
    return out
  end
  local high = { degraded = 80, down = 95, unit = "%" }
  test.equal(each("each_above", { 50, 96, 80, 81 }, high), { "memory of 96: down, 96%, down above 95%", "memory of 81: degraded, 81%, degraded above 80%" })
  test.equal(each("each_above", { 50, 80, 70 }, high), { "memory, the highest: healthy, 80%, not above 80%" })
  test.equal(each("each_above", { json.null, 0 / 0, 40 }, high), { "memory, the highest: healthy, 40%, not above 80%" })
  test.equal(each("each_above", { json.null }, high), {})
  test.equal(each("each_above", {}, high), {})
  test.equal(each("each_below", { 99.5, 98, 100 }, { degraded = 99 }), { "memory of 98: degraded, 98, degraded below 99" })
  test.equal(each("each_below", { 99.5, 100 }, { degraded = 99 }), { "memory, the lowest: healthy, 99.5, not below 99" })
  refused("health: each_above of a needs a number for degraded, down or both", function() health.new():each_above("a", {}, tostring, {}) end)
  refused("health: each_below of a must be a list, not nil", function() health.new():each_below("a", nil, tostring, { degraded = 1 }) end)
end)

test.unit("no number is unknown, unless it is said what that means", function()
  for _, missing in ipairs { false, json.null, 0 / 0 } do
    local check = one(function(c) c:above("a", missing, { degraded = 1 }) end)
    test.equal(check.state, "unknown")
    test.equal(check.detail, "no data")
  end
  test.equal(one(function(c) c:below("a", nil, { degraded = 1, no_data = "down" }) end).state, "down")
end)

test.unit("limits that cannot be meant are refused", function()
  local checks = health.new()
  refused("health: above of a needs a number for degraded, down or both", checks.above, checks, "a", 1, {})
  refused("health: above of a: the value must be a number, not 12", checks.above, checks, "a", "12", { degraded = 5 })
  refused("health: each_below of a: the value must be a number, not 12", checks.each_below, checks, "a", { 1 }, function() return "b", "12" end, { degraded = 5 })
  refused("health: add is called with a colon: x:add(…), and not x.add(…)", checks.add, "a", "healthy")
  refused("health: above of a needs a number for degraded, down or both", checks.above, checks, "a", 1)
  refused("health: above of a needs a number", checks.above, checks, "a", 1, { degraded = "5" })
  refused("down above 1 would never come after degraded above 5", checks.above, checks, "a", 1, { degraded = 5, down = 1 })
  refused("down below 5 would never come after degraded below 1", checks.below, checks, "a", 1, { degraded = 1, down = 5 })
  refused('has no option "degarded"', checks.above, checks, "a", 1, { degarded = 5 })
  refused("no_data must be one of", checks.above, checks, "a", 1, { degraded = 5, no_data = "ok" })
  refused("health: the state of a must be one of down, degraded, unknown, healthy, not ok", checks.add, checks, "a", "ok")
  refused('health: checks have no function "abov"', function() checks:abov("a", 1, {}) end)
  test.equal(#checks.list, 0)
end)

test.unit("the checks are shown and give a verdict", function()
  local checks = health.new()
  checks:add("pods", "healthy", "5 of 5 ready")
  checks:above("errors", 7.1, { degraded = 5, unit = "%" })
  checks:report("Health")
  test.equal(checks:verdict(), "degraded")
  test.equal(test.shown(), {
    { form = "checks", title = "Health", checks = {
      { name = "pods", state = "healthy", detail = "5 of 5 ready" },
      { name = "errors", state = "degraded", detail = "7.1%, degraded above 5%", value = 7.1, unit = "%" },
    } },
    { form = "verdict", state = "degraded", reason = "errors (7.1%, degraded above 5%)" },
  })
end)
