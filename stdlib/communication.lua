--- What people are told of an incident, as the handbook's template has it: its subject, and its text plain or in Markdown.
-- It is made of data and tells nobody: the library incident keeps such data, and sends it.

local arguments = require "arguments"
local time      = require "time"

local communication = {}

-- How far an incident is, in the order of the template.
local statuses = { "INVESTIGATING", "IDENTIFIED", "MONITORING", "RESOLVED" }

local severities = { "P0", "P1", "P2", "P3" }

local fields = { "severity", "title", "status", "started", "impact", "cause", "actions", "next_update", "status_page", "commander" }

-- A text on one line: a line break in a subject would begin another header of a mail.
local function one_line(text) return (tostring(text):gsub("%s+", " "):gsub("^ ", ""):gsub(" $", "")) end

-- "In 15 minutes (03:45 UTC)": what is relative means nothing to who reads it later.
local function next_update(about, now)
  if about.status == "RESOLVED" then return "None, this is resolved" end
  local at = about.next_update
  if not at then return "When there is news" end
  local minutes, clock = math.ceil((at - now) / 60), time.format(at, "minute"):match("%d%d:%d%d UTC$")
  if minutes <= 0 then return ("Overdue since %s"):format(time.format(at, "minute")) end
  if minutes >= 120 and minutes % 60 == 0 then return ("In %d hours (%s)"):format(minutes / 60, clock) end
  return ("In %d %s (%s)"):format(minutes, minutes == 1 and "minute" or "minutes", clock)
end

local function actions_of(about)
  local lines = {}
  for i, action in ipairs(about.actions or {}) do lines[i] = one_line(action) end
  return #lines > 0 and lines or { "None yet" }
end

local function checked(function_name, about, now)
  arguments.options(function_name, arguments.is(function_name .. ": about", about, "table"), fields)
  arguments.is(function_name .. ": started", about.started, "number")
  arguments.is(function_name .. ": now", now, "number")
  arguments.one_of(function_name .. ": status", about.status, statuses)
  return about
end

-- The lines of the template that have one value, in order.
local function facts(about, now)
  return {
    { "Status", about.status }, { "Start Time", time.format(about.started, "minute") }, { "Impact", one_line(about.impact or "TBD") },
    { "Root Cause", one_line(about.cause or "TBD") },
  }, { "Next Update", next_update(about, now) }
end

--- The subject of a message about an incident.
-- @param about           what it is about
-- @param about.severity  P0 to P3
-- @param about.title     what has happened, in a few words
-- @return                "[P0 INCIDENT] Compiler outage"
-- @usage communication.subject({ severity = "P0", title = "Compiler outage" })
function communication.subject(about)
  arguments.is("communication.subject: about", about, "table")
  arguments.one_of("communication.subject: severity", about.severity, severities)
  return ("[%s INCIDENT] %s"):format(about.severity, one_line(arguments.is("communication.subject: title", about.title, "string")))
end

--- The message as plain text, as the handbook has it.
-- @param about              what it is about
-- @param about.severity     P0 to P3
-- @param about.title        what has happened, in a few words
-- @param about.status       INVESTIGATING, IDENTIFIED, MONITORING or RESOLVED
-- @param about.started      when it began, in seconds since 1970 UTC
-- @param about.impact       what users notice; TBD by default
-- @param about.cause        its root cause; TBD by default
-- @param about.actions      list of what is being done
-- @param about.next_update  when people are told again, in seconds since 1970 UTC
-- @param about.status_page  address of the page with real-time updates; left out where there is none
-- @param about.commander    who leads: "Name <email>"; left out where nobody does
-- @param now                the time, from which on the next update is counted
-- @return                   text
-- @usage log(communication.text({ severity = "P0", title = "Compiler outage", status = "INVESTIGATING", started = time.now(), impact = "No compilation completes" }, time.now()))
function communication.text(about, now)
  local told, next_one = facts(checked("communication.text", about, now), now)
  local lines = {}
  for i, fact in ipairs(told) do lines[i] = fact[1] .. ": " .. fact[2] end
  lines[#lines + 1] = "\nCurrent Actions:"
  for _, action in ipairs(actions_of(about)) do lines[#lines + 1] = "- " .. action end
  lines[#lines + 1] = ("\n%s: %s"):format(next_one[1], next_one[2])
  if about.status_page or about.commander then lines[#lines + 1] = "\n---" end
  if about.status_page then lines[#lines + 1] = "For real-time updates: " .. one_line(about.status_page) end
  if about.commander then lines[#lines + 1] = "Incident Commander: " .. one_line(about.commander) end
  return table.concat(lines, "\n")
end

-- A text in which Markdown finds no marks of its own.
local function plain(text) return (one_line(text):gsub("[\\`*_%[%]<>|#]", "\\%0")) end

--- The message in Markdown, with its subject above.
-- @param about what it is about, as communication.text takes it
-- @param now   the time, from which on the next update is counted
-- @return      text
-- @usage log(communication.markdown({ severity = "P1", title = "Slow", status = "MONITORING", started = time.now(), impact = "Some wait" }, time.now()))
function communication.markdown(about, now)
  local told, next_one = facts(checked("communication.markdown", about, now), now)
  local lines = { "### " .. plain(communication.subject(about)), "" }
  local function add(name, value) lines[#lines + 1] = ("- **%s:** %s"):format(name, value) end
  for _, fact in ipairs(told) do add(fact[1], plain(fact[2])) end
  add("Current Actions", "")
  for _, action in ipairs(actions_of(about)) do lines[#lines + 1] = "  - " .. plain(action) end
  add(next_one[1], next_one[2])
  if about.status_page then add("For real-time updates", "<" .. one_line(about.status_page) .. ">") end
  if about.commander then add("Incident Commander", plain(about.commander)) end
  return (table.concat(lines, "\n"):gsub(" \n", "\n"))
end

--- The facts of the message by their names, for receivers that show them in a way of their own.
-- @param about what it is about, as communication.text takes it
-- @param now   the time, from which on the next update is counted
-- @return      list of { name, value }, as notify.send takes it for fields
-- @usage local fields = communication.fields({ severity = "P1", title = "Slow", status = "MONITORING", started = time.now(), impact = "Some wait" }, time.now())
function communication.fields(about, now)
  local told, next_one = facts(checked("communication.fields", about, now), now)
  local out = {}
  local function add(name, value) out[#out + 1] = { name = name, value = value } end
  for i = 2, #told do add(told[i][1], told[i][2]) end -- the status is a part of the message itself
  add("Current Actions", "- " .. table.concat(actions_of(about), "\n- "))
  add(next_one[1], next_one[2])
  if about.commander then add("Incident Commander", one_line(about.commander)) end
  return out
end

return communication
