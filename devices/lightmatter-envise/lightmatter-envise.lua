--- Lightmatter Envise, by lightmatter-cli of the vendor's SDK.
-- Its status asks every device in turn: one that does not answer holds up all of them, until the command's time is up.

local parse = require "parse"

-- The vendor's words for a state.
local states = { READY = "online", DEGRADED = "degraded", NO_LINK = "offline", RESETTING = "resetting" }

-- What there is to know of a device, by the vendor's name for it. Without a link a device measures nothing.
local measured = {
  ["Temperature"] = "temperature_celsius",
  ["Optical power"] = "optical_power_milliwatts",
  ["Calibration drift"] = "calibration_drift_percent",
}

-- What else stands in the block of a device. Anything more that it tells is kept as it stands there.
local known = { Device = true, Serial = true, State = true, Firmware = true }

local function device(block)
  local fields = { firmware = block.Firmware }
  for name, value in pairs(block) do
    local field = measured[name]
    if field then
      fields[field] = parse.number(value)
    elseif not known[name] then
      fields[parse.name(name)] = value
    end
  end
  return { id = block.Device, state = states[block.State] or "unknown", said = block.State, serial = block.Serial, fields = fields }
end

-- What is said of the SDK, and of no device.
local of_the_sdk = { ["SDK version"] = true, Driver = true, Devices = true }

local function status(said)
  local blocks, unread = parse.blocks(said.text, "Device")
  local out = {}
  for i = 2, #blocks do out[#out + 1] = device(blocks[i]) end
  for name, value in pairs(blocks[1]) do -- before the first device
    if not of_the_sdk[name] then unread[#unread + 1] = name .. ": " .. value end
  end
  return { devices = out, unread = unread }
end

-- "Calibration of envise-1", then "key: value" with the result last.
local function calibration(said)
  local blocks, unread = parse.blocks(said.text)
  local result = blocks[1].Result
  if result ~= "PASS" and result ~= "FAIL" then return { unread = parse.lines(said.text) } end
  local others = {}
  for _, line in ipairs(unread) do
    if not line:match("^Calibration of ") then others[#others + 1] = line end
  end
  return {
    devices = {
      {
        passed = result == "PASS",
        said = result,
        fields = {
          calibration_drift_percent = parse.number(blocks[1].Drift),
          calibration_tolerance_percent = parse.number(blocks[1].Tolerance),
        },
      },
    },
    unread = others,
  }
end

local refuses = { not_found = 3, unavailable = 4, throttled = 5 }

return driver {
  summary = "Lightmatter Envise, by lightmatter-cli: status, reset, calibrate",
  formats = "The handbook names the commands; what they print is not public. Written after the tools of the lab (transcripts/), "
    .. "which stand in for the vendor's: compare with what yours print, and change this file.",
  base = "photon-debug",
  commands = {
    status = { argv = { "lightmatter-cli", "status" }, reads = true, parse = status },
    reset = {
      argv = { "lightmatter-cli", "reset", "--device", "{id}" },
      risk = "disruptive",
      expects = "online",
      within = "2m",
      refuses = refuses,
    },
    calibrate = {
      argv = { "lightmatter-cli", "calibrate", "--device", "{id}" },
      risk = "disruptive",
      expects = "online",
      needs = { "online", "degraded" },
      timeout = "5m",
      refuses = { rejected = 1, not_found = 3, unavailable = 4, throttled = 5 },
      parse = calibration,
    },
    verify = {
      argv = { "lightmatter-cli", "calibrate", "--device", "{id}", "--verify" },
      reads = true,
      timeout = "2m",
      answers = { 0, 1 },
      refuses = refuses,
      parse = calibration,
    },
  },
}
