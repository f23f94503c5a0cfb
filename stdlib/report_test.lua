-- Tests of report: runbook test stdlib/report_test.lua
local test   = require "test"
local json   = require "json"
local report = require "report"
local units  = require "units"

-- What was shown last.
local function shown() return test.shown()[#test.shown()] end

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.that(tostring(err.message):find(want, 1, true) ~= nil, ("it says %s, and not %s"):format(tostring(err.message), want))
end

test.unit("a table has the fields that are named, in order", function()
  report.table({ { name = "a", state = "hot" }, { name = "b" } }, { "name", "state" }, { title = "Devices" })
  test.equal(shown(), { form = "table", title = "Devices", columns = { "name", "state" }, rows = { { "a", "hot" }, { "b", "" } } })
end)

test.unit("a column of numbers is set right, and can be computed with", function()
  report.table({ { name = "a", jobs = 1204, load = 1 / 3 }, { name = "b" }, { name = "c", jobs = json.null, load = 0 / 0 } }, { "name", "jobs", "load" })
  local table = shown()
  test.equal(table.align, { "left", "right", "right" })
  test.equal(table.rows, { { "a", "1204", "0.333" }, { "b", "", "" }, { "c", "", "no data" } })
  test.equal(table.values[1], { "a", 1204, 1 / 3 })
  test.equal(table.values[3], { "c", json.null, json.null })
end)

test.unit("a column of this and that is set left", function()
  report.table({ { a = 1 }, { a = "none" } }, { "a" })
  test.equal(shown().align, nil)
end)

test.unit("a column can have a title, a format and a side", function()
  report.table({ { name = "a", memory = 1536 }, { name = "b" } }, {
    { field = "name", title = "node", align = "right" },
    { field = "memory", title = "used", format = units.bytes },
    { field = "name", title = "both", align = "left", format = function(value, row) return value .. ":" .. tostring(row.memory) end },
  })
  test.equal(shown(), {
    form = "table", columns = { "node", "used", "both" }, align = { "right", "right", "left" },
    rows = { { "a", "1.5 KiB", "a:1536" }, { "b", "no data", "b:nil" } }, values = { { "a", 1536, "a" }, { "b", json.null, "b" } },
  })
end)

test.unit("what is no text or number is shown as JSON", function()
  report.table({ { a = { "x", "y" }, b = true, c = { d = 1 } } }, { "a", "b", "c" })
  test.equal(shown().rows, { { '["x","y"]', "true", '{"d":1}' } })
end)

test.unit("Kubernetes objects have the columns of kubectl", function()
  local pod = json.decode('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"status":{"phase":"Pending"}}')
  report.table({ pod }, { "name", "status" })
  test.equal(shown().rows, { { "web", "Pending" } })
end)

test.unit("a table without rows is one", function()
  report.table({}, { "name" })
  test.equal(shown(), { form = "table", columns = { "name" } })
end)

test.unit("what a table cannot show is refused", function()
  refused('report.table has no option "titel"; did you mean "title"?', report.table, {}, {}, { titel = "T" })
  refused('report.table: a column has no option "filed"', report.table, {}, { { filed = "a" } })
  refused("report.table: align must be one of left, right", report.table, {}, { { field = "a", align = "middle" } })
  refused("report.table: rows must be a list, not nil", report.table, nil, { "a" })
  refused("report.table: columns must be a list, not nil", report.table, {})
end)

test.unit("pairs keep their order", function()
  report.pairs({ { "replicas", 3 }, { "image", "compiler:1.4" }, { "owner", nil } }, { title = "Deployment" })
  test.equal(shown(), {
    form = "pairs", title = "Deployment", rows = { { "replicas", "3" }, { "image", "compiler:1.4" }, { "owner", "" } },
    values = { { "replicas", 3 }, { "image", "compiler:1.4" }, { "owner", json.null } },
  })
end)

test.unit("lines stand below a title", function()
  report.lines({ "one", "two" }, "log")
  test.equal(shown(), { form = "text", title = "log", text = "  one\n  two" })
end)

test.unit("checks have a state, a name and a reason", function()
  local checks = { { name = "pods", state = "healthy" }, { name = "errors", state = "down", detail = "25%", value = 25, unit = "%" } }
  report.checks(checks, { title = "Health" })
  test.equal(shown(), { form = "checks", title = "Health", checks = checks })
  refused("state must be one of", report.checks, { { name = "pods", state = "fine" } })
end)

test.unit("a series says what it is in words", function()
  report.sparklines({ { name = "a", values = { 4, json.null, false, 0 / 0, 10, 7 } } }, { title = "T", unit = "/s", scale = "common" })
  test.equal(shown(), { form = "sparklines", title = "T", unit = "/s", scale = "common", series = { {
    name = "a", values = { 4, json.null, json.null, json.null, 10, 7 }, text = "min 4/s  max 10/s  last 7/s  (3 of 6 missing)",
  } } })
end)

test.unit("what prometheus.query_range returns is a series, named by its labels", function()
  local function series(labels) return { labels = labels, values = { 1 }, points = { { time = 0, value = 1 } }, stats = { count = 1 }, text = "t" } end
  report.sparklines({ series { target = "envise", __name__ = "rate", job = "photon" }, series { __name__ = "up" }, series {} })
  local names = {}
  for i, one in ipairs(shown().series) do names[i] = one.name end
  test.equal(names, { "photon envise", "up", "" })
end)

test.unit("a series without a last value says so", function()
  report.sparklines({ { name = "a", values = { 1, json.null } }, { name = "b", values = { json.null } }, { name = "c", values = {} }, { name = "d", values = { 1 }, text = "mine" } })
  local said = {}
  for i, series in ipairs(shown().series) do said[i] = series.text end
  test.equal(said, { "min 1  max 1  last no data  (1 of 2 missing)", "no data", "no data", "mine" })
end)

test.unit("what is no series is refused", function()
  refused("report.sparklines: series[1].values must be a list, not nil", report.sparklines, { { name = "a" } })
  refused('report.sparklines: series[1] has no option "vaules"', report.sparklines, { { name = "a", vaules = {} } })
  refused("series[1].values[2] must be a number", report.sparklines, { { name = "a", values = { 1, "2" }, text = "" } })
end)

test.unit("bars have their number beside them", function()
  report.bars({ { name = "a", value = 83.5 }, { name = "b", value = 0 }, { name = "c" }, { name = "d", value = -3, text = "mine" } }, { unit = "%", max = 100 })
  test.equal(shown(), { form = "bars", unit = "%", max = 100, bars = {
    { name = "a", value = 83.5, text = "83.5%" }, { name = "b", value = 0, text = "0%" }, { name = "c", value = json.null, text = "no data" },
    { name = "d", value = -3, text = "mine" },
  } })
end)
