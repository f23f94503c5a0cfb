--- Ten thousand pods as kubectl prints them.
local kubernetes = require "kubernetes"
local report     = require "report"

return runbook {
  summary = "Show the pods",
  steps = {
    step("Show", function()
      report.table(kubernetes.list("pods", { namespace = "bench" }), { "name", "ready", "status", "restarts", "age" })
    end),
  },
}
