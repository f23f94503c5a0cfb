--- Runs a tool that hangs, with a child that does not end when it is told to.
local host = require "host"

return runbook {
  summary = "Hang on a host",
  may     = { "host.run commands" },
  params  = {
    host    = { type = "string", help = "where" },
    witness = { type = "string", help = "what the child holds" },
  },
  steps   = {
    step("Hang", function(run)
      local tool = 'trap "" TERM; (sleep 1000 > "$0" & wait) & wait'
      host.run({ "sh", "-c", tool, run.params.witness }, { on = run.params.host, timeout = "10m" })
    end),
  },
}
