-- Tests of units: runbook test stdlib/units_test.lua
local test  = require "test"
local json  = require "json"
local units = require "units"

local minute, hour, day = 60, 3600, 86400

-- Each row is a function, its argument and what a person reads.
local function read(rows)
  for _, row in ipairs(rows) do
    local name, value, want = row[1], row[2], row[3]
    test.equal(units[name](value), want, ("units.%s(%s)"):format(name, tostring(value)))
  end
end

test.unit("what is missing is no data, in every unit", function()
  for _, name in ipairs { "number", "count", "percent", "bytes", "rate", "duration", "format" } do
    for _, missing in ipairs { false, json.null, 0 / 0 } do test.equal(units[name](missing), "no data", name) end
    test.equal(units[name](nil), "no data", name)
    test.equal(units[name](math.huge), "+Inf", name)
    test.equal(units[name](-math.huge), "-Inf", name)
  end
  test.that(units.missing(nil) and units.missing(false) and units.missing(json.null) and units.missing(0 / 0), "all of them are missing")
  test.that(not units.missing(0) and not units.missing(""), "zero and an empty text are there")
end)

test.unit("what is no number is refused", function()
  local _, err = try(units.bytes, "1024")
  test.equal(err.code, "invalid")
  test.equal(err.message, "units.bytes: 1024 is no number")
end)

test.unit("numbers have the digits that say something", function()
  read {
    { "number", 0, "0" }, { "number", 3, "3" }, { "number", -3, "-3" }, { "number", 1204, "1204" }, { "number", 2 ^ 53, "9.0072e+15" },
    { "number", 0.1 + 0.2, "0.3" }, { "number", 3.14159, "3.14" }, { "number", 12.34, "12.3" }, { "number", 1234.56, "1234.6" },
    { "number", 0.0004, "0.0004" }, { "number", -0.00012345, "-0.000123" }, { "number", 1e-20, "1e-20" }, { "number", 1e300, "1e+300" },
    { "number", 2.9999, "3.0" }, { "number", 0.99999, "1.0" },
  }
end)

test.unit("counts are grouped", function()
  read {
    { "count", 0, "0" }, { "count", 999, "999" }, { "count", 1000, "1,000" }, { "count", 12345, "12,345" }, { "count", -1234567, "-1,234,567" },
    { "count", 12344.83, "12,344.8" }, { "count", 0.3, "0.3" }, { "count", 1e300, "1e+300" },
  }
end)

test.unit("a percentage never rounds to nothing or to all", function()
  read {
    { "percent", 0, "0%" }, { "percent", 100, "100%" }, { "percent", 5, "5%" }, { "percent", 3.2, "3.2%" }, { "percent", 7.142857, "7.1%" },
    { "percent", 0.04, "0.04%" }, { "percent", 0.00031, "0.00031%" }, { "percent", -0.04, "-0.04%" }, { "percent", 0.5, "0.5%" },
    { "percent", 99.94, "99.9%" }, { "percent", 99.96, "99.96%" }, { "percent", 99.99996, "99.99996%" }, { "percent", 100.04, "100.04%" },
    { "percent", 49.99, "50.0%" }, { "percent", 250.5, "250.5%" },
  }
end)

test.unit("sizes are powers of 1024", function()
  read {
    { "bytes", 0, "0 B" }, { "bytes", 512, "512 B" }, { "bytes", 1023, "1023 B" }, { "bytes", 1024, "1 KiB" }, { "bytes", 1536, "1.5 KiB" },
    { "bytes", 1.5 * 1024 ^ 3, "1.5 GiB" }, { "bytes", -2 * 1024 ^ 2, "-2 MiB" }, { "bytes", 1024 ^ 2 - 1, "1.0 MiB" },
    { "bytes", 1024 ^ 4, "1 TiB" }, { "bytes", 1e15, "909.5 TiB" }, { "bytes", 1e20, "86.7 EiB" }, { "bytes", 5000 * 1024 ^ 6, "5000 EiB" }, { "bytes", 1025, "1.0 KiB" },
  }
end)

