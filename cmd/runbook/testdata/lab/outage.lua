--- Waits for a Deployment, then scales it.
local kubernetes = require "kubernetes"
local where = { namespace = "photon-mlir" }

return runbook {
  summary = "Wait, then scale",
  may = { "kubernetes.scale deployments" },
  steps = {
    step("Wait", function()
      kubernetes.wait("deployment/outage", { namespace = where.namespace, condition = "available", timeout = "1m", every = "200ms" })
    end),
    step("Scale", function() kubernetes.scale("deployment/outage", 2, where) end),
  },
}
