--- Ten thousand pods, counted by a label.
local kubernetes = require "kubernetes"
local report     = require "report"

return runbook {
  summary = "Count the pods of each app",
  steps = {
    step("Count", function()
      local count, lines = {}, {}
      for _, pod in ipairs(kubernetes.list("pods", { namespace = "bench" })) do
        local app = pod.metadata.labels.app
        count[app] = (count[app] or 0) + 1
      end
      for app, n in pairs(count) do lines[#lines + 1] = { app, n } end
      table.sort(lines, function(a, b) return a[1] < b[1] end)
      report.pairs(lines)
    end),
  },
}
