--- What pods and nodes use, as kubernetes.top tells it, and how much that is of what they may use.

local arguments = require "arguments"
local report = require "report"
local units  = require "units"

local usage = {}

local function measured(text) return text or "not measured" end

local columns = {
  { field = "name" },
  { field = "cpu_text", title = "cpu", format = measured },
  { field = "cpu_percent", title = "cpu_of_limit", format = units.percent, align = "left" },
  { field = "memory_text", title = "memory", format = measured },
  { field = "memory_percent", title = "memory_of_limit", format = units.percent, align = "left" },
}

--- Shows what each uses, and how many percent of its limit that is: "no data" where it has none.
-- @param top            list of pods, as kubernetes.top returns them
-- @param options?       a table
-- @param options.title  a line above
-- @usage usage.report(kubernetes.top("pods", { selector = "app=web" }))
function usage.report(top, options) report.table(top, columns, options) end

--- Adds what is used too much of to checks: a check for each that uses more than it should of its limit, and where none does, one with the
-- highest. Without a limit there is nothing that the use could be too much of. What is not measured is unknown.
-- @param checks         checks of the library health
-- @param top            list of pods, as kubernetes.top returns them
-- @param limits         a table
-- @param limits.cpu     percent of its CPU limit that each may use
-- @param limits.memory  percent of its memory limit that each may use
-- @usage usage.check(health.new(), kubernetes.top("pods"), { cpu = 90, memory = 80 })
function usage.check(checks, top, limits)
  arguments.is("usage.check: limits", limits, "table")
  for _, one in ipairs(arguments.list("usage.check: top", top)) do
    if not one.measured then checks:add("usage of " .. one.name, "unknown", "it is not measured yet") end
  end
  for _, what in ipairs { "cpu", "memory" } do
    checks:each_above(what, top, function(one) return what .. " of " .. one.name, one[what .. "_percent"] end, { degraded = limits[what], unit = "%" })
  end
end

return usage
