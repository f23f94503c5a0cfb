--- What programs print for people, as data: tables, "key: value", words with a sign between them.
-- A line that cannot be read is none that is lost: every function that reads lines returns those that it could not read, as they came.
-- None of them fails, whatever text it is given to read. For JSON there is the module json.

local arguments = require "arguments"

local parse = {}

-- What a program printed is in the field stdout of what host.run returns.
local function text_of(where, text) return arguments.is(where, text, "string") end

--- The lines of a text that are not blank, without their ends. What a program wrote over (a progress bar) is a line of its own.
-- @param text what a program printed
-- @return     a list of texts
-- @usage #parse.lines("one\r\n\ntwo\n") == 2
function parse.lines(text)
  local out = {}
  for line in text_of("parse.lines: text", text):gmatch("[^\r\n]+") do
    out[#out + 1] = line:match("^.*%S") -- looks for the end from the end: the time that it takes grows with the line, and no faster
  end
  return out
end

--- A text without the space around it.
-- @param text a text
-- @return     the text that is left
-- @usage parse.trim("  READY ") == "READY"
function parse.trim(text)
  return text_of("parse.trim: text", text):match("^%s*(.*%S)") or ""
end

-- How programs write a number, the longest way first: 1,204.5 and 1.2e-3, which are not 1 and something after it.
local numbers = { "^%s*([+-]?%d%d?%d?,[%d,]*%d%d%d%.?%d*)(.*)$", "^%s*([+-]?%d+%.?%d*[eE][+-]?%d+)(.*)$", "^%s*([+-]?%d+%.?%d*)(.*)$", "^%s*([+-]?%.%d+)(.*)$" }

-- Whether commas stand in a number only before three digits.
local function well_grouped(text)
  local whole = text:match("^[+-]?([%d,]+)")
  return not whole or not (whole .. ","):gsub("^%d+,", ""):gsub("%d%d%d,", ""):find(".")
end

-- A text with the signs of its number as they are where the point is decimal.
local function with_points(text)
  local number, rest = text:match("^(%s*[+-]?[%d.,]+)(.*)$")
  if not number then return text end
  return number:gsub("[.,]", { ["."] = ",", [","] = "." }) .. rest
end

--- The number that a text begins with, and what comes after it: its unit, mostly. "41,5" is none unless the comma is said to be decimal: half
-- of a number is worse than none.
-- @param text    such as "41.5 C", "6.8 %", "1,204 MiB" or "-"; anything else than a text has no number
-- @param decimal "," where the program writes "1.204,5"; "." if not given
-- @return        the number, or nil if there is none; and the text after it, without the space around it
-- @usage parse.number("41.5 C") == 41.5
-- @usage parse.number("1.204,5 mW", ",") == 1204.5
function parse.number(text, decimal)
  if type(text) ~= "string" then return nil, "" end
  if decimal == "," then text = with_points(text) end
  for _, way in ipairs(numbers) do
    local found, rest = text:match(way)
    if found and not rest:find("^[.,]%d") and well_grouped(found) and (not found:find("[eE]") or not rest:find("^%w")) then
      local n = tonumber((found:gsub(",", "")))
      if not n or math.abs(n) == math.huge then return nil, "" end -- 1e400 is no measurement
      return n, parse.trim(rest)
    end
  end
  return nil, ""
end

--- What a program calls a value as the name of a field: in small letters, with underscores.
-- @param text such as "Lane errors" or "TEMP(C)"
-- @return     such as "lane_errors" or "temp_c"
-- @usage parse.name("Lane errors") == "lane_errors"
function parse.name(text)
  return (text_of("parse.name: text", text):lower():gsub("[^%w]+", "_"):gsub("^_+", ""):gsub("_+$", ""))
end

--- The cells of a line whose columns are two spaces or a tab apart.
-- @param line a line
-- @return     a list of texts
-- @usage parse.cells("envise-1  Lightmatter Envise  online")[2] == "Lightmatter Envise"
function parse.cells(line)
  local out, from = {}, 1
  local text = parse.trim(text_of("parse.cells: line", line)):gsub("\t", "  ")
  while from <= #text do
    local gap, last = text:find("  +", from)
    out[#out + 1] = parse.trim(text:sub(from, (gap or #text + 1) - 1))
    from = (last or #text) + 1
  end
  return out
end

-- Whether a line has all of the names among its cells.
local function is_header(cells, names)
  local there = {}
  for _, cell in ipairs(cells) do there[cell] = true end
  for _, name in ipairs(names) do
    if not there[name] then return false end
  end
  return true
end

--- Reads a table with a line of headings. Its columns are two spaces or a tab apart, so that a cell may have a space in it.
-- @param text  what a program printed
-- @param names the headings that must be there, as the program prints them; it may have more, in any order
-- @return      a list of rows, each a table by heading; and the lines that are no row
-- @usage parse.table("DEVICE  STATUS\nenvise-1  online\n", { "DEVICE", "STATUS" })[1].STATUS == "online"
function parse.table(text, names)
  local rows, unread, header = {}, {}, nil
  for _, line in ipairs(parse.lines(text)) do
    local cells = parse.cells(line)
    if not header then
      if is_header(cells, names) then header = cells else unread[#unread + 1] = line end
    elseif #cells == #header then
      local row = {}
      for i, name in ipairs(header) do row[name] = cells[i] end
      rows[#rows + 1] = row
    else
      unread[#unread + 1] = line
    end
  end
  return rows, unread
end

--- Reads lines of "key: value".
-- @param text  what a program printed
-- @param first the key that begins another block, where the same keys come again for each device; nil if there is only one
-- @return      a list of blocks, each a table of texts by key: the first has what comes before any of the others; and the lines that are
--              neither
-- @usage parse.blocks("Driver: loaded\n\nDevice: a\n  State: READY\n", "Device")[2].State == "READY"
function parse.blocks(text, first)
  local blocks, unread = { {} }, {}
  for _, line in ipairs(parse.lines(text)) do
    local key, value = line:match("^%s*([%w][%w _%-%(%)/]*):%s*(.*)$")
    if not key then
      unread[#unread + 1] = line
    else
      if key == first then blocks[#blocks + 1] = {} end
      blocks[#blocks][key] = value
    end
  end
  return blocks, unread
end

--- Reads the words of a line that have a sign between a key and a value, as in "link=up lanes=16/16".
-- @param line a line
-- @param sign the sign; "=" if not given
-- @return     a table of texts by key; and a list of the words that have no sign in them
-- @usage parse.words("0000:3b:00.0 link=up")["link"] == "up"
function parse.words(line, sign)
  local pairs_of, others = {}, {}
  sign = sign or "="
  for word in text_of("parse.words: line", line):gmatch("%S+") do
    local at = word:find(sign, 2, true)
    if at then pairs_of[word:sub(1, at - 1)] = word:sub(at + #sign) else others[#others + 1] = word end
  end
  return pairs_of, others
end

return parse
