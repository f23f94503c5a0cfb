--- Numbers as people read them: 12,345, 3.2%, 1.5 GiB, 0.42/s, 3m12s.
-- None of these functions rounds a number to one that means something else: 0.04 percent is not "0.0%", 99.96 percent is not "100.0%",
-- and a number that is not whole never looks as if it were. What is missing (nil, false, json.null, NaN) is "no data".

local json = require "json"

local units = {}

local no_data = "no data"

-- From here on the digits before the point are no news.
local largest = 1e15

-- The most decimals that are written: beyond them the form with an exponent says more.
local most_decimals = 15

--- Tells whether a value is one that is missing: nil, false, json.null, or the NaN that a query answers with.
-- @param value any value
-- @return      true or false
-- @usage units.missing(0 / 0)
function units.missing(value)
  return value == nil or value == false or value == json.null or value ~= value
end

-- Whether a text reads as one of the numbers that it does not stand for.
local function misleads(text, n, apart)
  local read = tonumber(text)
  for _, other in ipairs(apart) do
    if read == other and n ~= other then return true end
  end
  return false
end

-- The number with at least so many decimals, and as many more as it takes not to read as one of the others.
local function decimal(n, decimals, apart)
  for places = decimals, most_decimals do
    local text = ("%." .. places .. "f"):format(n)
    if not misleads(text, n, apart) then return text end
  end
  return ("%.6g"):format(n)
end

-- Decimals for so many digits that say something.
local function decimals_for(n, digits, least)
  local before = math.floor(math.log10(math.abs(n))) + 1
  return math.min(math.max(digits - before, least), most_decimals)
end

-- Without zeros at the end, but for one that says that the number was not whole.
local function trimmed(text)
  if not text:find(".", 1, true) or text:find("e", 1, true) then return text end
  local short = text:gsub("0+$", "")
  return short:sub(-1) == "." and short .. "0" or short
end

-- A number with three digits that say something, all those before the point in any case.
local function plain(n, apart)
  if n == math.floor(n) and math.abs(n) < largest then return ("%d"):format(n) end
  if math.abs(n) >= largest then return ("%.6g"):format(n) end
  return trimmed(decimal(n, decimals_for(n, 3, 1), apart))
end

-- Thousands are set off with commas.
local function grouped(text)
  local sign, digits, rest = text:match("^(-?)(%d+)(.*)$")
  if not digits or rest:find("e", 1, true) then return text end
  digits = digits:reverse():gsub("(%d%d%d)", "%1,"):reverse():gsub("^,", "")
  return sign .. digits .. rest
end

