--- Tables, name-value pairs, lines of text, checks and charts below the current step.
-- The same call reads well on a terminal, in a pipe and in `-o json`, which has the numbers that a chart was drawn from.
--
-- A list in Lua cannot hold nil: a value that is missing from a series is json.null, false or NaN in it.

local json      = require "json"
local arguments = require "arguments"
local units     = require "units"

local report = {}

-- A Kubernetes object shows the columns that kubectl prints; anything else shows its own fields.
local function cells_of(row)
  if type(row) == "table" and row.kind and row.metadata then
    return require("kubernetes").row(row)
  end
  return row
end

-- A cell as it is shown. What is a list or an object is shown as JSON.
local function text_of(value)
  if value == nil or value == json.null then return "" end
  if type(value) == "number" then return units.number(value) end
  if type(value) == "table" then return value end
  return tostring(value)
end

-- A cell as data, for who computes with it; the text where it stands for an object, which is nobody's number.
local function data_of(value, text)
  if value == nil then return json.null end
  if type(value) == "table" then return text end
  return value
end

local column_fields = { "field", "title", "format", "align" }

local function column_of(spec)
  if type(spec) ~= "table" then return { field = spec, title = spec } end
  arguments.options("report.table: a column", spec, column_fields)
  if spec.align then arguments.one_of("report.table: align", spec.align, { "left", "right" }) end
  return { field = spec.field, title = spec.title or spec.field, format = spec.format, align = spec.align }
end

-- One line of a table as texts. It notes what the columns hold. Most cells of long tables are texts, which need nothing done to them.
local function texts_of(row, cells, columns)
  local texts = {}
  for i = 1, #columns do
    local column = columns[i]
    local value = cells[column.field]
    local kind = type(value)
    if kind == "number" then column.numbers = true
    elseif kind == "string" or value ~= nil and value ~= json.null then column.others = true end
    if column.format then texts[i] = column.format(value, row) or ""
    elseif kind == "string" then texts[i] = value
    else texts[i] = text_of(value) end
  end
  return texts
end

-- The lines as data, where a text stands for something else in them: most tables have only texts, and are long.
local function values_of(rows, lines, columns)
  local computable = false
  for _, column in ipairs(columns) do computable = computable or column.numbers or column.format ~= nil end
  if not computable then return nil end
  local values = {}
  for i, cells in ipairs(rows) do
    values[i] = {}
    for j, column in ipairs(columns) do values[i][j] = data_of(cells[column.field], lines[i][j]) end
  end
  return values
end

--- Shows a table. Columns are set left as kubectl sets them; one that has only numbers is set right, so that they can be compared.
-- @param rows            list of objects or tables
-- @param columns         list of columns, in order: field names (of Kubernetes objects kubectl's: name, ready, status, restarts, age, ip,
--                        node), or tables { field =, title =, format =, align = }
-- @param columns.field   the field's name
-- @param columns.title   what stands above it; the field's name by default
-- @param columns.format  function(value, row) that returns the text
-- @param columns.align   left or right
-- @param options?        a table
-- @param options.title   a line above
-- @usage report.table(nodes, { "name", { field = "memory", title = "used", format = units.bytes } }, { title = "Nodes" })
function report.table(rows, columns, options)
  options = arguments.options("report.table", options, { "title" })
  local specs, titles, align = {}, {}, {}
  for i, column in ipairs(arguments.list("report.table: columns", columns)) do
    specs[i] = column_of(column)
    titles[i] = specs[i].title
  end
  local cells, lines = {}, {}
  for i, row in ipairs(arguments.list("report.table: rows", rows)) do
    cells[i] = cells_of(arguments.is(("report.table: rows[%d]"):format(i), row, "table"))
    lines[i] = texts_of(row, cells[i], specs)
  end
  local right = false
  for i, column in ipairs(specs) do
    align[i] = column.align or (column.numbers and not column.others and "right") or "left"
    right = right or align[i] == "right"
  end
  show { form = "table", title = options.title, columns = titles, align = right and align or nil, rows = lines, values = values_of(cells, lines, specs) }
end

--- Shows name-value pairs, in the order given.
-- @param pairs          list of { name, value }
-- @param options?       a table
-- @param options.title  a line above
-- @usage report.pairs({ { "replicas", 3 }, { "image", "compiler:1.4" } }, { title = "Deployment" })
function report.pairs(pairs, options)
  options = arguments.options("report.pairs", options, { "title" })
  local lines, values, computable = {}, {}, false
  for i, pair in ipairs(arguments.list("report.pairs: pairs", pairs)) do
    arguments.is(("report.pairs: pairs[%d]"):format(i), pair, "table")
    local name, text = text_of(pair[1]), text_of(pair[2])
    lines[i], values[i] = { name, text }, { name, data_of(pair[2], text) }
    computable = computable or type(pair[2]) == "number"
  end
  show { form = "pairs", title = options.title, rows = lines, values = computable and values or nil }
end

