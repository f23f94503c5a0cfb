--- The last errors in the logs of eight pods.
local kubernetes = require "kubernetes"
local report     = require "report"

return runbook {
  summary = "Show the last errors of all pods",
  steps = {
    step("Show", function()
      local said = kubernetes.logs_of("app=talker", {
        namespace = "bench-logs", grep = "error", ignore_case = true, tail = 20,
      })
      local rows = {}
      for i, line in ipairs(said.lines) do rows[i] = { line.pod, line.text } end
      report.pairs(rows)
    end),
  },
}
