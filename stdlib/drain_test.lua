-- Tests of drain: runbook test stdlib/drain_test.lua
-- How a node is drained is shown by cmd/runbook/testdata/script/drain.txtar.
local test  = require "test"
local drain = require "drain"

test.unit("an option that there is not is refused before anything is looked at", function()
  local _, err = try(drain.node, "node-1", { delete_emptyDir = true })
  test.equal(err.message, 'drain.node has no option "delete_emptyDir"; known are: timeout, grace, ignore_daemonsets, delete_emptydir, force, selector')
  test.equal(err.code, "invalid")
end)
