--- Looks at the rack and at a pod, and leaves a file on the rack for a moment.
local host = require "host"

return runbook {
  summary = "Look at hosts, and change something on one",
  may     = { "host.run commands" },
  params  = { word = { type = "string", help = "name of the file" } },
  steps   = {
    step("Look", function(run)
      log(host.run({ "photon-debug", "--list-devices" }, { on = "rack-1" }).stdout)
      log(host.run({ "echo", run.params.word }, { on = "compiler" }).stdout)
    end),
    step("Change", function(run)
      host.run({ "touch", run.params.word }, { on = "rack-1" })
      host.run({ "rm", run.params.word }, { on = "rack-1" })
    end),
  },
}
