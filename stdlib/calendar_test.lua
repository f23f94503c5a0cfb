-- Tests of calendar: runbook test stdlib/calendar_test.lua
-- 2026-11-23 is a Monday.
local test     = require "test"
local calendar = require "calendar"
local time     = require "time"

local function at(text) return time.parse(text) end

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.that(err.message:find(want, 1, true) ~= nil, ("it says %s, and not %s"):format(err.message, want))
end

test.unit("days of the week have names", function()
  test.equal(calendar.weekday(0), "thursday")
  test.equal(calendar.weekday(-1), "wednesday")
  test.equal(calendar.weekday(at "2026-11-23T00:00:00Z"), "monday")
  test.equal(calendar.weekday(at "2026-11-29T23:59:59Z"), "sunday")
  test.equal(calendar.weekday(at "2026-11-29T23:59:59Z", "+01:00"), "monday")
  test.equal(calendar.weekday(at "2026-11-23T00:00:00Z", "-0330"), "sunday")
end)

test.unit("the next business day is another day, and one on which people work", function()
  local function next_after(text, options) return time.format(calendar.next_business_day(at(text), options)) end
  test.equal(next_after "2026-11-23T03:00:00Z", "2026-11-24T09:00:00Z") -- also before it opens
  test.equal(next_after "2026-11-27T17:00:00Z", "2026-11-30T09:00:00Z") -- Friday to Monday
  test.equal(next_after "2026-11-28T10:00:00Z", "2026-11-30T09:00:00Z")
  test.equal(next_after("2026-12-24T10:00:00Z", { holidays = { "12-25", "2026-12-28" } }), "2026-12-29T09:00:00Z")
  test.equal(next_after("2027-12-24T10:00:00Z", { holidays = { "12-25", "2026-12-28" } }), "2027-12-27T09:00:00Z")
  test.equal(next_after("2026-11-26T10:00:00Z", { weekend = { "friday", "saturday" }, opens = "08:30" }), "2026-11-29T08:30:00Z")
  -- In Tokyo it is Tuesday already, and Wednesday begins there at midnight UTC.
  test.equal(next_after("2026-11-23T16:00:00Z", { offset = "+09:00" }), "2026-11-25T00:00:00Z")
  test.equal(next_after("2026-11-24T02:00:00Z", { offset = "-08:00" }), "2026-11-24T17:00:00Z")
end)

test.unit("people work or they do not", function()
  test.equal(calendar.is_business_day(at "2026-11-23T03:00:00Z"), true)
  test.equal(calendar.is_business_day(at "2026-11-28T03:00:00Z"), false)
  test.equal(calendar.is_business_day(at "2026-11-23T03:00:00Z", { holidays = { "2026-11-23" } }), false)
end)

test.unit("a weekly window is open or the next one", function()
  local function window(text, more)
    local options = { weekday = "sunday", begins = "02:00", lasts = "2h" }
    for name, value in pairs(more or {}) do options[name] = value end
    local found = calendar.window(at(text), options)
    return { time.format(found.begins), time.format(found.ends), found.open }
  end
  test.equal(window "2026-11-23T03:00:00Z", { "2026-11-29T02:00:00Z", "2026-11-29T04:00:00Z", false })
  test.equal(window "2026-11-29T01:59:59Z", { "2026-11-29T02:00:00Z", "2026-11-29T04:00:00Z", false })
  test.equal(window "2026-11-29T02:00:00Z", { "2026-11-29T02:00:00Z", "2026-11-29T04:00:00Z", true })
  test.equal(window "2026-11-29T03:59:59Z", { "2026-11-29T02:00:00Z", "2026-11-29T04:00:00Z", true })
  test.equal(window "2026-11-29T04:00:00Z", { "2026-12-06T02:00:00Z", "2026-12-06T04:00:00Z", false })
  -- Over midnight, and in another time.
  test.equal(window("2026-11-30T00:30:00Z", { begins = "23:00" }), { "2026-11-29T23:00:00Z", "2026-11-30T01:00:00Z", true })
  test.equal(window("2026-11-28T17:30:00Z", { offset = "+09:00" }), { "2026-11-28T17:00:00Z", "2026-11-28T19:00:00Z", true })
  test.equal(window("2026-11-23T00:00:00Z", { lasts = 7 * 86400 }), { "2026-11-22T02:00:00Z", "2026-11-29T02:00:00Z", true })
end)

test.unit("calendars that cannot be meant are refused", function()
  refused("a holiday is of the form 2026-12-25, or 12-25 for every year, not Christmas", calendar.next_business_day, 0, { holidays = { "Christmas" } })
  refused("a day of the week must be one of monday, tuesday", calendar.next_business_day, 0, { weekend = { "Sunday" } })
  refused("on some day of the week people work", calendar.next_business_day, 0, { weekend = { "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday" } })
  refused("opens must be of the form 09:00, not 9", calendar.next_business_day, 0, { opens = 9 })
  refused("opens must be of the form 09:00, not 24:00", calendar.next_business_day, 0, { opens = "24:00" })
  refused("not 13-01", calendar.next_business_day, 0, { holidays = { "13-01" } })
  refused("not 2027-02-29", calendar.next_business_day, 0, { holidays = { "2027-02-29" } })
  test.equal(calendar.is_business_day(time.parse("2028-02-29T12:00:00Z"), { holidays = { "02-29" } }), false)
  refused("offset must be of the form +01:00, not CET", calendar.weekday, 0, "CET")
  refused("offset must be of the form +01:00, not +25:00", calendar.weekday, 0, "+25:00")
  refused("offset must be of the form +01:00, not +01:60", calendar.weekday, 0, "+01:60")
  refused('calendar has no option "holiday"', calendar.is_business_day, 0, { holiday = {} })
  refused("lasts must be a duration of a week at the most, not 8d", calendar.window, 0, { weekday = "sunday", begins = "02:00", lasts = "8d" })
  refused("a day of the week must be one of", calendar.window, 0, { weekday = "someday", begins = "02:00", lasts = "1h" })
  local every = {}
  for number = 0, 366 do every[#every + 1] = time.format(number * 86400, "date"):sub(6) end
  refused("nobody works in the year after 1970-01-01", calendar.next_business_day, 0, { holidays = every })
end)
