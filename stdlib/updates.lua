--- Updates of an incident that were promised: they are reminded of when they are late, and asked for while work is done.
-- It is what the library incident does with outage:remind and outage:during, which say more. Read next: incident.

local arguments = require "arguments"
local situation = require "situation"
local time      = require "time"
local units     = require "units"

local updates = {}

--- Reminds of an update that was promised and did not come.
-- @param outage what incident.open returned
-- @param tell   a function(outage, receivers, message) that tells several
-- @param at?    when it is, in seconds since 1970 UTC, if that is later than now: a dry run does not wait for what takes its time
-- @return       whether an update is late
-- @usage updates.remind(outage, function(outage, receivers, message) for _, one in ipairs(receivers) do notify.send(one, message) end end)
function updates.remind(outage, tell, at)
  local now, seen = situation.observe(outage)
  at = math.max(now, at or now)
  if not seen.next_update or not situation.reached(at, seen.next_update) then return false end
  if not situation.reached(at, seen.remind_at) then return true end
  local late = at - seen.next_update >= 1 and units.duration(at - seen.next_update) .. " ago" or "which is now"
  local said = ("the update of %s was promised for %s"):format(outage:subject(), time.format(seen.next_update, "minute"))
  situation.set(outage, now, outage.how, "remind_at", at + outage.how.every)
  outage.timeline:add("late: " .. said)
  log(("UPDATE DUE: %s, %s"):format(said, late))
  tell(outage, outage.how.reminders, {
    title = "Update due: " .. outage:subject(), text = ("%s is to be updated: %s, %s."):format(outage:subject(), said, late), severity = outage.about.severity, key = outage.how.key .. "-reminder",
  })
  return true
end

-- An update is due. Whatever is done about that, the work goes on, and it is not due again at once.
local function due(outage, on_due, at)
  local _, err
  if on_due then _, err = try(on_due, outage) else _, err = try(outage.remind, outage, at) end
  if err then log(("what is to be done when an update is due failed: %s"):format(err.message)) end
  local now, seen = situation.observe(outage)
  if seen.next_update and situation.reached(now, seen.remind_at) then situation.set(outage, now, outage.how, "remind_at", now + outage.how.every) end
end

--- Does some work, and whenever an update is due meanwhile, reminds, or calls a function that gives one.
-- @param outage  what incident.open returned
-- @param work    a function
-- @param on_due? a function that is called with the incident when an update is due; it reminds by default
-- @return        what the work returns
-- @usage updates.during(outage, function() return kubernetes.wait("deployment/web") end)
function updates.during(outage, work, on_due)
  arguments.is("incident.during: work", work, "function")
  if on_due ~= nil then arguments.is("incident.during: on_due", on_due, "function") end
  local over, results = false, nil
  local function worked(ok, ...)
    over, results = true, { n = select("#", ...), ... }
    if not ok then error((...), 0) end
  end
  local function watch()
    local now, seen = situation.observe(outage)
    local first = true
    while seen.next_update and (first or not remember(over)) do
      -- Looks are counted, and not timed: that needs nothing written down, and none comes before its second. Where the run was taken up again
      -- they are counted anew, and the deadline sees to it that this is not much later. The first one of all finds nothing, so that every
      -- dry run comes to the assumption, however quick its work is there.
      local at, left, looks = seen.remind_at, math.max(seen.remind_at - now, 0), 0
      local _, err = try(wait_until, { name = "the end of the work or the next update", deadline = seen.remind_at + 60, every = "1s" }, function()
        looks = looks + 1
        return not (first and looks == 1) and (over or outage.how.remind_at ~= at or looks > math.ceil(left))
      end)
      first = false
      now, seen = situation.observe(outage)
      local late = seen.next_update and situation.reached(now, seen.remind_at)
      if late or err then due(outage, on_due, at) end
      -- A dry run assumes that the work ends in time, or, where it is to rehearse the contrary, that an update is due once.
      if not late and (err or seen.remind_at == at) then return end
      now, seen = situation.observe(outage)
    end
  end
  local branches = { { name = "work", call = function() worked(pcall(work)) end }, { name = "updates", call = watch } }
  local _, errors = parallel(branches, { on_error = "continue", limit = 2 }, function(branch) branch.call() end)
  local failed = errors[1] or errors[2]
  if failed then error(failed, 0) end
  return unpack(results, 1, results.n)
end

return updates
