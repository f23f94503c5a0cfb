--- Numbers about lists of numbers: sums, means, quantiles, shares and trends.
-- What is missing from a list (json.null, false, NaN) and what has no end is counted and left out, as prometheus.query_range does it for
-- its series, whose values and points can be given as they are. Where nothing is left there is no number: nil, never zero.

local arguments = require "arguments"
local units     = require "units"

local stats = {}

local function refuse(message, ...) error({ code = "invalid", message = message:format(...) }, 0) end

-- What a value of a list is: a number, or why it is none.
local function state_of(where, i, value)
  if type(value) == "number" then
    if value ~= value then return "nan" end
    return (value == math.huge or value == -math.huge) and "inf" or "count"
  end
  if units.missing(value) then return "missing" end
  refuse("%s[%d] must be a number, or json.null or false for none, not %s", where, i, tostring(value))
end

-- The numbers of a list, and how many of its values are what.
local function numbers_of(where, values)
  local numbers, found = {}, { count = 0, nan = 0, inf = 0, missing = 0 }
  for i, value in ipairs(arguments.list(where, values)) do
    local state = state_of(where, i, value)
    found[state] = found[state] + 1
    if state == "count" then numbers[#numbers + 1] = value end
  end
  return numbers, found
end

-- A number that there is.
local function finite(value)
  if value == value and value ~= math.huge and value ~= -math.huge then return value end
end

-- The sum as if it had been computed with twice the digits (Neumaier's variant of Kahan's summation): 0.1 ten times is 1.
local function sum_of(numbers)
  local sum, lost = 0, 0
  for _, value in ipairs(numbers) do
    local total = sum + value
    if math.abs(sum) >= math.abs(value) then lost = lost + ((sum - total) + value) else lost = lost + ((value - total) + sum) end
    sum = total
  end
  return finite(sum + lost)
end

local function mean_of(numbers)
  local sum = sum_of(numbers)
  return sum and finite(sum / #numbers)
end

-- The sum of what a function makes of each number.
local function sum_with(numbers, f)
  local made = {}
  for i, value in ipairs(numbers) do made[i] = f(value, i) end
  return sum_of(made)
end

--- Everything that one usually asks of a list. The standard deviation is that of all values (divided by n), as in PromQL.
-- @param values list of numbers, with json.null, false or NaN where there is none
-- @return       { count, nan, inf, missing, first, last, min, max, sum, mean, stddev }; without any number only the first four
-- @usage stats.of({ 4, 5, json.null, 3 }).mean
function stats.of(values)
  local numbers, out = numbers_of("stats.of: values", values)
  if #numbers == 0 then return out end
  out.first, out.last, out.min, out.max = numbers[1], numbers[#numbers], numbers[1], numbers[1]
  for _, value in ipairs(numbers) do out.min, out.max = math.min(out.min, value), math.max(out.max, value) end
  out.sum, out.mean = sum_of(numbers), mean_of(numbers)
  local squares = out.mean and sum_with(numbers, function(value) return (value - out.mean) ^ 2 end)
  out.stddev = squares and finite(math.sqrt(squares / #numbers))
  return out
end

-- How a quantile is taken of sorted numbers: the two definitions, of the nine that Hyndman and Fan list (Sample Quantiles in Statistical
-- Packages, The American Statistician 50, 1996), that monitoring uses.
local methods = {}

-- Their type 7, the default of PromQL, R and NumPy: between the two nearest values, by how near they are.
function methods.linear(sorted, q)
  local at = q * (#sorted - 1) + 1
  local below = math.floor(at)
  local low, high = sorted[below], sorted[math.min(below + 1, #sorted)]
  local share = at - below
  if high - low == math.huge then return low * (1 - share) + high * share end
  return low + (high - low) * share
end

-- Their type 1: the smallest value that at least that share of all values is not above. It is one that was really seen.
function methods.nearest_rank(sorted, q)
  -- A share such as 0.07 of 100 comes out as a bit more than 7, which must not become the eighth.
  local rank = q * #sorted
  local whole = math.floor(rank + 0.5)
  if math.abs(rank - whole) > 1e-12 * #sorted then whole = math.ceil(rank) end
  return sorted[math.max(whole, 1)]
end

--- The value that a share of the values is not above: the 95th percentile is that for 0.95.
-- @param values  list of numbers, with json.null, false or NaN where there is none
-- @param q       the share, from 0 (the smallest value) to 1 (the largest)
-- @param method? "linear" (the default; between two values, as PromQL's quantile, R and NumPy have it: Hyndman and Fan's type 7) or
--                "nearest_rank" (always one of the values: their type 1)
-- @return        a number; nil where there is none
-- @usage stats.quantile({ 12, 15, 11, 240 }, 0.95)
function stats.quantile(values, q, method)
  local take = methods[arguments.one_of("stats.quantile: method", method or "linear", { "linear", "nearest_rank" })]
  if type(q) ~= "number" or not (q >= 0 and q <= 1) then refuse("stats.quantile: q must be a number from 0 to 1, not %s", tostring(q)) end
  local sorted = numbers_of("stats.quantile: values", values)
  if #sorted == 0 then return nil end
  table.sort(sorted)
  return take(sorted, q)
end

--- The value in the middle; between the two in the middle where their number is even.
-- @param values list of numbers, with json.null, false or NaN where there is none
-- @return       a number; nil where there is none
-- @usage stats.median({ 12, 15, 11, 240 })
function stats.median(values) return stats.quantile(values, 0.5) end

-- A number that can be computed with, nil for one that is missing or has no end.
local function usable(where, value)
  if units.missing(value) then return nil end
  if type(value) ~= "number" then refuse("%s must be a number, or nil for none, not %s", where, tostring(value)) end
  return finite(value)
end

--- How much of a whole something is, in percent.
-- @param part  a number; nil, false, json.null or NaN for no data
-- @param whole a number; nil, false, json.null or NaN for no data
-- @return      a number of percent; nil where one of them is missing, or the whole is nothing: no share of nothing is known
-- @usage stats.share(7, 98)
function stats.share(part, whole)
  part, whole = usable("stats.share: part", part), usable("stats.share: whole", whole)
  if not part or not whole or whole == 0 then return nil end
  return finite(100 * part / whole)
end

--- By how much a number has changed, in percent of what it was.
-- @param before a number; nil, false, json.null or NaN for no data
-- @param after  a number; nil, false, json.null or NaN for no data
-- @return       a number of percent, negative where it fell; nil where one of them is missing, or it was nothing before
-- @usage stats.change(40, 50)
function stats.change(before, after)
  before, after = usable("stats.change: before", before), usable("stats.change: after", after)
  if not before or not after or before == 0 then return nil end
  return finite(100 * (after - before) / math.abs(before))
end

-- The points that have a number, as two lists.
local function coordinates(points)
  local times, values = {}, {}
  for i, point in ipairs(arguments.list("stats.trend: points", points)) do
    local where = ("stats.trend: points[%d]"):format(i)
    if type(point) ~= "table" then refuse("%s must be { time =, value = }, not %s", where, tostring(point)) end
    local time, value = usable(where .. ".time", point.time), usable(where .. ".value", point.value)
    if not time then refuse("%s.time must be a number", where) end
    if value then times[#times + 1], values[#values + 1] = time, value end
  end
  return times, values
end

--- The straight line through points in time that fits them best (least squares), as PromQL's deriv and predict_linear have it.
-- @param points list of { time =, value = }, as the points of a series of prometheus.query_range: times in seconds, in any order
-- @return       { slope = change each second, time = the middle of the times, value = the line's value then, count = points with a number };
--               nil where there are not two points at different times
-- @usage stats.trend(prometheus.query_range("sum(photon_cache_bytes)", { from = "24h" }).series[1].points)
function stats.trend(points)
  local times, values = coordinates(points)
  -- From the middle: the squares of seconds since 1970 would leave no digits for what is between two points.
  local time, value = #times > 0 and mean_of(times), #times > 0 and mean_of(values)
  if not time or not value then return nil end
  local apart = sum_with(times, function(t) return (t - time) ^ 2 end)
  local together = sum_with(times, function(t, i) return (t - time) * (values[i] - value) end)
  if not apart or not together or apart == 0 then return nil end
  return { slope = together / apart, time = time, value = value, count = #times }
end

--- The time at which a trend comes to a level: when a disk will be full, when a certificate's days will be over.
-- @param trend what stats.trend returned; nil for none
-- @param level a number
-- @return      seconds since 1970 UTC, which may be long ago; nil where there is no trend, or it does not change
-- @usage stats.reaches({ slope = 2, time = 1000, value = 50, count = 9 }, 100)
function stats.reaches(trend, level)
  local wanted = usable("stats.reaches: level", level)
  if not units.missing(trend) and (type(trend) ~= "table" or type(trend.slope) ~= "number") then
    refuse("stats.reaches: trend must be what stats.trend returned, not %s", tostring(trend))
  end
  if units.missing(trend) or not wanted or trend.slope == 0 then return nil end
  return finite(trend.time + (wanted - trend.value) / trend.slope)
end

return stats
