--- A timeline: what happened when, and who did it. Its entries stand in the order of time, also where several branches of a script add some.

local arguments = require "arguments"
local report    = require "report"
local time      = require "time"

local timeline = {}

local line = {}
local meta

local columns = { { field = "at", title = "when", align = "left", format = function(at) return time.format(at) end }, { field = "who" }, { field = "text", title = "what" } }

--- Begins one.
-- @return a timeline, to which add adds, with its entries: list of { at, who, text }
-- @usage timeline.new()
function timeline.new() return setmetatable({ entries = {} }, meta) end

--- Adds what happened.
-- @param text what
-- @param at?  when, in seconds since 1970 UTC; now by default
-- @usage timeline.new():add("The vendor was called")
function line:add(text, at)
  local entry, i = { at = at or time.now(), who = operator(), text = text }, #self.entries + 1
  while i > 1 and self.entries[i - 1].at > entry.at do i = i - 1 end
  table.insert(self.entries, i, entry)
end

--- Shows it as a table.
-- @param title? a line above
-- @usage timeline.new():report("What happened")
function line:report(title) report.table(self.entries, columns, { title = title }) end

-- A cell of a table in Markdown.
local function cell(text) return (text:gsub("%s+", " "):gsub("[\\`*_%[%]<>|#]", "\\%0")) end

--- The same as a table in Markdown.
-- @return text
-- @usage log(timeline.new():markdown())
function line:markdown()
  local lines = { "| When | Who | What |", "| --- | --- | --- |" }
  for _, entry in ipairs(self.entries) do lines[#lines + 1] = ("| %s | %s | %s |"):format(time.format(entry.at), cell(entry.who), cell(entry.text)) end
  return table.concat(lines, "\n")
end

meta = arguments.class("timeline", "a timeline has", line)

return timeline
