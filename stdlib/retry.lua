--- Trying again what failed for the moment, with growing pauses.
-- A single call needs none of it: reads that fail for the moment, and actions that a server refused for now, are tried again before a
-- script hears of it. This is for what takes several calls, and for waiting out what lasts longer than a few seconds.
--
-- What is tried again has to be safe to repeat as a whole. An action of which nobody knows whether it took effect, what a person said no
-- to, what policy refuses, and a mistake in the script are never tried again, whatever is asked for.

local arguments = require "arguments"
local time      = require "time"
local units     = require "units"

local retry = {}

local known = { "attempts", "first", "factor", "longest", "within", "on", "name" }

-- To repeat these would do harm, or do no good.
local never = { uncertain = true, declined = true, refused = true, drift = true, invalid = true, internal = true, skipped = true, interrupted = true }

local function refuse(message, ...) error({ code = "invalid", message = message:format(...) }, 0) end

-- A number of the options, from a least one on.
local function number(options, name, default, least)
  local value = options[name]
  if value == nil then return default end
  if type(value) == "string" and name ~= "attempts" and name ~= "factor" then value = time.duration(value) end
  if type(value) ~= "number" then refuse("retry: %s must be a number, not the text %q", name, tostring(options[name])) end
  if not (value >= least) then refuse("retry: %s must be at least %s, not %s", name, units.number(least), tostring(options[name])) end
  return value
end

-- Which errors are tried again, as a function.
local function judge_of(on)
  if on == nil then return function(err) return err.retryable == true end end
  if type(on) == "function" then return on end
  local codes = {}
  for _, code in ipairs(arguments.list("retry: on", on)) do
    if never[code] then refuse("retry: what failed with %s is never tried again", tostring(code)) end
    codes[code] = true
  end
  return function(err) return codes[err.code] == true end
end

local function plan_of(options)
  options = arguments.options("retry", options, known)
  local plan = {
    attempts = number(options, "attempts", 5, 1), first = number(options, "first", 1, 0), factor = number(options, "factor", 2, 1),
    longest = number(options, "longest", 30, 0), within = number(options, "within", math.huge, 0), tries = judge_of(options.on),
    name = options.name or "it",
  }
  if plan.attempts ~= math.floor(plan.attempts) or plan.attempts == math.huge then refuse("retry: attempts must be a whole number, not %s", tostring(plan.attempts)) end
  return plan
end

-- The longest that may be waited before an attempt.
local function pause_before(plan, attempt) return math.min(plan.first * plan.factor ^ (attempt - 2), plan.longest) end

--- The pauses between the attempts, before chance shortens them.
-- @param options? as for retry.call
-- @return         list of seconds
-- @usage retry.pauses({ attempts = 4, first = "2s" })
function retry.pauses(options)
  local plan, pauses = plan_of(options), {}
  for attempt = 2, plan.attempts do pauses[#pauses + 1] = pause_before(plan, attempt) end
  return pauses
end

-- What a call returned, however much it is; or what it raised.
local function packed(ok, ...) return ok, { n = select("#", ...), ... } end

-- How long to wait before another attempt, or why there is to be none. Half of a pause is left to chance, so that many who failed at once
-- do not come back at once.
local function pause(plan, attempt, began, err)
  if type(err) ~= "table" or never[err.code] or not plan.tries(err) then return nil end
  if attempt >= plan.attempts then return nil, attempt == 1 and "the only attempt" or ("%d attempts"):format(attempt) end
  local longest = pause_before(plan, attempt + 1)
  local seconds = longest / 2 + math.random() * longest / 2
  if time.now() - began + seconds > plan.within then return nil, ("%s, of the %s that it may take"):format(units.duration(time.now() - began), units.duration(plan.within)) end
  return seconds
end

--- Calls a function until it does not fail, and returns what it returns. Each attempt that failed is logged with its reason. At the end the
-- last error is raised as it is.
-- @param f                 the function
-- @param options?          how often and when
-- @param options.attempts  how many attempts there are at the most, 5 by default
-- @param options.first     the first pause, "1s" by default; half of every pause is left to chance
-- @param options.factor    how much longer each pause is than the one before, 2 by default
-- @param options.longest   the longest pause, "30s" by default
-- @param options.within    no attempt begins later than this after the first; without it the attempts are the only bound
-- @param options.on        which errors are tried again: a list of codes, or a function of the error that says so; by default those of which
--                          it is known that nothing was changed and that the same may succeed (err.retryable)
-- @param options.name      what is tried, for the log
-- @return                  what f returns
-- @usage local found = retry.call(function() return prometheus.values { up = "sum(up)" } end, { name = "Prometheus", on = { "unavailable", "timeout" }, within = "2m" })
function retry.call(f, options)
  arguments.is("retry.call: f", f, "function")
  local plan, began = plan_of(options), time.now()
  for attempt = 1, math.huge do
    local ok, results = packed(pcall(f))
    if ok then return unpack(results, 1, results.n) end
    local err = results[1]
    local seconds, why = pause(plan, attempt, began, err)
    if why then log(("%s failed, and is given up after %s: %s"):format(plan.name, why, tostring(err.message))) end
    if not seconds then error(err, 0) end
    log(("%s failed, and is tried again in %s (attempt %d of %d): %s"):format(plan.name, units.duration(seconds), attempt + 1, plan.attempts, tostring(err.message)))
    sleep(seconds)
  end
end

return retry
