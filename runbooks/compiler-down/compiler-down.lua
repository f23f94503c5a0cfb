--- Compiler service down.
-- Users see HTTP 503 from the compilation endpoint, the compilation rate is zero, health checks fail.
--
-- Shows the pods and the last words of the failing ones, restarts those by deleting them (their controller replaces them), scales
-- up if asked, waits until every replica is ready, and says how the service is.
-- Handbook: Alert Response Procedures, 1. Compiler Service Down.

local kubernetes = require "kubernetes"
local report     = require "report"

local function selector(run) return "app=" .. run.params.service end

local function pods(run)
  return kubernetes.list("pods", { namespace = run.params.namespace, selector = selector(run) })
end

local function deployment(run) return "deployment/" .. run.params.service end

local columns = { "name", "ready", "status", "restarts", "age" }

-- The log of the container that died says why; one that has not died yet has only its current log.
local function last_words(run, pod)
  local lines = try(kubernetes.logs, pod, { previous = true, tail = run.params.log_lines })
  return lines or kubernetes.logs(pod, { tail = run.params.log_lines })
end

return runbook {
  summary  = "Find and restart failing compiler pods; scale up if asked",
  severity = "P0",
  alerts   = { "PhotonCompilerDown" },
  tags     = { "compiler", "kubernetes" },

  may = { "kubernetes.delete pods", "kubernetes.scale deployments" },

  params = {
    namespace = { type = "string",   default = "photon-mlir",     help = "namespace of the service" },
    service   = { type = "string",   default = "photon-compiler", help = "Deployment to recover, and the app label of its pods",
                  pattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?" },
    replicas  = { type = "integer",  min = 1, max = 50,           help = "scale to so many replicas, when load is the cause" },
    timeout   = { type = "duration", default = "5m",              help = "how long to wait for the service to be available" },
    unready_for = { type = "duration", default = "5m",            help = "how long a pod may take to become ready before it counts as failing" },
    log_lines = { type = "integer",  min = 1, max = 1000, default = 20, help = "lines shown of each failing pod's log" },
  },

  steps = {
    step("Check service status", function(run)
      run.deployment = kubernetes.get(deployment(run), { namespace = run.params.namespace })
      if not run.deployment then
        fail("there is no deployment " .. run.params.service .. " in " .. run.params.namespace,
             "name another one with -p service=… or -p namespace=…")
      end
      report.table({ run.deployment }, { "name", "ready", "up_to_date", "available", "age" })
      local found = pods(run)
      report.table(found, columns)
      run.failing = kubernetes.failing(found, { unready_for = run.params.unready_for })
      run.calm = "no pod is failing"
      local ready, wanted = run.deployment.status.readyReplicas or 0, run.deployment.spec.replicas
      if ready < wanted then
        run.calm = ("no pod counts as failing, but %d of %d are ready; -p unready_for=… says how long one may take"):format(ready, wanted)
      end
    end),

    step("Check recent logs", function(run)
      if #run.failing == 0 then skip(run.calm) end
      local logs = parallel(run.failing, { on_error = "continue" }, function(pod) return last_words(run, pod) end)
      for i, pod in ipairs(run.failing) do
        report.lines(logs[i] or { "(no log could be read)" }, pod.metadata.name)
      end
    end),

    step("Restart failed pods", function(run)
      if #run.failing == 0 then skip(run.calm) end
      for _, pod in ipairs(run.failing) do kubernetes.delete(pod) end
    end),

    step("Scale the deployment", function(run)
      if not run.params.replicas then skip("not asked for: -p replicas=N scales it") end
      kubernetes.scale(run.deployment, run.params.replicas)
    end),

    step("Wait until ready", function(run)
      local _, err = try(kubernetes.wait, run.deployment, { condition = "ready", timeout = run.params.timeout })
      if err then
        run.unready = err.message
        log(err.message)
      end
    end),

    step("Verdict", function(run)
      local now = pods(run)
      local failing = kubernetes.failing(now)
      report.table(now, columns)
      if run.unready then
        -- Some replicas that serve are no outage, and no health either.
        local left = kubernetes.get(run.deployment)
        local serving = left and left.status.availableReplicas or 0
        verdict(serving > 0 and "degraded" or "down", run.unready)
      elseif #failing > 0 then
        verdict("degraded", #failing .. " of " .. #now .. " pods are failing")
      else
        verdict("healthy", #now .. " pods, none failing")
      end
    end),
  },
}
