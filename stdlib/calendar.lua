--- Days on which people work, and weekly windows such as those of maintenance.
-- All of it goes by a fixed distance from UTC (offset) and knows nothing of summer time.

local arguments = require "arguments"
local time      = require "time"

local calendar = {}

local day  = 86400
local week = 7 * day

-- 1970-01-01 was a Thursday.
local weekdays = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" }

-- Times in milliseconds are far beyond this: the year 5138.
local farthest = 1e11

-- So many days in a row are never all holidays.
local longest_holidays = 366

local function refuse(message, ...) error({ code = "invalid", message = message:format(...) }, 0) end

-- "+01:00" or "-0330" in seconds.
local function offset_of(text)
  local sign, hours, minutes = tostring(text):match("^([+-])(%d%d):?(%d%d)$")
  -- The farthest that any place is ahead is 14 hours, and behind 12.
  if not sign or tonumber(hours) > 14 or tonumber(minutes) > 59 then refuse("calendar: offset must be of the form +01:00, not %s", tostring(text)) end
  return (sign == "-" and -1 or 1) * (hours * 3600 + minutes * 60)
end

-- "09:00" in seconds.
local function clock_of(name, text)
  local hours, minutes = tostring(text):match("^(%d%d):(%d%d)$")
  if not hours or tonumber(hours) > 23 or tonumber(minutes) > 59 then refuse("calendar: %s must be of the form 09:00, not %s", name, tostring(text)) end
  return hours * 3600 + minutes * 60
end

-- Whether there is such a date. A year with 29 days in February stands for every year.
local function is_date(text)
  local whole = text:match("^%d%d%d%d%-%d%d%-%d%d$") or text:match("^%d%d%-%d%d$") and "2000-" .. text
  return whole ~= nil and try(time.parse, whole .. "T00:00:00Z") ~= nil
end

local function holiday(value)
  if type(value) ~= "string" or not is_date(value) then
    refuse("calendar: a holiday is of the form 2026-12-25, or 12-25 for every year, not %s", tostring(value))
  end
  return value
end

local function weekday(name) return arguments.one_of("calendar: a day of the week", name, weekdays) end

local function set_of(where, values, checked)
  local set = {}
  for _, value in ipairs(arguments.list(where, values)) do set[checked(value)] = true end
  return set
end

local function times_of(options)
  options = arguments.options("calendar", options, { "weekend", "holidays", "opens", "offset" })
  local weekend, workdays = set_of("calendar: weekend", options.weekend or { "saturday", "sunday" }, weekday), 0
  for _, name in ipairs(weekdays) do workdays = workdays + (weekend[name] and 0 or 1) end
  if workdays == 0 then refuse("calendar: on some day of the week people work") end
  return {
    weekend = weekend, holidays = set_of("calendar: holidays", options.holidays or {}, holiday),
    opens = clock_of("opens", options.opens or "09:00"), offset = offset_of(options.offset or "+00:00"),
  }
end

-- The day of a time, counted from 1970-01-01.
local function number_of(where, at, offset)
  arguments.is(where .. ": at", at, "number")
  if math.abs(at) > farthest then refuse("%s: at must be a time in seconds since 1970 UTC, not %s", where, tostring(at)) end
  return math.floor((at + offset) / day)
end

local function name_of(number) return weekdays[(number + 3) % 7 + 1] end

-- Whether people work on a day.
local function works(times, number)
  local date = time.format(number * day, "date")
  return not times.weekend[name_of(number)] and not times.holidays[date] and not times.holidays[date:sub(6)]
end

--- The day of the week of a time.
-- @param at       seconds since 1970 UTC
-- @param offset?  how far the time is ahead of UTC, such as "+01:00"; UTC by default
-- @return         "monday" to "sunday"
-- @usage calendar.weekday(time.now())
function calendar.weekday(at, offset) return name_of(number_of("calendar.weekday", at, offset_of(offset or "+00:00"))) end

--- Whether people work on the day of a time.
-- @param at        seconds since 1970 UTC
-- @param options?  when people work, as calendar.next_business_day takes it
-- @return          true or false
-- @usage calendar.is_business_day(time.now(), { holidays = { "12-25" } })
function calendar.is_business_day(at, options)
  local times = times_of(options)
  return works(times, number_of("calendar.is_business_day", at, times.offset))
end

--- The beginning of the next business day: of the first one after the day of a time, at whatever time of that day it is.
-- @param at                seconds since 1970 UTC
-- @param options?          when people work
-- @param options.weekend   the days of the week on which they do not, { "saturday", "sunday" } by default
-- @param options.holidays  list of dates on which they do not: "2026-12-25", or "12-25" for every year
-- @param options.opens     when their day begins, "09:00" by default
-- @param options.offset    how far their time is ahead of UTC, such as "+01:00"
-- @return                  seconds since 1970 UTC
-- @usage calendar.next_business_day(time.now(), { holidays = { "12-25", "2027-04-02" }, offset = "+01:00" })
function calendar.next_business_day(at, options)
  local times = times_of(options)
  local today = number_of("calendar.next_business_day", at, times.offset)
  for number = today + 1, today + longest_holidays do
    if works(times, number) then return number * day + times.opens - times.offset end
  end
  refuse("calendar: nobody works in the year after %s", time.format(at, "date"))
end

--- The weekly window in which a time is, or else the next one: Sundays from 2:00 to 4:00, say.
-- @param at              seconds since 1970 UTC
-- @param options         which window
-- @param options.weekday "monday" to "sunday": when it begins
-- @param options.begins  the time of that day, such as "02:00"
-- @param options.lasts   how long it is, such as "2h"
-- @param options.offset  how far its time is ahead of UTC, such as "+01:00"; UTC by default
-- @return                { begins, ends, open = whether the time is in it }: seconds since 1970 UTC; at its end it is over
-- @usage calendar.window(time.now(), { weekday = "sunday", begins = "02:00", lasts = "2h" }).open
function calendar.window(at, options)
  options = arguments.options("calendar.window", options, { "weekday", "begins", "lasts", "offset" })
  local lasts = type(options.lasts) == "string" and time.duration(options.lasts) or options.lasts
  if type(lasts) ~= "number" or not (lasts > 0 and lasts <= week) then refuse("calendar.window: lasts must be a duration of a week at the most, not %s", tostring(options.lasts)) end
  local wanted, offset = weekday(options.weekday), offset_of(options.offset or "+00:00")
  local begins = number_of("calendar.window", at, offset) * day + clock_of("begins", options.begins) - offset
  while calendar.weekday(begins, options.offset) ~= wanted or begins > at do begins = begins - day end
  if at >= begins + lasts then begins = begins + week end
  return { begins = begins, ends = begins + lasts, open = begins <= at }
end

return calendar
