--- How an incident is, as it is seen by the branches of a script that have to do with it: what the library incident decides by.
-- Several branches may have to do with one incident, and when a run is taken up again they are not where they were. So what is decided by is
-- what was seen then (remember), and of two who say something the one who said it later is right. It tells nobody anything.
-- Read next: incident, which keeps what these functions work on: about, what people are told, and how, what it needs for that.

local time = require "time"

local situation = {}

--- The time, and how the incident is seen at it.
-- @param outage what incident.open returned
-- @return       seconds since 1970 UTC
-- @return       { status, cause, impact, next_update, remind_at, escalated }
-- @usage local now, seen = situation.observe(outage)
function situation.observe(outage)
  local now, about, how = time.now(), outage.about, outage.how
  return now, remember { status = about.status, cause = about.cause, impact = about.impact, next_update = about.next_update, remind_at = how.remind_at,
    escalated = how.escalated }
end

--- Whether it is time. Sums of seconds are exact to less than a thousandth of one.
-- @param now the time
-- @param at  the time to come
-- @return    true or false
-- @usage if situation.reached(now, seen.next_update) then outage:remind() end
function situation.reached(now, at) return now >= at - 0.001 end

--- Says how something is, unless somebody said so later.
-- @param outage what incident.open returned
-- @param now    when it is said
-- @param table  a table of it: about or how
-- @param field  what of it
-- @param value? how it is
-- @usage situation.set(outage, now, outage.about, "status", "MONITORING")
function situation.set(outage, now, table, field, value)
  local said = outage.how.set
  if now < (said[field] or now) then return end
  said[field] = now
  table[field] = value
end

-- Puts something that happened at a time in its place among others.
local function place(list, entry)
  local i = #list + 1
  while i > 1 and list[i - 1].at > entry.at do i = i - 1 end
  table.insert(list, i, entry)
end

-- What is being done, of what was said since all of it was said anew.
local function actions_of(how)
  local out = {}
  for _, entry in ipairs(how.actions) do
    if entry.at >= how.anew then out[#out + 1] = entry.text end
  end
  return out
end

--- Adds to what is being done.
-- @param outage what incident.open returned
-- @param text   what is done
-- @param at     since when
-- @usage situation.add_action(outage, "Restarted 2 pods", now)
function situation.add_action(outage, text, at)
  place(outage.how.actions, { at = at, text = text })
  outage.about.actions = actions_of(outage.how)
end

--- Says anew what is being done.
-- @param outage what incident.open returned
-- @param texts  list of what is done
-- @param at     since when
-- @usage situation.replace_actions(outage, { "Rolling back" }, now)
function situation.replace_actions(outage, texts, at)
  local how = outage.how
  if at >= how.anew then how.actions, how.anew = {}, at end
  for _, text in ipairs(texts) do place(how.actions, { at = at, text = text }) end
  outage.about.actions = actions_of(how)
end

return situation
