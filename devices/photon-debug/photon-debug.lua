--- Any photonic device, by photon-debug of photon-mlir-bridge.
-- It asks the bridge's own driver, and no device: a device that hangs does not hide the others. It cannot reset one, and does not know
-- whether a calibration holds; the drivers of the vendors do, and have this one as their base.

local parse = require "parse"

-- Its words for a state are ours.
local states = { online = true, degraded = true, offline = true, resetting = true }

-- The columns that are read here. Those that there are besides, such as the model and the firmware, are kept as they stand there.
local known = { DEVICE = true, STATUS = true, ["TEMP(C)"] = true, ["POWER(mW)"] = true }

-- A row of its table as what was said of a device. A dash is a value that it does not have.
local function device(row)
  local fields = {
    temperature_celsius = parse.number(row["TEMP(C)"]),
    optical_power_milliwatts = parse.number(row["POWER(mW)"]),
  }
  for column, value in pairs(row) do
    if not known[column] then fields[parse.name(column)] = value end
  end
  return { id = row.DEVICE, state = states[row.STATUS] and row.STATUS or "unknown", said = row.STATUS, fields = fields }
end

local function list(said)
  local rows, others = parse.table(said.text, { "DEVICE", "STATUS" })
  local out, unread = {}, {}
  for _, row in ipairs(rows) do out[#out + 1] = device(row) end
  for _, line in ipairs(others) do
    if not line:match("^%d+ devices:") then unread[#unread + 1] = line end
  end
  return { devices = out, unread = unread }
end

return driver {
  summary = "any photonic device, by photon-debug: list and reconnect",
  formats = "The handbook names the options; what is printed is not public. Written after the tools of the lab (transcripts/), "
    .. "which stand in for it: compare with what yours prints, and change this file.",
  commands = {
    list = { argv = { "photon-debug", "--list-devices" }, reads = true, timeout = "15s", parse = list },
    status = { argv = { "photon-debug", "--list-devices" }, reads = true, timeout = "15s", parse = list },
    reconnect = {
      argv = { "photon-debug", "--reconnect-device", "{id}" },
      risk = "disruptive",
      expects = "online",
      unless = { "online", "degraded" },
      timeout = "60s",
      refuses = { not_found = 3, unavailable = 4, throttled = 5 },
    },
  },
}