local function percent(n, apart)
  if n == math.floor(n) then return plain(n, apart) .. "%" end
  local others = { 0, 100 }
  for _, other in ipairs(apart) do others[#others + 1] = other end
  if math.abs(n) >= 1 then return decimal(n, 1, others) .. "%" end
  return trimmed(decimal(n, decimals_for(n, 2, 1), others)) .. "%"
end

local binary = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" }

local function scaled(n, size, apart)
  local others = { 0 }
  for _, other in ipairs(apart) do others[#others + 1] = other / size end
  return plain(n / size, others)
end

local function bytes(n, apart)
  local size = 1
  for i, name in ipairs(binary) do
    local text = scaled(n, size, apart)
    if math.abs(tonumber(text)) < 1024 or i == #binary then return text .. " " .. name end
    size = size * 1024
  end
end

local clock = { { "d", 86400 }, { "h", 3600 }, { "m", 60 } }

-- Days, hours, minutes and seconds, those of which there are none left out.
local function parts(seconds)
  local text = ""
  for _, part in ipairs(clock) do
    local n = math.floor(seconds / part[2])
    if n > 0 then text = text .. plain(n, {}) .. part[1] end
    seconds = seconds - n * part[2]
  end
  if seconds > 0 then text = text .. plain(seconds, { 0 }) .. "s" end
  return text
end

-- Minutes to the second, hours to the minute, days to the hour.
local function rounded(seconds)
  local to = seconds >= 86400 and 3600 or seconds >= 3600 and 60 or 1
  return parts(math.floor(seconds / to + 0.5) * to)
end

local function duration(n, apart)
  local seconds, sign = math.abs(n), n < 0 and "-" or ""
  if seconds == 0 then return "0s" end
  -- What is rounded up to the whole of the next unit is written in that.
  for _, small in ipairs { { "ms", 0.001, 1 }, { "s", 1, 60 } } do
    local name, size, whole = unpack(small)
    local number = seconds < whole and scaled(seconds, size, apart)
    if number and tonumber(number) * size < whole then return sign .. number .. name end
  end
  local text = rounded(seconds)
  for _, other in ipairs(apart) do
    if math.abs(other) >= 60 and other ~= n and rounded(math.abs(other)) == text then text = parts(seconds) end
  end
  return sign .. text
end

-- What is missing or has no end is the same in every unit.
local function written(where, value, write, apart)
  if units.missing(value) then return no_data end
  if type(value) ~= "number" then
    error({ code = "invalid", message = ("%s: %s is no number"):format(where, tostring(value)) }, 0)
  end
  if value == math.huge then return "+Inf" end
  if value == -math.huge then return "-Inf" end
  return write(value, apart or { 0 })
end

--- A number: whole as it is, any other with three digits that say something.
-- @param value a number
-- @return      "1204", "0.25", "3.14"
-- @usage units.number(3.14159)
function units.number(value) return written("units.number", value, plain) end

local function count(n, apart) return grouped(plain(n, apart)) end

--- How many there are, in groups of three digits. What a query extrapolates need not be whole.
-- @param value a number
-- @return      "12,345"
-- @usage units.count(12345)
function units.count(value) return written("units.count", value, count) end

--- A part of a hundred. It is "0%" and "100%" only where the number is exactly that.
-- @param value a number of percent, not a ratio: 3.2 and not 0.032
-- @return      "3.2%", "0.04%", "99.96%"
-- @usage units.percent(100 * 7 / 98)
function units.percent(value) return written("units.percent", value, percent) end

--- A size, in powers of 1024.
-- @param value a number of bytes
-- @return      "512 B", "1.5 GiB"
-- @usage units.bytes(1.5 * 1024 ^ 3)
function units.bytes(value) return written("units.bytes", value, bytes) end

local function rate(n, apart) return plain(n, apart) .. "/s" end

--- How often something happens.
-- @param value a number for each second
-- @return      "0.42/s"
-- @usage units.rate(0.42)
function units.rate(value) return written("units.rate", value, rate) end

--- How long something takes or is ago: two units at the most, rounded to the smaller one. time.human writes ages as kubectl does.
-- @param value a number of seconds
-- @return      "250ms", "12.5s", "3m12s", "2h5m", "3d4h"
-- @usage units.duration(192)
function units.duration(value) return written("units.duration", value, duration) end

local writers = { ["%"] = percent, bytes = bytes, ["/s"] = rate, s = duration, count = count }

--- A number in a unit that is known only when the script runs.
-- @param value a number
-- @param unit? "%", "bytes", "/s", "s", "count", or a word that is put behind the number; none by default
-- @param from? a number that the text must not read as, unless it is the one: 5.04 beside a threshold of 5 is "5.04%"
-- @return      the number in that unit
-- @usage units.format(5.04, "%", 5)
function units.format(value, unit, from)
  local write = writers[unit]
  if not write and (unit == nil or unit == "") then write = plain end
  return written("units.format", value, write or function(n, apart) return plain(n, apart) .. " " .. unit end, { 0, from })
end

local suffixes = { [""] = 1, n = 1e-9, u = 1e-6, m = 1e-3, k = 1e3, M = 1e6, G = 1e9, T = 1e12, P = 1e15, E = 1e18 }
for i, suffix in ipairs { "Ki", "Mi", "Gi", "Ti", "Pi", "Ei" } do suffixes[suffix] = 1024 ^ i end

--- Reads a quantity as Kubernetes writes it: "500m" cores, "4Gi" bytes, "1e3".
-- @param text a quantity; a number is one already
-- @return     a number; nil for nil, json.null and what is no quantity
-- @usage units.bytes(units.quantity("4Gi"))
function units.quantity(text)
  if type(text) == "number" then return text end
  if type(text) ~= "string" then return nil end
  local digits, suffix = text:match("^([+-]?%d*%.?%d*)(%a*)$")
  local number, size = tonumber(digits), suffixes[suffix]
  if number and size then return number * size end
  local whole, exponent = text:match("^([+-]?%d*%.?%d*)[eE]([+-]?%d+)$")
  number = tonumber(whole)
  return number and number * 10 ^ exponent
end

--- So many of something, in words that agree: "1 pod", "3 pods", "12,345 pods".
-- @param value a number
-- @param one   the word for one of them
-- @param many? the word for any other number; by default that for one with an s
-- @return      the number and the word
-- @usage units.plural(3, "vulnerability", "vulnerabilities")
function units.plural(value, one, many)
  if type(one) ~= "string" then error({ code = "invalid", message = "units.plural: one must be a text, not " .. tostring(one) }, 0) end
  return written("units.plural", value, count) .. " " .. (value == 1 and one or many or one .. "s")
end

return units
