--- Two actions whose targets others may change between a plan and its application.
local kubernetes = require "kubernetes"
local where = { namespace = "photon-mlir" }

return runbook {
  summary = "Scale, and remove a notice",
  may = { "kubernetes.scale deployments", "kubernetes.delete configmaps" },
  params = { replicas = { type = "integer", default = 4 }, notice = { type = "boolean", default = true } },
  steps = {
    step("Scale", function(run)
      local settings = kubernetes.get("configmap/settings", where)
      kubernetes.scale("deployment/photon-compiler", settings and tonumber(settings.data.replicas) or run.params.replicas, where)
    end),
    step("Remove the notice", function(run)
      if not run.params.notice then skip("not wanted") end
      kubernetes.delete("configmap/notice", where)
    end),
  },
}
