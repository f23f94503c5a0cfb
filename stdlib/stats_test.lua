-- Tests of stats: runbook test stdlib/stats_test.lua
-- The numbers are computed by hand, beside them.
local test  = require "test"
local json  = require "json"
local stats = require "stats"

local nan = 0 / 0

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.equal(err.code, "invalid")
  test.that(err.message:find(want, 1, true) ~= nil, ("it says %s, and not %s"):format(want, err.message))
end

local function near(actual, expected, what)
  test.that(type(actual) == "number" and math.abs(actual - expected) <= 1e-12 * math.max(1, math.abs(expected)),
    ("%s is %s, not %s"):format(what or "it", tostring(actual), tostring(expected)))
end

test.unit("a list is summed up", function()
  -- 2+4+4+4+5+5+7+9 = 40; 40/8 = 5; 9+1+1+1+0+0+4+16 = 32, 32/8 = 4.
  test.equal(stats.of { 2, 4, 4, 4, 5, 5, 7, 9 }, {
    count = 8, nan = 0, inf = 0, missing = 0, first = 2, last = 9, min = 2, max = 9, sum = 40, mean = 5, stddev = 2,
  })
  test.equal(stats.of({ 3 }).stddev, 0)
  test.equal(stats.of({ -5, 5, -1 }).min, -5)
end)

test.unit("what is missing is counted and left out, as in a series of prometheus", function()
  test.equal(stats.of { json.null, 4, nan, false, math.huge, -math.huge, 8 }, {
    count = 2, nan = 1, inf = 2, missing = 2, first = 4, last = 8, min = 4, max = 8, sum = 12, mean = 6, stddev = 2,
  })
  test.equal(stats.of {}, { count = 0, nan = 0, inf = 0, missing = 0 })
  test.equal(stats.of { nan, json.null }, { count = 0, nan = 1, inf = 0, missing = 1 })
end)

test.unit("sums lose no digits", function()
  local tenths = {}
  for i = 1, 10 do tenths[i] = 0.1 end
  test.equal(stats.of(tenths).sum, 1)
  test.equal(stats.of({ 1e16, 1, -1e16 }).sum, 1)
  test.equal(stats.of({ 1, 1e16, 1, -1e16 }).sum, 2)
end)

test.unit("what no number can hold is left out", function()
  local found = stats.of { 1e308, 1e308 }
  test.equal({ found.count, found.sum == nil, found.mean == nil, found.stddev == nil, found.max }, { 2, true, true, true, 1e308 })
  local apart = stats.of { -1e200, 1e200 } -- whose squares are too large
  test.equal({ apart.mean, apart.stddev == nil }, { 0, true })
end)

test.unit("a quantile lies between values, as in PromQL", function()
  local values = { 40, 10, 30, 20 }
  -- 0.5 × 3 = 1.5: half way from 20 to 30. 0.95 × 3 = 2.85: 30 + 0.85 × 10.
  test.equal(stats.quantile(values, 0.5), 25)
  near(stats.quantile(values, 0.95), 38.5)
  test.equal(stats.quantile({ -1.5e308, 1.5e308 }, 0.5), 0)
  near(stats.quantile(values, 0.9), 37)
  test.equal(stats.quantile(values, 0), 10)
  test.equal(stats.quantile(values, 1), 40)
  test.equal(stats.quantile({ 7 }, 0.3), 7)
  test.equal(values, { 40, 10, 30, 20 }, "the list that was given")
end)

test.unit("a quantile by rank is a value that was seen", function()
  local values = { 15, 20, 35, 40, 50 }
  -- Of five values: 0.05 × 5 = 0.25 → first, 0.3 × 5 = 1.5 → second, 0.4 × 5 = 2 → second, 0.5 × 5 = 2.5 → third.
  for q, want in pairs { [0] = 15, [0.05] = 15, [0.3] = 20, [0.4] = 20, [0.5] = 35, [1] = 50 } do
    test.equal(stats.quantile(values, q, "nearest_rank"), want, "of " .. q)
  end
  local hundred = {}
  for i = 1, 100 do hundred[i] = i end
  -- 0.07 × 100 is 7.000000000000001 in binary.
  for _, percent in ipairs { 7, 14, 28, 29, 55, 56, 57, 58, 95, 99 } do
    test.equal(stats.quantile(hundred, percent / 100, "nearest_rank"), percent)
  end
  test.equal(stats.quantile(hundred, 0.955, "nearest_rank"), 96)
end)

