--- Reads a Secret that it knows nothing of, and says all that it got.
local kubernetes = require "kubernetes"
local report = require "report"
local json = require "json"
return runbook {
  summary = "Read a Secret",
  may = { "kubernetes.create configmaps", "kubernetes.delete configmaps" },
  steps = {
    step("Read", function()
      local at = { namespace = "photon-mlir" }
      local secret = kubernetes.get("secret/runbook-holder", at)
      log("password " .. secret.data.password)
      log(secret)
      for _, one in ipairs(kubernetes.list("secrets", at)) do log(one) end
      local holder = kubernetes.get("configmap/runbook-holder", at)
      log(holder)
      log("as text " .. tostring(holder))
      report.pairs({ { "copied", holder.data.copied }, { "within", holder.data.within }, { "json", json.encode(holder) } })
      kubernetes.delete("configmap/runbook-copy", at)
      kubernetes.create({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "runbook-copy" }, data = copy(holder.data) }, at)
      kubernetes.delete("configmap/runbook-copy", at)
      try(kubernetes.create, { apiVersion = "v1", kind = "ConfigMap", metadata = { name = holder.data.copied } }, at)
      error("the end, with " .. holder.data.copied .. " and " .. holder.data.open)
    end),
  },
}
