--- An incident as people hear of it: opened, updated and resolved by the handbook's template, with a timeline of everything.
-- What people complain about most is that an update was promised and did not come, and that nobody knows afterwards what happened when. So
-- each message promises the next by the clock, who is late is reminded, and whatever is done here stands in a timeline that is shown at the
-- end of the run, also of one that fails or is interrupted.
--
-- A receiver that cannot be reached stops nothing: it stands in the timeline. A runbook that uses this says in its `may`:
-- "notify.send receivers". Read next: communication, for what messages look like; situation, for how several branches of a script
-- share an incident; updates, for what becomes of promises.

local arguments     = require "arguments"
local communication = require "communication"
local escalation    = require "escalation"
local notify        = require "notify"
local situation     = require "situation"
local time          = require "time"
local timeline      = require "timeline"
local units         = require "units"
local updates       = require "updates"

local incident = {}

-- What an incident can do. The examples call it so too.
local outage = {}
local meta

-- How often people hear of an incident: nobody waits longer for word than, by the handbook, somebody may take to respond.
local intervals = { P0 = "15m", P1 = "1h", P2 = "4h", P3 = "1d" }

-- How an incident can be that is not over. Each may follow on each: a repair may not hold, and a cause may be the wrong one.
local unresolved = { "INVESTIGATING", "IDENTIFIED", "MONITORING" }

local opening = {
  "severity", "title", "impact", "cause", "actions", "started", "status", "status_page", "commander", "receivers", "reminders", "every", "key", "send",
}

-- What a pager takes, with what is put behind it for those who were called in.
local longest_key = 230

-- What a pager knows those by who were called in, beside the incident's own key.
local escalated = "-escalation"

local function refuse(message, ...) error({ code = "invalid", message = message:format(...) }, 0) end

local function text_of(where, value)
  if type(value) ~= "string" or not value:find("%S") then refuse("%s must be a text, not %s", where, type(value) == "string" and "an empty one" or tostring(value)) end
  return value
end

local function optional(where, value) return value ~= nil and text_of(where, value) or nil end

-- A name that is the same each time the runbook runs: it is what a pager knows an incident by, and a part of what a plan holds to.
-- Letters of every script stay: two incidents in Japanese are two.
local function key_of(title)
  local key = title:lower():gsub("[^%w\128-\255]+", "-"):gsub("^%-", ""):gsub("%-$", "")
  if key == "" then refuse("incident.open: %s makes no key: say what the incident is known by, with key", title) end
  if #key > longest_key then key = key:sub(1, longest_key):gsub("[\192-\255][\128-\191]*$", "") end -- never half a letter
  return key
end

-- What a pager knows an incident by. notify says the same of one that is wrong, but only when people are to be told.
local function known_by(options)
  if options.key == nil then return key_of(options.title) end
  local key = text_of("incident.open: key", options.key)
  if key:find("%c") or #key > longest_key then refuse("incident.open: key must be one line of text, of at most %d bytes", longest_key) end
  return key
end

local function list_of(where, value)
  local out = {}
  for i, item in ipairs(arguments.list(where, value or {})) do out[i] = text_of(("%s[%d]"):format(where, i), item) end
  return out
end

local function note(self, text, at) self.timeline:add(text, at) end

-- Telling people ----------------------------------------------------------------------------------------------------------------------

