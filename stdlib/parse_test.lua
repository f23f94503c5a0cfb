-- Tests of parse: runbook test stdlib/parse_test.lua
local test  = require "test"
local parse = require "parse"

-- What programs print when a device answers with noise, and other things that are no table.
local noise = { "", "\n\n", "\0\255\254~%x\27[2J lane=\195( temp=NaN 4..12 }{ \127\r\n", ":", ": x", "a:", "  \t ", ("x"):rep(5000), "=", "a==b=c", "%d+ (" }

test.unit("lines lose their ends and blank ones", function()
  test.equal(parse.lines(" a \r\n\n\t\nb"), { " a", "b" })
  test.equal(#parse.lines(""), 0)
  test.equal(parse.lines("\rloading 10%\rloading 99%\rREADY\r\n"), { "loading 10%", "loading 99%", "READY" }, "each is what stood there for a while")
end)

test.unit("a number is read whole, however it is written", function()
  for text, want in pairs {
    ["1,204 MiB"] = { 1204, "MiB" }, ["1,234,567.5"] = { 1234567.5, "" }, ["1.2e-3 W"] = { 0.0012, "W" }, ["3E8"] = { 3e8, "" }, ["-.5 V"] = { -0.5, "V" },
    ["1e"] = { 1, "e" }, ["5e3x"] = { 5, "e3x" }, [". "] = {}, ["1e400 W"] = {}, [("9"):rep(400)] = {},
  } do
    local n, rest = parse.number(text)
    test.equal({ n, n and rest }, want, text)
  end
end)

test.unit("a comma that may be one of either kind makes no number of half of it", function()
  for _, text in ipairs { "1,5", "41,5 C", "12,34", "1,2345", "1.234,5 mW", "1,234.5.6", "10.0.0.7" } do
    test.equal(parse.number(text), nil, text)
  end
  for text, want in pairs {
    ["41,5 °C"] = { 41.5, "°C" }, ["1.234,5 mW"] = { 1234.5, "mW" }, ["-0,25 a.b,c"] = { -0.25, "a.b,c" }, ["7"] = { 7, "" }, ["1.234.567"] = { 1234567, "" },
  } do
    local n, unit = parse.number(text, ",")
    test.equal({ n, unit }, want, text)
  end
  test.equal(parse.number("41.5 C", ","), nil, "it is written otherwise than was said")
end)

test.unit("numbers have their unit beside them", function()
  for text, want in pairs { ["41.5 C"] = { 41.5, "C" }, [" -3%"] = { -3, "%" }, ["12"] = { 12, "" }, ["16/16"] = { 16, "/16" }, ["1."] = { 1, "" } } do
    local n, unit = parse.number(text)
    test.equal({ n, unit }, want, text)
  end
  for _, none in ipairs { "-", "", "NaN", "n/a", ".", "C 4" } do
    test.equal(parse.number(none), nil, none)
  end
  test.equal(parse.number(nil), nil)
end)

test.unit("what is called anything has a name for a field", function()
  for text, want in pairs { ["Lane errors"] = "lane_errors", ["TEMP(C)"] = "temp_c", power = "power", [" % "] = "", ["Fault code (last)"] = "fault_code_last" } do
    test.equal(parse.name(text), want, text)
  end
end)

test.unit("a table is found by its headings", function()
  local rows, unread = parse.table([[
driver 2.8.0
DEVICE    MODEL                  STATUS
envise-1  Lightmatter Envise     online
mit-1	MIT Silicon Photonics	offline
half of a row
2 devices: 1 online
]], { "DEVICE", "STATUS" })
  test.equal(#rows, 2)
  test.equal(rows[1], { DEVICE = "envise-1", MODEL = "Lightmatter Envise", STATUS = "online" })
  test.equal(rows[2].STATUS, "offline")
  test.equal(unread, { "driver 2.8.0", "half of a row", "2 devices: 1 online" })
end)

test.unit("a table without its headings is none", function()
  local rows, unread = parse.table("DEVICE  STATE\na  b\n", { "DEVICE", "STATUS" })
  test.equal(#rows, 0)
  test.equal(#unread, 2)
end)

test.unit("blocks begin at their key", function()
  local blocks, unread = parse.blocks("SDK version: 2.8.0\nDevices: 2\n\nDevice: a\n  State: READY\n  Optical power: 12.4 mW\n??\nDevice: b\n  State: NO_LINK: lane 3\n", "Device")
  test.equal(#blocks, 3)
  test.equal(blocks[1]["SDK version"], "2.8.0")
  test.equal(blocks[2], { Device = "a", State = "READY", ["Optical power"] = "12.4 mW" })
  test.equal(blocks[3].State, "NO_LINK: lane 3")
  test.equal(unread, { "??" })
  test.equal(#parse.blocks("", "Device"), 1, "what comes before is there, and empty")
end)

test.unit("words have keys, or have none", function()
  local keyed, others = parse.words("0000:3b:00.0 Processing [10ee:903f] array=mit-1 lanes=16/16 url=a=b =c")
  test.equal(keyed, { array = "mit-1", lanes = "16/16", url = "a=b" })
  test.equal(others, { "0000:3b:00.0", "Processing", "[10ee:903f]", "=c" })
  test.equal(parse.words("a:b", ":"), { a = "b" })
end)

-- What grows faster than the text would hold a run up where a tool prints a megabyte.
test.unit("a long line takes no longer than its length", function()
  for _, part in ipairs { " ", "a", "a ", "a  ", "a:", "a=" } do
    local text = part:rep(20000)
    test.equal(#parse.trim("x" .. text .. "x"), #text + 2)
    parse.lines(text)
    parse.table(text, { "A" })
    parse.blocks(text, "A")
    parse.words(text)
  end
end)

test.unit("nothing that is printed makes them fail", function()
  for _, text in ipairs(noise) do
    parse.lines(text)
    parse.number(text)
    parse.cells(text)
    parse.table(text, { "A" })
    parse.blocks(text, "A")
    parse.words(text)
  end
  local _, unread = parse.table(noise[3], { "A" })
  test.equal(#unread, 1, "and it is kept")
end)
