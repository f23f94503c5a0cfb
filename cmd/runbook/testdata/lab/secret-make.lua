--- Makes a Secret, and an object that holds it in every way that tools do; or takes both away.
local kubernetes = require "kubernetes"
local json = require "json"
return runbook {
  summary = "Make a Secret",
  may = { "kubernetes.create secrets", "kubernetes.create configmaps", "kubernetes.delete secrets", "kubernetes.delete configmaps" },
  params = { pw = { secret = true, required = true }, open = { required = true }, away = { type = "boolean", default = false } },
  steps = {
    step("Make", function(run)
      for _, name in ipairs { "secret/runbook-holder", "configmap/runbook-holder" } do kubernetes.delete(name, { namespace = "photon-mlir" }) end
      if run.params.away then return end
      local secret = {
        apiVersion = "v1", kind = "Secret", metadata = { name = "runbook-holder" }, stringData = { password = run.params.pw, user = "postgres" },
      }
      kubernetes.create(secret, { namespace = "photon-mlir" })
      kubernetes.create({
        apiVersion = "v1", kind = "ConfigMap", metadata = { name = "runbook-holder", annotations = { ["made.from/manifest"] = json.encode(secret) } },
        data = { copied = run.params.pw, within = "postgres://u:" .. run.params.pw .. "@db", open = run.params.open },
      }, { namespace = "photon-mlir" })
    end),
  },
}
