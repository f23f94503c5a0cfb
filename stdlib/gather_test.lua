-- Tests of gather: runbook test stdlib/gather_test.lua
local test   = require "test"
local gather = require "gather"

test.unit("what each returned comes back by its name", function()
  local found, failed = gather.all { a = function() return 1 end, b = function() return { 2 } end }
  test.equal(found, { a = 1, b = { 2 } })
  test.equal(failed, {})
end)

test.unit("one that fails does not silence the others", function()
  local found, failed = gather.all {
    bad  = function() error({ code = "unavailable", message = "away" }) end,
    good = function() return "here" end,
    none = function() end,
  }
  test.equal(found, { good = "here" })
  test.equal(failed.bad.code, "unavailable")
  test.equal(failed.bad.message, "away")
  test.equal(failed.good, nil)
end)

test.unit("a list of functions is answered by a list", function()
  local reads = {}
  for i = 1, 11 do reads[i] = function() return i * i end end
  reads[11] = function() error({ code = "unavailable", message = "away" }) end
  local found, failed = gather.all(reads)
  test.equal(found[10], 100)
  test.equal(failed[11].message, "away")
end)

test.unit("there may be nothing to ask", function()
  local found, failed = gather.all {}
  test.equal(found, {})
  test.equal(failed, {})
end)
