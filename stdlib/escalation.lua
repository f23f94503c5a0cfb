--- Who is told next, and when: the matrix of severities P0 to P3, and "not better within 15 minutes: escalate".
-- The matrix is that of the site file (escalation:), or else the handbook's: P0 within 15 minutes, on-call, manager, director; P1 within an
-- hour, on-call, team lead; P2 within four hours, on-call, team; P3 on the next business day, team. A runbook that tells people says so in its
-- `may`: "notify.send receivers".

local arguments = require "arguments"
local calendar  = require "calendar"
local notify    = require "notify"
local report    = require "report"
local time      = require "time"
local units     = require "units"

local escalation = {}

local severities = { "P0", "P1", "P2", "P3" }

local function refuse(message, ...) error({ code = "invalid", message = message:format(...) }, 0) end

local function seconds(value) return type(value) == "string" and time.duration(value) or value end

-- The matrix --------------------------------------------------------------------------------------------------------------------------

local function rung_of(severity, given)
  arguments.one_of("escalation: severity", severity, severities)
  local rung = given or notify.escalation(severity)
  arguments.is("escalation: the row for " .. severity, rung, "table")
  if not rung.respond and not rung.next_business_day then refuse("escalation: the row for %s needs respond, or next_business_day", severity) end
  if rung.respond then arguments.duration("escalation: respond of " .. severity, rung.respond) end
  for i, step in ipairs(arguments.list("escalation: the path of " .. severity, rung.path)) do
    if type(step) ~= "table" or type(step.who) ~= "string" then refuse('escalation: the path of %s[%d] must be { who = "Manager", receiver = "manager" }', severity, i) end
  end
  return rung
end

local function time_of(where, value)
  if value ~= nil and type(value) ~= "number" then refuse("%s must be a time in seconds since 1970 UTC, not %s: time.parse reads one", where, tostring(value)) end
  return value or time.now()
end

-- When somebody has to have responded who was told at that time.
local function responds(rung, at, workdays)
  if rung.next_business_day then return calendar.next_business_day(at, workdays) end
  return at + seconds(rung.respond)
end

--- The way of an incident: by when somebody has to respond, and who is told when, as long as it is not better.
-- @param severity          P0, P1, P2 or P3
-- @param options?          a table
-- @param options.since     when it began, in seconds since 1970 UTC; now by default
-- @param options.calendar  when people work, as calendar.next_business_day takes it
-- @param options.rung      the row of the matrix instead of the site's, as notify.escalation returns it: { respond = "15m", path = { { who = "Team",
--                          receiver = "team" } } }
-- @return                  { severity, respond = seconds, next_business_day = whether it is that instead, since, due = when somebody has to have
--                          responded, path = list of { who, receiver, at } }: times in seconds since 1970 UTC
-- @usage escalation.of("P1", { since = time.parse("2026-11-23T03:00:00Z") }).due
function escalation.of(severity, options)
  options = arguments.options("escalation.of", options, { "since", "calendar", "rung" })
  local rung, since = rung_of(severity, options.rung), time_of("escalation.of: since", options.since)
  local due = responds(rung, since, options.calendar)
  local path, at = {}, since
  for i, step in ipairs(rung.path) do
    -- Each has the time to respond before the next is told, unless the matrix says when; a business day is no number of seconds.
    if i > 1 then at = responds(rung, at, options.calendar) end
    local says = step.after and not (rung.next_business_day and step.after == 0)
    path[i] = { who = step.who, receiver = step.receiver, at = says and since + seconds(step.after) or at }
  end
  return { severity = severity, respond = seconds(rung.respond), next_business_day = rung.next_business_day == true, since = since, due = due, path = path }
end

local function path_of(where, way)
  if type(way) ~= "table" or type(way.path) ~= "table" or not way.due then refuse("%s: way must be what escalation.of returned, not %s", where, tostring(way)) end
  return way.path
end

