--- Create, scale and delete in a namespace that the server never hears of.
local kubernetes = require "kubernetes"
local where = { namespace = "runbook-flow" }

return runbook {
  summary = "See one's own writes",
  may = { "kubernetes.create namespaces", "kubernetes.create deployments", "kubernetes.scale deployments", "kubernetes.delete deployments" },
  steps = {
    step("Flow", function()
      kubernetes.create { apiVersion = "v1", kind = "Namespace", metadata = { name = where.namespace } }
      kubernetes.create {
        apiVersion = "apps/v1", kind = "Deployment", metadata = { name = "web", namespace = where.namespace },
        spec = {
          replicas = 3, selector = { matchLabels = { app = "web" } },
          template = { metadata = { labels = { app = "web" } }, spec = { containers = { { name = "web", image = "web:1" } } } },
        },
      }
      local function pods() return #kubernetes.list("pods", { namespace = where.namespace, selector = "app=web" }) end
      local deployments, before = #kubernetes.list("deployments", where), pods()
      local web = kubernetes.get("deployment/web", where)
      kubernetes.scale(web, 0)
      local none = pods()
      kubernetes.scale(web, 3)
      local again, replicas = pods(), kubernetes.get("deployment/web", where).spec.replicas
      kubernetes.delete(web)
      local gone = kubernetes.get("deployment/web", where) == nil
      log(("deployments %d, pods %d, then %d, then %d, replicas %d, gone %s"):format(
        deployments, before, none, again, replicas, tostring(gone)))
    end),
  },
}
