--- Checks that add up to a verdict: what is worst decides, and what is not healthy is named, the worst first.
-- A verdict sets the exit code of the run: healthy 0, degraded 10, down 11, unknown 12.
--
-- The order is down, degraded, unknown, healthy. What is known to be wrong outranks what is not known, because somebody can do something
-- about it; what is not known outranks health, because a check that could not look has found nothing good.

local arguments = require "arguments"
local report    = require "report"
local units     = require "units"

local health = {}

-- The states, the worst first.
local states = { "down", "degraded", "unknown", "healthy" }

-- So many checks of a state are told in a reason with why, and so many are named. Of the others it says how many there are: all of them stand
-- in the report.
local explained, named = 5, 10

-- The most that a reason has of why, in characters: errors of servers can be long.
local longest_why = 120

local checks = {}
local meta

local function refuse(message, ...) error({ code = "invalid", message = message:format(...) }, 0) end

--- Begins with no checks.
-- @return the checks, to which add, above, below, each_above and each_below add some
-- @usage health.new()
function health.new()
  return setmetatable({ list = {} }, meta)
end

--- Adds a check whose state is known. Checks are kept in the order in which they are added.
-- @param name    what was checked
-- @param state   healthy, degraded, down or unknown
-- @param detail? why, for people
-- @usage health.new():add("devices", "down", "0 of 4 answer")
function checks:add(name, state, detail)
  arguments.one_of("health: the state of " .. tostring(name), state, states)
  self.list[#self.list + 1] = { name = name, state = state, detail = detail }
end

local above = { word = "above", most = "highest", beyond = function(value, limit) return value > limit end }
local below = { word = "below", most = "lowest", beyond = function(value, limit) return value < limit end }

-- The limits are numbers, and being down takes more than being degraded.
local function checked(where, limits, way)
  arguments.options(where, limits, { "degraded", "down", "unit", "no_data" })
  local degraded, down = limits and limits.degraded, limits and limits.down
  if type(degraded or down) ~= "number" or type(down or degraded) ~= "number" then
    error({ code = "invalid", message = where .. " needs a number for degraded, down or both" }, 0)
  end
  if degraded and down and way.beyond(degraded, down) then
    error({ code = "invalid", message = ("%s: down %s %s would never come after degraded %s %s"):format(
      where, way.word, units.number(down), way.word, units.number(degraded)) }, 0)
  end
  arguments.one_of(where .. ": no_data", limits.no_data or "unknown", states)
end

-- What a number means by its limits, and why.
local function judged(where, value, limits, way)
  if units.missing(value) then return limits.no_data or "unknown", "no data" end
  if type(value) ~= "number" then refuse("%s: the value must be a number, not %s", where, tostring(value)) end
  local function said(relation, limit)
    return ("%s, %s %s %s"):format(units.format(value, limits.unit, limit), relation, way.word, units.format(limit, limits.unit))
  end
  for _, state in ipairs { "down", "degraded" } do
    local limit = limits[state]
    if limit and way.beyond(value, limit) then return state, said(state, limit) end
  end
  return "healthy", said("not", limits.degraded or limits.down)
end

local function judge(self, name, value, limits, way)
  local where = ("health: %s of %s"):format(way.word, tostring(name))
  checked(where, limits, way)
  local state, detail = judged(where, value, limits, way)
  self:add(name, state, detail)
  local added = self.list[#self.list]
  added.value, added.unit = value, limits.unit
end

--- Adds a check of a number that must not be high. A number that is exactly a limit is not above it.
-- @param name             what was checked
-- @param value            a number; nil, false, json.null or NaN for no data
-- @param limits           a table
-- @param limits.degraded  above it, the state is degraded
-- @param limits.down      above it, the state is down
-- @param limits.unit      as units.format takes it
-- @param limits.no_data   the state where there is no number; unknown by default
-- @usage health.new():above("error rate", 7.1, { degraded = 5, down = 20, unit = "%" })
function checks:above(name, value, limits) judge(self, name, value, limits, above) end

--- Adds a check of a number that must not be low. A number that is exactly a limit is not below it.
-- @param name             what was checked
-- @param value            a number; nil, false, json.null or NaN for no data
-- @param limits           a table
-- @param limits.degraded  below it, the state is degraded
-- @param limits.down      below it, the state is down
-- @param limits.unit      as units.format takes it
-- @param limits.no_data   the state where there is no number; unknown by default
-- @usage health.new():below("cache hit rate", 58.2, { degraded = 60, unit = "%" })
function checks:below(name, value, limits) judge(self, name, value, limits, below) end

local function each(self, name, things, measure, limits, way)
  local where = ("health: each_%s of %s"):format(way.word, tostring(name))
  checked(where, limits, way)
  local nearest, calm = nil, true
  for _, thing in ipairs(arguments.list(where, things)) do
    local what, value = measure(thing)
    if not units.missing(value) then
      if judged(where, value, limits, way) ~= "healthy" then
        judge(self, what, value, limits, way)
        calm = false
      elseif not nearest or way.beyond(value, nearest) then
        nearest = value
      end
    end
  end
  if calm and nearest then judge(self, ("%s, the %s"):format(name, way.most), nearest, limits, way) end
end

--- Adds a check for each thing whose number is above its limits; where none is, one check with the highest of them. What has no number adds
-- nothing: say of it with add what that means.
-- @param name    what is checked, for the check of the highest
-- @param things  list of anything
-- @param measure a function of a thing that returns the name of its check, and its number
-- @param limits  as above takes them
-- @usage health.new():each_above("memory", kubernetes.top("pods"), function(pod) return "memory of " .. pod.name, pod.memory_percent end, { degraded = 80, unit = "%" })
function checks:each_above(name, things, measure, limits) each(self, name, things, measure, limits, above) end

--- Adds a check for each thing whose number is below its limits; where none is, one check with the lowest of them. What has no number adds
-- nothing: say of it with add what that means.
-- @param name    what is checked, for the check of the lowest
-- @param things  list of anything
-- @param measure a function of a thing that returns the name of its check, and its number
-- @param limits  as below takes them
-- @usage health.new():each_below("uptime", devices, function(device) return "device " .. device.id, device.uptime end, { degraded = 99, unit = "%" })
function checks:each_below(name, things, measure, limits) each(self, name, things, measure, limits, below) end

local function shortened(text)
  text = text:gsub("%s+", " ")
  if #text <= longest_why then return text end
  return text:sub(1, longest_why):gsub("[\128-\191]*$", ""):gsub("[\192-\255]$", "") .. "…"
end

-- The checks of one state, so many of them with why, and so many by name.
local function told(list, with_why, by_name)
  local said = {}
  for i = 1, math.min(#list, by_name) do
    local check = list[i]
    said[i] = i <= with_why and check.detail and ("%s (%s)"):format(check.name, shortened(check.detail)) or check.name
  end
  local text = table.concat(said, ", ")
  return #list > by_name and ("%s and %d more"):format(text, #list - by_name) or text
end

--- Tells the worst state of all checks, and which checks are not healthy, the worst first: "error rate (7.1%, degraded above 5%); unknown:
-- disk of /tmp in web-0". Of each state the first are named, and how many more there are. No checks at all are unknown.
-- @return state and reason
-- @usage local state, reason = health.new():worst()
function checks:worst()
  if #self.list == 0 then return "unknown", "nothing was checked" end
  local by_state, worst, parts = {}, nil, {}
  for _, check in ipairs(self.list) do
    by_state[check.state] = by_state[check.state] or {}
    table.insert(by_state[check.state], check)
  end
  for _, state in ipairs(states) do
    local list = by_state[state]
    if list and state ~= "healthy" then
      -- Why nothing is known of a thing is no news where something else is known to be wrong.
      local aside = worst and state == "unknown"
      parts[#parts + 1] = (worst and state .. ": " or "") .. told(list, aside and 0 or explained, aside and explained or named)
      worst = worst or state
    end
  end
  if worst then return worst, table.concat(parts, "; ") end
  return "healthy", #self.list == 1 and "1 check, healthy" or ("%d checks, all healthy"):format(#self.list)
end

--- Shows the checks, a line each.
-- @param title? a line above
-- @usage health.new():report("Health")
function checks:report(title) report.checks(self.list, { title = title }) end

--- Gives the run the verdict that follows from the checks, and with it its exit code.
-- @return the state
-- @usage health.new():verdict()
function checks:verdict()
  local state, why = self:worst()
  verdict(state, why)
  return state
end

meta = arguments.class("health", "checks have", checks)

return health
