--- Tables, name-value pairs and lines of text below the current step.
-- The same call reads well on a terminal, in a pipe and in `-o json`.

local report = {}

-- A Kubernetes object shows the columns that kubectl prints; anything else shows its own fields.
local function cells_of(row)
  if type(row) == "table" and row.kind and row.metadata then
    return require("kubernetes").row(row)
  end
  return row
end

local function cell(value)
  if value == nil then return "" end
  if type(value) == "table" then return value end
  return tostring(value)
end

--- Shows a table.
-- @param rows     list of objects or tables
-- @param columns  list of field names, in order; for Kubernetes objects kubectl's: name, ready, status, restarts, age, ip, node
-- @param options  { title = "a line above" }
function report.table(rows, columns, options)
  local lines = {}
  for i, row in ipairs(rows) do
    local cells, line = cells_of(row), {}
    for j, column in ipairs(columns) do line[j] = cell(cells[column]) end
    lines[i] = line
  end
  show { form = "table", title = options and options.title, columns = columns, rows = lines }
end

--- Shows name-value pairs, in the order given.
-- @param pairs    list of { name, value }
-- @param options  { title = "a line above" }
function report.pairs(pairs, options)
  local lines = {}
  for i, pair in ipairs(pairs) do lines[i] = { cell(pair[1]), cell(pair[2]) } end
  show { form = "pairs", title = options and options.title, rows = lines }
end

--- Shows lines of text, such as the end of a log, under a title.
-- @param lines  list of strings
-- @param title  a line above
function report.lines(lines, title)
  show { form = "text", title = title, text = "  " .. table.concat(lines, "\n  ") }
end

return report
