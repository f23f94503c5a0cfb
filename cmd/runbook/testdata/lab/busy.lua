--- Makes many small things, one after the other.
local kubernetes = require "kubernetes"

return runbook {
  summary = "Be busy",
  may = { "kubernetes.create configmaps" },
  params = { count = { type = "integer", default = 60 }, namespace = { required = true } },
  steps = {
    step("Make", function(run)
      for i = 1, run.params.count do
        kubernetes.create({ apiVersion = "v1", kind = "ConfigMap", metadata = { name = "busy-" .. i, namespace = run.params.namespace }, data = { n = tostring(i) } })
      end
    end),
  },
}
