-- Tests of retry: runbook test stdlib/retry_test.lua
-- In a test math.random() is 0.5, so a pause is three quarters of the longest that it may be.
local test  = require "test"
local retry = require "retry"
local time  = require "time"

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.equal(err.message, want)
end

-- A function that fails some times, each with an error of its own, and then returns; and how often it was called, and when.
local function failing(...)
  local errors, calls, began = { ... }, {}, time.now()
  return function()
    calls[#calls + 1] = time.now() - began
    local err = errors[#calls]
    if err then error(err, 0) end
    return "done", nil, #calls
  end, calls
end

local away = { code = "unavailable", message = "away", retryable = true }

local function logged()
  local out = {}
  for i, shown in ipairs(test.shown()) do out[i] = shown.text end
  return out
end

test.unit("what works is called once, and all that it returns comes back", function()
  local f, calls = failing()
  test.equal({ (select("#", retry.call(f))), (select(3, retry.call(f))) }, { 3, 2 })
  test.equal(calls, { 0, 0 })
  test.equal(select("#", retry.call(function() end)), 0)
  test.equal(logged(), {})
end)

test.unit("what fails for the moment is tried again, each time later", function()
  local f, calls = failing(away, away, away)
  test.equal((retry.call(f, { name = "the API" })), "done")
  -- Pauses of up to 1, 2 and 4 seconds.
  test.equal(calls, { 0, 0.75, 2.25, 5.25 })
  test.equal(logged()[1], "the API failed, and is tried again in 750ms (attempt 2 of 5): away")
  test.equal(logged()[3], "the API failed, and is tried again in 3s (attempt 4 of 5): away")
end)

test.unit("the last error is raised as it is", function()
  local last = { code = "unavailable", message = "still away", retryable = true, hint = "look" }
  local f, calls = failing(away, last)
  local ok, err = pcall(retry.call, f, { attempts = 2 })
  test.that(not ok and rawequal(err, last), "it is another error")
  test.equal(#calls, 2)
  test.equal(logged()[2], "it failed, and is given up after 2 attempts: still away")
  pcall(retry.call, failing(away), { attempts = 1 })
  test.equal(logged()[3], "it failed, and is given up after the only attempt: away")
end)

test.unit("no attempt begins too late", function()
  local f, calls = failing(away, away, away, away)
  local _, err = try(retry.call, f, { within = "3s", name = "x" })
  test.equal(err.code, "unavailable")
  test.equal(calls, { 0, 0.75, 2.25 })
  test.equal(logged()[3], "x failed, and is given up after 2.25s, of the 3s that it may take: away")
end)

test.unit("only what may be repeated is tried again", function()
  for _, err in ipairs {
    { code = "not_found", message = "no" }, { code = "timeout", message = "no", retryable = false },
    { code = "uncertain", message = "no", retryable = true }, { code = "declined", message = "no", retryable = true },
  } do
    local f, calls = failing(err)
    local ok, raised = pcall(retry.call, f)
    test.that(not ok and rawequal(raised, err), "it is another error")
    test.equal(#calls, 1, err.code)
  end
  local f, calls = failing("a mistake")
  test.equal(select(2, pcall(retry.call, f, { on = function() return true end })), "a mistake")
  test.equal(#calls, 1)
  test.equal(logged(), {})
end)

test.unit("a script says which errors are tried again", function()
  local slow = { code = "timeout", message = "slow" }
  local f, calls = failing(slow, slow)
  retry.call(f, { on = { "timeout", "unavailable" }, first = 10, longest = "15s" })
  test.equal(calls, { 0, 7.5, 18.75 }) -- three quarters of 10, and of 15 instead of 20
  local g, others = failing({ code = "script", message = "not yet" }, { code = "script", message = "never" })
  local _, err = try(retry.call, g, { on = function(e) return e.message == "not yet" end })
  test.equal({ err.message, #others }, { "never", 2 })
  local h, uncertain = failing({ code = "uncertain", message = "sent" })
  test.equal(select(2, try(retry.call, h, { on = function() return true end })).code, "uncertain")
  test.equal(#uncertain, 1)
end)

test.unit("pauses grow up to the longest", function()
  test.equal(retry.pauses(), { 1, 2, 4, 8 })
  test.equal(retry.pauses { attempts = 8, first = "500ms", factor = 3, longest = "30s" }, { 0.5, 1.5, 4.5, 13.5, 30, 30, 30 })
  test.equal(retry.pauses { attempts = 1 }, {})
  test.equal(retry.pauses { attempts = 3, factor = 1, first = 0 }, { 0, 0 })
end)

test.unit("options that cannot be meant are refused", function()
  local f, calls = failing()
  refused("retry: attempts must be at least 1, not 0", retry.call, f, { attempts = 0 })
  refused("retry: attempts must be a number, not the text \"3\"", retry.call, f, { attempts = "3" })
  refused("retry: attempts must be a whole number, not 2.5", retry.call, f, { attempts = 2.5 })
  refused("retry: factor must be at least 1, not 0.5", retry.call, f, { factor = 0.5 })
  refused("retry: first must be at least 0, not -1", retry.call, f, { first = -1 })
  refused("retry: what failed with uncertain is never tried again", retry.call, f, { on = { "timeout", "uncertain" } })
  refused("retry: on must be a list, not timeout", retry.call, f, { on = "timeout" })
  refused('retry has no option "attemps"; did you mean "attempts"?', retry.call, f, { attemps = 3 })
  test.equal(#calls, 0)
end)