--- Shows lines of text, such as the end of a log, under a title.
-- @param lines  list of strings
-- @param title? a line above
-- @usage report.lines({ "FATAL no queue" }, "photon-compiler-x2x4z")
function report.lines(lines, title)
  show { form = "text", title = title, text = "  " .. table.concat(arguments.list("report.lines: lines", lines), "\n  ") }
end

--- Shows checks, a line each: how it is in a word (OK, DEGRADED, DOWN, UNKNOWN), its name, and why.
-- The library health makes such checks, and a verdict of them.
-- @param checks          list of tables
-- @param checks.name     what was checked
-- @param checks.state    healthy, degraded, down or unknown
-- @param checks.detail   why, for people
-- @param checks.value    the number that was judged, for -o json
-- @param checks.unit     its unit
-- @param options?        a table
-- @param options.title   a line above
-- @usage report.checks({ { name = "devices", state = "down", detail = "0 of 4 answer" } }, { title = "Health" })
function report.checks(checks, options)
  options = arguments.options("report.checks", options, { "title" })
  show { form = "checks", title = options.title, checks = arguments.list("report.checks: checks", checks) }
end

-- What a series says in words: its lowest, highest and last value, and how many are missing.
local function summary(values, unit)
  local low, high, missing
  missing = 0
  for _, value in ipairs(values) do
    if units.missing(value) then missing = missing + 1
    else
      if not low or value < low then low = value end
      if not high or value > high then high = value end
    end
  end
  if not low then return "no data" end
  local function text(value) return units.format(value, unit) end
  local said = ("min %s  max %s  last %s"):format(text(low), text(high), text(values[#values]))
  if missing > 0 then said = ("%s  (%d of %d missing)"):format(said, missing, #values) end
  return said
end

-- What a series is called: the values of its labels, where it has no name of its own.
local function name_of(one)
  if one.name or type(one.labels) ~= "table" then return one.name end
  local labels, values = copy(one.labels), {}
  local keys = {}
  for key in pairs(labels) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    if key ~= "__name__" then values[#values + 1] = labels[key] end
  end
  return #values > 0 and table.concat(values, " ") or labels.__name__ or ""
end

--- Shows series of numbers as lines of characters that rise with them, from the lowest value to the highest.
-- Where there are more values than fit, each character is the average of several; it is drawn as missing (·, or ? in ASCII) where at least
-- half of them are. Values that are all the same stand in the middle, zeros at the bottom.
-- @param series         list of tables, such as the series of prometheus.query_range
-- @param series.name    its name
-- @param series.labels  instead of the name: labels, whose values name it
-- @param series.values  numbers in order, with json.null, false or NaN where there is none
-- @param series.text    what is said beside it; the lowest, highest and last value by default, and how many are missing
-- @param options?       a table
-- @param options.title  a line above
-- @param options.unit   of the numbers, as units.format takes it
-- @param options.scale  "common" draws all of them on one scale, so that they can be compared; "each" (the default) does not
-- @usage report.sparklines(prometheus.query_range("sum by (target) (rate(photon_compilations_total[5m]))", { from = "24h" }).series, { unit = "/s" })
-- @usage report.sparklines({ { name = "compilations", values = { 4, 5, json.null, 3 } } }, { title = "24 hours", unit = "/s" })
function report.sparklines(series, options)
  options = arguments.options("report.sparklines", options, { "title", "unit", "scale" })
  local lines = {}
  for i, one in ipairs(arguments.list("report.sparklines: series", series)) do
    arguments.options(("report.sparklines: series[%d]"):format(i), one, { "name", "labels", "values", "text", "points", "stats" })
    local values = arguments.list(("report.sparklines: series[%d].values"):format(i), one.values)
    lines[i] = { name = name_of(one), values = values, text = one.text or summary(values, options.unit) }
  end
  show { form = "sparklines", title = options.title, unit = options.unit, scale = options.scale, series = lines }
end

--- Shows numbers as bars below each other. Bars begin at 0, and go to the left for numbers below it. More than 0 is never drawn as nothing.
-- @param bars           list of tables
-- @param bars.name      its name
-- @param bars.value     its number; nil, json.null, false or NaN for no data
-- @param bars.text      what is said beside it; the number in its unit by default
-- @param options?       a table
-- @param options.title  a line above
-- @param options.unit   of the numbers, as units.format takes it
-- @param options.max    what a full bar stands for, unless a number is larger: 100 for percent
-- @usage report.bars({ { name = "node-1", value = 83.5 }, { name = "node-2" } }, { title = "Memory", unit = "%", max = 100 })
function report.bars(bars, options)
  options = arguments.options("report.bars", options, { "title", "unit", "max" })
  local lines = {}
  for i, one in ipairs(arguments.list("report.bars: bars", bars)) do
    arguments.options(("report.bars: bars[%d]"):format(i), one, { "name", "value", "text" })
    lines[i] = { name = one.name, value = one.value, text = one.text or units.format(one.value, options.unit) }
  end
  show { form = "bars", title = options.title, unit = options.unit, max = options.max, bars = lines }
end

return report