test.unit("rates keep what is rare", function()
  read { { "rate", 0, "0/s" }, { "rate", 0.42, "0.42/s" }, { "rate", 0.00003, "0.00003/s" }, { "rate", 1250.26, "1250.3/s" } }
end)

test.unit("durations have two units at the most", function()
  read {
    { "duration", 0, "0s" }, { "duration", 0.25, "250ms" }, { "duration", 0.00042, "0.42ms" }, { "duration", 12.5, "12.5s" }, { "duration", 59, "59s" },
    { "duration", minute, "1m" }, { "duration", 192, "3m12s" }, { "duration", 2 * hour + 5 * minute, "2h5m" }, { "duration", hour + 1, "1h" },
    { "duration", 59 * minute + 59.8, "1h" }, { "duration", 3 * day + 4 * hour, "3d4h" }, { "duration", 7 * day, "7d" }, { "duration", -90, "-1m30s" },
    { "duration", 1e25, "1.15741e+20d" }, { "duration", 59.96, "1m" }, { "duration", -59.96, "-1m" }, { "duration", 59.94, "59.9s" },
    { "duration", 0.99996, "1.0s" }, { "duration", 0.9994, "999.4ms" },
  }
end)

test.unit("beside a limit, a number does not read as the limit", function()
  local function beside(value, unit, limit, want) test.equal(units.format(value, unit, limit), want) end
  beside(5.04, "%", 5, "5.04%")
  beside(4.9999, "%", 5, "4.9999%")
  beside(5, "%", 5, "5%")
  beside(1.5 * 1024 ^ 3 + 1024 ^ 2, "bytes", 1.5 * 1024 ^ 3, "1.501 GiB")
  beside(3601, "s", 3600, "1h1s")
  beside(2.0001, "s", 2, "2.0001s")
  beside(0.3001, "/s", 0.3, "0.3001/s")
  beside(12000.01, "count", 12000, "12,000.01")
end)

test.unit("a unit that is not known is put behind the number", function()
  test.equal(units.format(5, "requests"), "5 requests")
  test.equal(units.format(5), "5")
  test.equal(units.format(5, ""), "5")
  test.equal(units.format(nil, "requests"), "no data")
end)

test.unit("quantities are read as Kubernetes writes them", function()
  for text, want in pairs {
    ["2"] = 2, ["1.5"] = 1.5, ["500m"] = 0.5, ["250u"] = 0.00025, ["100n"] = 1e-7, ["4Gi"] = 4 * 1024 ^ 3, ["1.5Ki"] = 1536, ["20M"] = 2e7, ["1k"] = 1000, ["3E"] = 3e18,
    ["1e3"] = 1000, ["1.5E3"] = 1500, ["2e-2"] = 0.02, ["-5Mi"] = -5 * 1024 ^ 2, ["+1"] = 1, [".5"] = 0.5, ["1Ei"] = 1024 ^ 6,
  } do
    local got = units.quantity(text)
    test.that(got and math.abs(got - want) <= 1e-12 * math.abs(want), ("units.quantity(%q) is %s, not %s"):format(text, tostring(got), want))
  end
  test.equal(units.quantity(7), 7)
  for _, no in ipairs { "", "Gi", "4gi", "4 Gi", "four", "1e", ".", "-", "0x10", "1e3Gi", json.null, false } do
    test.equal(units.quantity(no), nil, tostring(no))
  end
  test.equal(units.quantity(nil), nil)
end)

test.unit("words agree with their number", function()
  test.equal(units.plural(1, "pod"), "1 pod")
  test.equal(units.plural(0, "pod"), "0 pods")
  test.equal(units.plural(12345, "pod"), "12,345 pods")
  test.equal(units.plural(2, "vulnerability", "vulnerabilities"), "2 vulnerabilities")
  test.equal(units.plural(nil, "pod"), "no data pods")
  test.equal(select(2, try(units.plural, "3", "pod")).message, "units.plural: 3 is no number")
end)