test.unit("a quantile leaves out what is missing", function()
  test.equal(stats.quantile({ json.null, 30, nan, 10, math.huge }, 0.5), 20)
  test.equal(stats.quantile({}, 0.5), nil)
  test.equal(stats.quantile({ nan }, 0.5, "nearest_rank"), nil)
end)

test.unit("the median is in the middle", function()
  test.equal(stats.median { 240, 11, 15 }, 15)
  test.equal(stats.median { 240, 11, 15, 12 }, 13.5)
  test.equal(stats.median {}, nil)
end)

test.unit("a share of nothing is not known", function()
  test.equal(stats.share(7, 98), 700 / 98)
  test.equal(stats.share(0, 98), 0)
  for _, no in ipairs { { 1, 0 }, { json.null, 5 }, { nan, 5 }, { 5, nan }, { 5, math.huge } } do test.equal(stats.share(no[1], no[2]), nil) end
  test.equal(stats.share(nil, 5), nil)
  test.equal(stats.share(5, nil), nil)
end)

test.unit("a change is one of what was", function()
  test.equal(stats.change(40, 50), 25)
  test.equal(stats.change(40, 30), -25)
  test.equal(stats.change(-40, -50), -25)
  test.equal(stats.change(0, 50), nil)
  test.equal(stats.change(nil, 50), nil)
  test.equal(stats.change(40, nan), nil)
end)

test.unit("a trend is the line that fits best", function()
  -- By hand: times 0 10 20 30 (mean 15), values 1 3 2 6 (mean 3): (-15×-2 + -5×0 + 5×-1 + 15×3) / (225+25+25+225) = 70/500.
  local trend = stats.trend { { time = 0, value = 1 }, { time = 10, value = 3 }, { time = 20, value = 2 }, { time = 30, value = 6 } }
  test.equal(trend, { slope = 0.14, time = 15, value = 3, count = 4 })
  -- 3 + 0.14 × (t - 15) = 10 at 15 + 50.
  near(stats.reaches(trend, 10), 65)
end)

test.unit("a trend of today has its digits", function()
  local points = {}
  for i = 1, 5 do points[i] = { time = 1795651200 + 60 * i, value = 1e12 + 3 * i } end
  local trend = stats.trend(points)
  near(trend.slope, 0.05)
  near(stats.reaches(trend, 1e12 + 30), 1795651200 + 600)
end)

test.unit("a trend leaves out what is missing, and needs two times", function()
  local points = { { time = 0, value = 1, state = "ok" }, { time = 5, state = "missing" }, { time = 7, value = nan }, { time = 10, value = 2 } }
  test.equal(stats.trend(points), { slope = 0.1, time = 5, value = 1.5, count = 2 })
  test.equal(stats.trend {}, nil)
  test.equal(stats.trend { { time = 5, value = 1 } }, nil)
  test.equal(stats.trend { { time = 5, value = 1 }, { time = 5, value = 2 } }, nil)
  test.equal(stats.trend { { time = 5, value = 1e308 }, { time = 6, value = 1e308 } }, nil)
end)

test.unit("what does not change comes nowhere", function()
  test.equal(stats.reaches(nil, 10), nil)
  test.equal(stats.reaches({ slope = 0, time = 5, value = 1, count = 2 }, 10), nil)
  test.equal(stats.reaches({ slope = 1, time = 5, value = 1, count = 2 }, nan), nil)
end)

test.unit("what is no number is refused", function()
  refused("stats.of: values must be a list, not nil", stats.of)
  refused('stats.of: values[2] must be a number, or json.null or false for none, not x', stats.of, { 1, "x" })
  refused("stats.quantile: q must be a number from 0 to 1, not 95", stats.quantile, { 1 }, 95)
  refused("stats.quantile: q must be a number from 0 to 1, not NaN", stats.quantile, { 1 }, nan)
  refused("stats.quantile: method must be one of linear, nearest_rank, not best", stats.quantile, { 1 }, 0.5, "best")
  refused("stats.share: part must be a number, or nil for none, not 5", stats.share, "5", 10)
  refused("stats.trend: points[1].time must be a number", stats.trend, { { value = 1 } })
  refused("stats.trend: points[1] must be { time =, value = }, not 5", stats.trend, { 5 })
end)

test.unit("a trend is what trend returned", function()
  local _, err = try(stats.reaches, { time = 1 }, 100)
  test.that(err.message:find("stats.reaches: trend must be what stats.trend returned", 1, true) ~= nil, err.message)
end)