-- Sends to several at once, so that one that hangs holds up nobody else; who was told, and why others were not, by name.
local function send_to(self, receivers, message)
  local result = { sent = {}, failed = {} }
  if #receivers == 0 then return result end
  local send = self.how.send or notify.send
  local told, errors = parallel(receivers, { on_error = "continue", limit = #receivers }, function(receiver) return send(receiver, message) end)
  for i, receiver in ipairs(receivers) do
    local answer = told[i]
    local err = errors[i] or (type(answer) == "table" and answer.sent == false and answer.error) or nil
    if err then
      result.failed[receiver] = err.message
      note(self, ("%s could not be told: %s"):format(receiver, err.message))
      log(("%s could not be told of %s: %s"):format(receiver, self:subject(), err.message))
    else
      result.sent[#result.sent + 1] = receiver
    end
  end
  return result
end

-- Tells everybody how it is, and promises the next time.
local function announce(self, after)
  local about, now, seen = self.about, situation.observe(self)
  if seen.next_update and now - seen.next_update >= 1 then note(self, ("this update is %s late"):format(units.duration(now - seen.next_update))) end
  local promised = seen.status ~= "RESOLVED" and now + (after or self.how.every) or nil
  situation.set(self, now, about, "next_update", promised)
  situation.set(self, now, self.how, "remind_at", promised)
  local result = send_to(self, self.how.receivers, {
    title = self:subject(), text = communication.text(about, now), severity = about.severity, status = seen.status:lower(), key = self.how.key,
    link = about.status_page, fields = communication.fields(about, now),
  })
  if #result.sent > 0 then note(self, ("told %s: %s"):format(table.concat(result.sent, ", "), seen.status)) end
  return result
end

--- Opens an incident, and tells the receivers.
-- @param options              what has happened
-- @param options.severity     P0 to P3
-- @param options.title        in a few words; it is the subject of every message
-- @param options.impact       what users notice
-- @param options.cause        its root cause, if it is known; TBD until then
-- @param options.actions      list of what is being done
-- @param options.started      when it began, in seconds since 1970 UTC; now by default
-- @param options.status       INVESTIGATING by default; IDENTIFIED or MONITORING for one that is further already
-- @param options.status_page  address of the page with real-time updates
-- @param options.commander    who leads: "Name <email>"; whoever runs this by default
-- @param options.receivers    list of receivers of the site that are told; nobody by default
-- @param options.reminders    list of receivers, of chats or mail, that are told when an update is late; the screen is, in any case. For a plan
--                             put what may take longer than an update into outage:during or outage:watch: they rehearse that it does, and who
--                             is reminded stands in the plan. Elsewhere in an apply a late update ends the run, because its reminder is not planned
-- @param options.every        how long after an update the next is promised: by default 15 minutes for P0, 1 hour for P1, 4 for P2, a day for P3
-- @param options.key          what the incident is known by; made of its title by default
-- @param options.send         a function(receiver, message) that tells somebody; notify.send by default
-- @return                     the incident, to which update, act, note and others tell more
-- @usage local outage = incident.open({ severity = "P0", title = "Compiler outage", impact = "No compilation completes", receivers = { "team" } })
function incident.open(options)
  options = arguments.options("incident.open", options, opening)
  arguments.one_of("incident.open: severity", options.severity, { "P0", "P1", "P2", "P3" })
  local about = {
    severity = options.severity, title = text_of("incident.open: title", options.title), impact = text_of("incident.open: impact", options.impact),
    cause = optional("incident.open: cause", options.cause), started = arguments.is("incident.open: started", options.started or time.now(), "number"),
    status = arguments.one_of("incident.open: status", options.status or "INVESTIGATING", unresolved),
    status_page = optional("incident.open: status_page", options.status_page),
    commander = optional("incident.open: commander", options.commander) or operator(),
  }
  if about.status == "IDENTIFIED" and not about.cause then refuse("incident.open: what is identified? Say it with cause") end
  local self = {
    about = about, timeline = timeline.new(), how = {
      receivers = list_of("incident.open: receivers", options.receivers), reminders = list_of("incident.open: reminders", options.reminders),
      -- Who promised the next update for the same moment would do nothing but tell.
      every = arguments.duration("incident.open: every", options.every or intervals[about.severity]), key = known_by(options),
      send = options.send and arguments.is("incident.open: send", options.send, "function"),
      escalated = {}, actions = {}, anew = 0, set = {},
    },
  }
  setmetatable(self, meta)
  situation.replace_actions(self, list_of("incident.open: actions", options.actions), 0)
  on_exit(function() self:report() end)
  note(self, "opened: " .. self:subject())
  announce(self)
  return self
end

-- What is done about it ---------------------------------------------------------------------------------------------------------------

-- Nothing more is said of what is over.
local function still_open(self, what)
  local now, seen = situation.observe(self)
  if seen.status == "RESOLVED" then
    error({ code = "invalid", message = ("incident: %s: %s is resolved"):format(what, self:subject()), hint = "reopen it: incident:reopen(\"why\")" }, 0)
  end
  return now, seen
end

-- Takes over what has changed, with a line in the timeline for each. Who looks for a cause again has none.
local function change(self, where, now, seen, options)
  local cause = options.cause and text_of(where .. ": cause", options.cause)
  local impact = options.impact and text_of(where .. ": impact", options.impact)
  local actions = options.actions and list_of(where .. ": actions", options.actions)
  local line = options.note and text_of(where .. ": note", options.note)
  if options.status and options.status ~= seen.status then
    note(self, ("%s → %s"):format(seen.status, options.status))
    situation.set(self, now, self.about, "status", options.status)
    if options.status == "INVESTIGATING" then situation.set(self, now, self.about, "cause", nil) end
  end
  if cause and cause ~= seen.cause then note(self, "root cause: " .. cause) end
  if impact and impact ~= seen.impact then note(self, "impact: " .. impact) end
  if cause then situation.set(self, now, self.about, "cause", cause) end
  if impact then situation.set(self, now, self.about, "impact", impact) end
  if actions then situation.replace_actions(self, actions, now) end
  if line then note(self, line) end
end

--- Tells the receivers how it is now, and promises the next update. What is not given stays as it was, but for the
-- cause where it is INVESTIGATING again.
-- @param options?         what has changed
-- @param options.status   INVESTIGATING, IDENTIFIED (needs a cause) or MONITORING; incident:resolve says that it is over
-- @param options.cause    its root cause
-- @param options.impact   what users notice
-- @param options.actions  list of what is being done now, instead of what was
-- @param options.note     a line for the timeline
-- @param options.next     when the next update comes, such as "15m"; as incident.open says by default
-- @return                 { sent = list of the receivers that were told, failed = why others were not, by name }
-- @usage outage:update({ status = "IDENTIFIED", cause = "release 1.5 does not start", actions = { "Rolling back to 1.4" }, next = "10m" })
function outage:update(options)
  options = arguments.options("incident.update", options, { "status", "cause", "impact", "actions", "note", "next" })
  local now, seen = still_open(self, "update")
  local after = options.next and arguments.duration("incident.update: next", options.next)
  if options.status then arguments.one_of("incident.update: status", options.status, unresolved) end
  if options.status == "IDENTIFIED" and not (options.cause or seen.cause) then refuse("incident.update: what is identified? Say it with cause") end
  change(self, "incident.update", now, seen, options)
  return announce(self, after)
end

--- Adds to what is being done. Nobody is told before the next update, unless one is late: see incident.open about reminders.
-- @param action what is done, such as "Restarted 2 pods"
-- @usage outage:act("Restarted 2 failing pods")
function outage:act(action)
  local now = still_open(self, "act")
  text_of("incident.act: action", action)
  self:remind()
  situation.add_action(self, action, now)
  note(self, action)
end

--- Adds a line to the timeline. Nobody is told of it, but reminded where an update is late: see incident.open about reminders.
-- @param text what happened
-- @usage outage:note("The vendor was called")
function outage:note(text)
  text_of("incident.note: text", text)
  self:remind()
  note(self, text)
end

--- Tells the receivers that it is over.
-- @param options?         how it ended
-- @param options.cause    its root cause; TBD where nobody knows it yet
-- @param options.impact   what users noticed
-- @param options.actions  list of what was done, or is still to be done, instead of what is said so far
-- @param options.note     a line for the timeline
-- @return                 { sent = list of the receivers that were told, failed = why others were not, by name }
-- @usage outage:resolve({ cause = "release 1.5 does not start", note = "Rolled back to 1.4" })
function outage:resolve(options)
  options = arguments.options("incident.resolve", options, { "cause", "impact", "actions", "note" })
  local now, seen = still_open(self, "resolve")
  change(self, "incident.resolve", now, seen, { status = "RESOLVED", cause = options.cause, impact = options.impact, actions = options.actions, note = options.note })
  situation.set(self, now, self.how, "resolved", now)
  local result = announce(self)
  -- Whoever was called in need not go on.
  send_to(self, seen.escalated, {
    title = "Resolved: " .. self:subject(), text = self:text(), severity = self.about.severity, status = "resolved", key = self.how.key .. escalated,
  })
  situation.set(self, now, self.how, "escalated", {})
  return result
end

--- Begins again with what was resolved and is not over, and tells the receivers.
-- @param why what happened
-- @return    { sent = list of the receivers that were told, failed = why others were not, by name }
-- @usage outage:reopen("the pods crash again")
function outage:reopen(why)
  local now, seen = situation.observe(self)
  if seen.status ~= "RESOLVED" then refuse("incident: reopen: %s is not resolved", self:subject()) end
  text_of("incident.reopen: why", why)
  change(self, "incident.reopen", now, seen, { status = "INVESTIGATING", note = "reopened: " .. why })
  return announce(self)
end

-- What must not be forgotten ----------------------------------------------------------------------------------------------------------

--- Reminds of an update that was promised and did not come: on the screen, and by the receivers for reminders. It does so once, and again
-- when as much time has gone by as lies between two updates. Every act and note does it by itself, and so does during, which a plan needs.
-- @param at? when it is, in seconds since 1970 UTC, if that is later than now: a dry run does not wait for what takes its time
-- @return    whether an update is late
-- @usage outage:remind()
function outage:remind(at) return updates.remind(self, send_to, at) end

--- Does some work, and meanwhile sees to it that updates come: whenever one is due, it reminds, or calls a function that gives one.
-- @param work    a function
-- @param on_due? a function that is called with the incident when an update is due, such as one that updates it; it reminds by default. A plan
--                rehearses it once, and then lets it tell people as often as it takes
-- @return        what the work returns
-- @usage outage:during(function() return try(kubernetes.wait, "deployment/web", { timeout = "1h" }) end, function(outage) outage:update() end)
function outage:during(work, on_due) return updates.during(self, work, on_due) end

--- Watches whether it gets better, and tells the next one each time that it has not within its time, as escalation.watch does. Who was told
-- stands in the timeline.
-- @param options as escalation.watch takes them; severity, key, link and since are those of the incident
-- @param better  a function that returns whether it is better, and how it is in words
-- @return        as escalation.watch returns it
-- @usage outage:watch({ name = "the error rate", within = "15m", to = { "hardware-team" } }, escalation.falls(error_rate))
function outage:watch(options, better)
  local own = { severity = self.about.severity, key = self.how.key .. escalated, link = self.about.status_page, since = self.about.started, send = self.how.send }
  for name, value in pairs(arguments.is("incident.watch: options", options, "table")) do own[name] = value end
  local found = escalation.watch(own, better)
  for _, paged in ipairs(found.paged) do
    if paged.sent then self.how.escalated[#self.how.escalated + 1] = paged.receiver end
    local whom = paged.who == paged.receiver and paged.who or ("%s by %s"):format(paged.who, tostring(paged.receiver))
    note(self, paged.sent and "escalated to " .. whom or ("%s could not be told: %s"):format(paged.who, paged.error), paged.at)
  end
  note(self, ("%s is %s%s"):format(own.name, found.better and "better" or "not better", found.detail and ": " .. found.detail or ""))
  self:remind(own.since + found.after)
  return found
end

-- What is told of it ------------------------------------------------------------------------------------------------------------------

--- The subject of its messages.
-- @return "[P0 INCIDENT] Compiler outage"
-- @usage log(outage:subject())
function outage:subject() return communication.subject(self.about) end

--- Its message, as it would be sent now, as plain text.
-- @return text
-- @usage log(outage:text())
function outage:text() return communication.text(self.about, time.now()) end

--- Its message in Markdown, with the timeline below it: what a review of the incident begins with.
-- @return text
-- @usage log(outage:markdown())
function outage:markdown() return communication.markdown(self.about, time.now()) .. "\n\n" .. self.timeline:markdown() end

-- How long it took so far, or altogether.
local function lasted(self)
  return units.duration((self.about.status == "RESOLVED" and self.how.resolved or time.now()) - self.about.started)
end

--- Shows the timeline. The end of the run does it by itself, also of one that fails or is interrupted.
-- @usage outage:report()
function outage:report()
  local over = self.about.status == "RESOLVED"
  self.timeline:report(("Timeline of %s: %s after %s"):format(self:subject(), self.about.status, lasted(self)))
  if not over then log(("%s is still %s: the next update is promised for %s"):format(self:subject(), self.about.status, time.format(self.about.next_update, "minute"))) end
end

meta = arguments.class("incident", "an incident has", outage)

return incident
