--- Changes many things in parallel branches, and reads what it changed.
local kubernetes = require "kubernetes"
local where = { namespace = "photon-mlir" }

local function config(name, data)
  return { apiVersion = "v1", kind = "ConfigMap", metadata = { name = name, namespace = where.namespace }, data = data }
end

return runbook {
  summary = "Change things in branches",
  may = { "kubernetes.create configmaps", "kubernetes.delete configmaps", "kubernetes.scale deployments" },
  steps = {
    step("Create", function(run)
      run.tag = tostring(math.random(100000))
      run.made = parallel({ "one", "two", "three" }, { limit = 3 }, function(name)
        local made = kubernetes.create(config("branch-" .. name, { tag = run.tag }))
        parallel({ "a", "b" }, function(inner) kubernetes.create(config("branch-" .. name .. "-" .. inner, { tag = run.tag })) end)
        return kubernetes.get("configmap/branch-" .. name, where).data.tag == run.tag and made.metadata.name
      end)
    end),
    step("Scale", function(run)
      run.before = kubernetes.scale("deployment/photon-compiler", 4, where)
      kubernetes.wait("deployment/photon-compiler", { namespace = where.namespace, condition = "available", timeout = "1m" })
      kubernetes.scale("deployment/photon-compiler", run.before, where)
    end),
    step("Delete", function(run)
      local list = kubernetes.list("configmaps", where)
      parallel(list, function(c)
        if c.metadata.name:find("^branch%-") then kubernetes.delete(c) end
      end)
      log(table.concat(run.made, " ") .. ", replicas were " .. run.before)
    end),
  },
}