--- Who is to have been told by now, and who is next.
-- @param way  what escalation.of returned
-- @param at?  the time to ask about, now by default
-- @return     list of those who are to have been told
-- @return     who is next, { who, receiver, at }; nil if nobody is left
-- @usage local told, next_one = escalation.told(escalation.of("P0", { since = time.now() - 1200 }))
function escalation.told(way, at)
  at = arguments.is("escalation.told: at", at or time.now(), "number")
  local told = {}
  for _, step in ipairs(path_of("escalation.told", way)) do
    if step.at > at then return told, step end
    told[#told + 1] = step
  end
  return told, nil
end

-- How long it is until a time, or how long ago it was.
local function from_now(at)
  local left = at - time.now()
  if left == 0 then return "now" end
  return left > 0 and "in " .. units.duration(left) or units.duration(-left) .. " ago"
end

--- Shows who is told when.
-- @param way what escalation.of returned
-- @usage escalation.report(escalation.of("P0"))
function escalation.report(way)
  local rows = {}
  for i, step in ipairs(path_of("escalation.report", way)) do
    rows[i] = { who = step.who, by = step.receiver or "(no receiver)", when = time.format(step.at, "minute"), from_now = from_now(step.at) }
  end
  report.table(rows, { "who", "by", { field = "when" }, { field = "from_now", title = "that is" } }, {
    title = ("%s: somebody responds by %s (%s)"):format(way.severity, time.format(way.due, "minute"), way.next_business_day and "next business day" or "within " .. units.duration(way.respond)),
  })
end

-- Not better: escalate ----------------------------------------------------------------------------------------------------------------

--- A condition that holds when a number has fallen: below a limit, or else below what it was at the first look.
-- @param measure       a function that returns a number; nil, json.null or NaN for no data, which is never better
-- @param options?      a table
-- @param options.below the number has to be below this
-- @param options.unit  as units.format takes it
-- @return              a function for escalation.watch: whether it is better, and how it is in words
-- @usage escalation.falls(function() return prometheus.values({ rate = "photon:error_rate" }).rate.value end, { below = 5, unit = "%" })
function escalation.falls(measure, options)
  options = arguments.options("escalation.falls", options, { "below", "unit" })
  arguments.is("escalation.falls: measure", measure, "function")
  local first
  return function()
    local value = measure()
    if units.missing(value) then return false, "no data" end
    if options.below then
      local fallen = value < options.below
      return fallen, ("%s, %s %s"):format(units.format(value, options.unit, options.below), fallen and "below" or "has to be below", units.format(options.below, options.unit))
    end
    local before = first
    first = first or value
    if not before then return false, units.format(value, options.unit) end
    return value < before, ("%s, was %s"):format(units.format(value, options.unit, before), units.format(before, options.unit))
  end
end

-- Those whom a watch may tell, and when.
local function targets_of(options, now)
  local within, targets = options.within and arguments.duration("escalation.watch: within", options.within), {}
  local function add(step, at) targets[#targets + 1] = { who = step.who or step.receiver, receiver = step.receiver, at = at } end
  if options.to then
    if not within then refuse("escalation.watch: with to, within says how long each is waited for") end
    for i, step in ipairs(arguments.list("escalation.watch: to", options.to)) do
      if type(step) == "string" then step = { receiver = step } end
      if type(step) ~= "table" or type(step.receiver or step.who) ~= "string" then
        refuse('escalation.watch: to[%d] must be the name of a receiver, or { who = "Manager", receiver = "manager" }', i)
      end
      add(step, now + i * within)
    end
    return targets
  end
  local way = escalation.of(options.severity, { since = options.since, calendar = options.calendar, rung = options.rung })
  for _, step in ipairs(way.path) do
    -- Who is told at the beginning is whoever runs this.
    if step.at > way.since then add(step, within and now + (#targets + 1) * within or step.at) end
  end
  return targets
end

-- Whether an error is a mistake in the script, and no news of the site. What it raises as a text is meant.
local function is_mistake(err) return type(err) == "table" and (err.code == "script" or err.code == "invalid" or err.code == "internal") end

-- What a look finds. One that fails has found nothing good: what watches over an incident must not end because a server is away. But nobody is
-- to be woken for a misspelt name: where the first look fails by a mistake, also of a dry run, it is the script that has.
local function looker(better, state)
  local looked = false
  return function()
    local ok, is_better, detail = pcall(better)
    if ok then
      looked, state.detail = true, detail ~= nil and tostring(detail) or nil
      return is_better and true or false
    end
    if not looked and is_mistake(is_better) then error(is_better, 0) end
    looked = true
    state.detail = "it cannot be looked at: " .. (type(is_better) == "table" and is_better.message or tostring(is_better))
    return false
  end
end

local function message_for(options, targets, i, state)
  local waited = units.duration(state.at - state.began)
  local lines = { ("%s is not better after %s%s."):format(options.name, waited, state.detail and ": " .. state.detail or "") }
  for _, paged in ipairs(state.paged) do
    lines[#lines + 1] = ("%s: %s%s"):format(time.format(paged.at, "minute"), paged.who, paged.sent and " was told" or " could not be told: " .. paged.error)
  end
  local after = targets[i + 1]
  lines[#lines + 1] = after and ("%s is told next, at %s."):format(after.who, time.format(after.at, "minute")) or "Nobody is told after you."
  local message = { title = ("[%s] %s: not better after %s"):format(options.severity or "ESCALATION", options.name, waited), text = table.concat(lines, "\n"),
    severity = options.severity, key = options.key, link = options.link }
  for name, value in pairs(options.message or {}) do message[name] = value end
  return message
end

-- Tells one of them. Whoever has no receiver is to be called by a person.
local function tell(target, at, message, send)
  local out = { who = target.who, receiver = target.receiver, at = at, sent = false }
  if not target.receiver then
    out.error = "the site file names no receiver for them"
    log(("CALL %s: %s"):format(target.who, out.error))
    return out
  end
  local told, err = try(send or notify.send, target.receiver, message)
  err = err or (not told.sent and told.error) or nil
  out.sent, out.error = not err, err and err.message
  if err then log(("%s could not be told%s: %s"):format(target.who, target.who ~= target.receiver and " by " .. target.receiver or "", err.message)) end
  return out
end

--- Watches whether something gets better, and tells the next one each time that it has not within its time.
-- Without `to` those are told who stand in the matrix after the first, who is taken for whoever runs this. When somebody cannot be told, the
-- next one is at once. It ends when it is better, or when the last one was told.
-- In a dry run it is assumed to get better; --assume "NAME to get better=timeout" rehearses that it does not.
-- @param options           a table
-- @param options.name      what is watched, as a person says it: "the error rate"
-- @param options.severity  P0 to P3: whose matrix it is; with `to` it may be left out
-- @param options.within    how long each of them is waited for, such as "15m"; as the matrix has it by default
-- @param options.to        who is told instead of those in the matrix: list of receivers' names, or of { who =, receiver = }
-- @param options.every     how often it is looked, "30s" by default
-- @param options.since     when it began, in seconds since 1970 UTC; now by default
-- @param options.message   fields of the message that are to be others: title, text, fields, and whatever else notify.send takes
-- @param options.key       what the incident is known by
-- @param options.link      address of a page to read on
-- @param options.calendar  when people work, as calendar.next_business_day takes it
-- @param options.rung      the row of the matrix, as escalation.of takes it
-- @param options.send      a function(receiver, message) that tells somebody; notify.send by default
-- @param better            a function that returns whether it is better, and how it is in words; one that fails has found nothing better,
--                          unless it is a mistake in the script by which the first look fails
-- @return                  { better = whether it got so, detail = how it was at the last look, after = seconds, paged = list of { who, receiver, at, sent, error } }
-- @usage escalation.watch({ name = "the error rate", within = "15m", to = { "hardware-team" } }, escalation.falls(error_rate, { below = 5, unit = "%" }))
function escalation.watch(options, better)
  options = arguments.options("escalation.watch", options, { "name", "severity", "within", "to", "every", "since", "message", "key", "link", "calendar", "rung", "send" })
  if options.severity ~= nil then arguments.one_of("escalation.watch: severity", options.severity, severities) end
  local every = arguments.duration("escalation.watch: every", options.every or "30s")
  if options.message ~= nil then arguments.is("escalation.watch: message", options.message, "table") end
  if options.send ~= nil then arguments.is("escalation.watch: send", options.send, "function") end
  if type(options.name) ~= "string" then refuse("escalation.watch needs a name: what is watched") end
  arguments.is("escalation.watch: better", better, "function")
  local state = { began = time_of("escalation.watch: since", options.since), paged = {} }
  local targets = targets_of(options, time.now())
  if #targets == 0 then refuse("escalation.watch: there is nobody who could be told that %s is not better%s: say whom, with to and within", options.name,
      options.severity and " (" .. options.severity .. ")" or "") end
  local look, reached = looker(better, state), true
  for i, target in ipairs(targets) do
    if reached then
      -- One name for all: a plan then holds what is done where it gets better at no time. The deadline is a time, so that nobody is told later
      -- because the run died and was taken up again.
      local _, err = try(wait_until, { name = options.name .. " to get better", deadline = target.at, every = every }, look)
      if not err then return { better = true, detail = state.detail, after = time.now() - state.began, paged = state.paged } end
      if err.code ~= "timeout" then error(err, 0) end
      state.at = math.max(time.now(), target.at) -- a dry run does not wait
    end
    log(("%s is not better after %s%s: telling %s"):format(options.name, units.duration(state.at - state.began), state.detail and " (" .. state.detail .. ")" or "", target.who))
    local paged = tell(target, state.at, message_for(options, targets, i, state), options.send)
    state.paged[#state.paged + 1] = paged
    reached = paged.sent or not target.receiver
  end
  return { better = false, detail = state.detail, after = state.at - state.began, paged = state.paged }
end

return escalation
