--- MIT silicon photonics, by fpga-util and mit-photonic-cli.
-- What the handbook calls an array is a device here. Its status is the link of its FPGA: one that is being reset has none, so it is
-- offline here, and one that is up may compute badly. That is for the diagnosis to say, which is one of all arrays of the machine.

local parse = require "parse"

-- The keys of a line that are read here. What others there are, such as the lanes, is kept as it stands there.
local known = { array = true, link = true, serial = true, bitstream = true }

local states = { up = "online", down = "offline" }

-- "0000:3b:00.0 Processing accelerator [10ee:903f] array=mit-1 serial=MIT-SP-0031 bitstream=1.9.4 link=up lanes=16/16"
local function links(said)
  local out, unread = {}, {}
  for _, line in ipairs(parse.lines(said.text)) do
    local keyed, words = parse.words(line)
    if keyed.array and keyed.link then
      local fields = { bus = words[1], firmware = keyed.bitstream }
      for name, value in pairs(keyed) do
        if not known[name] then fields[parse.name(name)] = value end
      end
      out[#out + 1] = {
        id = keyed.array,
        state = states[keyed.link] or "unknown",
        said = "link " .. keyed.link,
        serial = keyed.serial,
        fields = fields,
      }
    else
      unread[#unread + 1] = line
    end
  end
  return { devices = out, unread = unread }
end

-- "mit-1: thermal PASS  35.2 C", and at the end of each array "mit-1: PASS".
local function diagnosis(said)
  local found, order, unread = {}, {}, {}
  for _, line in ipairs(parse.lines(said.text)) do
    local id, rest = line:match("^([^%s:]+): (.+)$")
    local name, verdict, detail = (rest or ""):match("^(%S+)%s+(%u+)%s*(.*)$")
    verdict = verdict or rest
    if verdict == "PASS" or verdict == "FAIL" then
      if not found[id] then
        found[id] = { id = id, checks = {} }
        order[#order + 1] = found[id]
      end
      local passed = verdict == "PASS"
      if name then
        table.insert(found[id].checks, { name = name, passed = passed, detail = detail })
      else
        found[id].passed = passed
      end
    else
      unread[#unread + 1] = line
    end
  end
  return { devices = order, unread = unread }
end

return driver {
  summary = "MIT silicon photonics, by fpga-util and mit-photonic-cli: status, reset, diagnose",
  formats = "The handbook names the commands; what they print is not public. Written after the tools of the lab (transcripts/), "
    .. "which stand in for the vendor's: compare with what yours print, and change this file.",
  base = "photon-debug",
  commands = {
    status = { argv = { "fpga-util", "list" }, reads = true, parse = links },
    reset = {
      argv = { "mit-photonic-cli", "reset", "--array", "{id}" },
      risk = "disruptive",
      expects = "online",
      within = "2m",
      refuses = { not_found = 3, unavailable = 4, throttled = 5 },
    },
    diagnose = {
      argv = { "mit-photonic-cli", "diagnose", "--verbose" },
      reads = true,
      timeout = "2m",
      answers = { 0, 1 },
      parse = diagnosis,
    },
  },
}
