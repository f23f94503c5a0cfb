--- Compiler service down.
-- Users see HTTP 503 from the compilation endpoint, the compilation rate is zero, health checks fail.
--
-- Shows the pods, the last words of the failing ones and what they use, and looks for the cause: memory, limits, something missing,
-- configuration, a release. A release that has never served is rolled back; otherwise failing pods are restarted by deleting them (their
-- controller replaces them). Limits and replicas are changed if asked. Then it waits, and says how the service is.
-- Handbook: Alert Response Procedures, 1. Compiler Service Down.

local causes     = require "causes"
local gather     = require "gather"
local kubernetes = require "kubernetes"
local releases   = require "releases"
local report     = require "report"
local selector   = require "selector"
local units      = require "units"
local usage      = require "usage"

local quantity = "[0-9]+([.][0-9]+)?(m|k|Ki|M|Mi|G|Gi)?"

local function pods(run)
  return kubernetes.list("pods", { namespace = run.params.namespace, selector = selector.of(run.deployment) })
end

local columns = { "name", "ready", "status", "restarts", "age" }

-- The log of the container that died says why; one that has not died yet has only its current log.
local function last_words(run, pod, container)
  local lines = try(kubernetes.logs, pod, { previous = true, tail = run.params.log_lines, container = container })
  return lines or kubernetes.logs(pod, { tail = run.params.log_lines, container = container })
end

-- The limits that were asked for, as a patch of the Deployment's container; nothing if none were.
local function wanted_limits(run)
  local limits = { cpu = run.params.cpu_limit, memory = run.params.memory_limit }
  if not next(limits) then return nil end
  if run.deployment.spec.paused then
    fail("its rollout is paused, so new limits would reach no pod", ("kubectl rollout resume deployment/%s -n %s"):format(run.params.service, run.params.namespace))
  end
  local containers = run.deployment.spec.template.spec.containers
  local name = run.params.container or containers[1].name
  for _, container in ipairs(containers) do
    if container.name == name then
      return { spec = { template = { spec = { containers = { { name = name, resources = { limits = limits } } } } } } }
    end
  end
  fail(("deployment %s has no container %s"):format(run.params.service, name), "leave out -p container=… for its first one, " .. containers[1].name)
end

-- Why nothing is rolled back; nil if it is to be. What nobody asked for is done only where the newest release is to blame.
local function stays(run)
  local release = run.release
  if run.params.rollback == "no" then return "not wanted: -p rollback=no" end
  if run.params.rollback == "yes" then return nil end
  if not release then return "the releases are not known" end
  if not release.before then return release.excuse end
  if release.excuse then return release.excuse .. "; -p rollback=yes rolls it back all the same" end
  if run.deployment.spec.paused then return "the rollout is paused, so nothing would be rolled back" end
  return nil
end

-- Waits for the service; why it is not ready, if it is not. A rollout that was given up stays so until a pod comes up, which
-- kubernetes.wait would take for its end: what was started just now may be that pod.
local function wait_ready(run)
  local timeout = run.params.timeout
  if not (run.acted and releases.gave_up(run.deployment)) then
    local _, err = try(kubernetes.wait, run.deployment, { timeout = timeout })
    return err and err.message
  end
  local _, err = try(wait_until, { name = "readiness of " .. run.params.service, timeout = timeout }, function()
    return releases.complete(kubernetes.get(run.deployment))
  end)
  return err and "not all of them came up within " .. units.duration(timeout)
end

-- The failing pods that a restart may help: not those that the rollback replaces, nor those that may only be slow to start.
local function restartable(run)
  local pods, slow = {}, false
  for _, pod in ipairs(run.failing) do
    local starts = releases.starts(pod, run.release, run.deployment)
    slow = slow or starts
    if not starts and (not run.back_to or releases.owned(pod, run.back_to)) then pods[#pods + 1] = pod end
  end
  return pods, run.back_to and "the rollback replaces them" or slow and "they may only be slow to start, and would have to begin anew" or nil
end

return runbook {
  summary  = "Find why compiler pods fail; restart them, or roll back a bad release; scale up and raise limits if asked",
  severity = "P0",
  alerts   = { "PhotonCompilerDown" },
  tags     = { "compiler", "kubernetes" },

  may = { "kubernetes.delete pods", "kubernetes.patch deployments", "kubernetes.scale deployments", "kubernetes.undo deployments" },

  params = {
    namespace = { type = "string",   default = "photon-mlir",     help = "namespace of the service" },
    service   = { type = "string",   default = "photon-compiler", help = "Deployment to recover",
                  pattern = "[a-z0-9]([-a-z0-9]*[a-z0-9])?" },
    replicas  = { type = "integer",  min = 1, max = 50,           help = "scale to so many replicas, when load is the cause" },
    memory_limit = { type = "string", pattern = quantity,         help = "new memory limit, such as 4Gi, when pods are killed for memory" },
    cpu_limit = { type = "string",   pattern = quantity,          help = "new CPU limit, such as 2 or 1500m" },
    container = { type = "string",                                help = "container that gets the limits; without, the first" },
    rollback  = { type = "string",   enum = { "auto", "yes", "no" }, default = "auto",
                  help = "roll the last release back: auto does so if it is recent, has never served, and what fails is its own" },
    recent    = { type = "duration", default = "2h",              help = "how old a release or a change of configuration may be to be a suspect" },
    memory    = { type = "number",   min = 0, max = 100, default = 80, help = "percent of its memory limit above which a pod is short of memory" },
    cpu       = { type = "number",   min = 0, max = 100, default = 90, help = "percent of its CPU limit above which a pod is loaded" },
    timeout   = { type = "duration", default = "5m",              help = "how long to wait for the service to be available" },
    unready_for = { type = "duration", default = "5m",            help = "how long a pod may take to become ready before it counts as failing" },
    log_lines = { type = "integer",  min = 1, max = 1000, default = 20, help = "lines shown of each failing pod's log" },
  },

  steps = {
    step("Check service status", function(run)
      run.deployment = kubernetes.get("deployment/" .. run.params.service, { namespace = run.params.namespace })
      if not run.deployment then
        fail("there is no deployment " .. run.params.service .. " in " .. run.params.namespace,
             "name another one with -p service=… or -p namespace=…")
      end
      run.limits = wanted_limits(run)
      report.table({ run.deployment }, { "name", "ready", "up_to_date", "available", "age" })
      run.pods = pods(run)
      report.table(run.pods, columns)
      run.failing = kubernetes.failing(run.pods, { unready_for = run.params.unready_for })
      run.troubled = kubernetes.failing(run.pods, { unready_for = run.params.unready_for, stuck = true })
      run.calm = "no pod is failing"
      local ready, wanted = run.deployment.status.readyReplicas or 0, run.deployment.spec.replicas
      if wanted == 0 then
        run.calm = "it is scaled to zero"
      elseif ready < wanted then
        run.calm = ("no pod counts as failing, but %d of %d are ready; -p unready_for=… says how long one may take"):format(ready, wanted)
      end
    end),

    step("Check recent logs", function(run)
      run.logs = { order = {} }
      if #run.troubled == 0 then skip(run.calm) end
      local troubles = {}
      for i, pod in ipairs(run.troubled) do troubles[i] = kubernetes.trouble(pod, { unready_for = run.params.unready_for }) end
      local logs = parallel(run.troubled, { on_error = "continue" }, function(pod, i) return last_words(run, pod, troubles[i].container) end)
      for i, pod in ipairs(run.troubled) do
        local name = pod.metadata.name
        report.lines(logs[i] or { "(no log could be read)" }, name .. ": " .. troubles[i].text)
        run.logs.order[i], run.logs[name] = name, logs[i] or {}
      end
    end),

    step("Check resource usage", function(run)
      local top, err = try(kubernetes.top, "pods", { namespace = run.params.namespace, selector = selector.of(run.deployment) })
      if not top then skip("the cluster does not tell what pods use: " .. err.message) end
      run.usage = top
      usage.report(top)
    end),

    step("Find the cause", function(run)
      local findings, release, failed = causes.find(run)
      run.release = release
      for name, err in pairs(failed) do log(("could not look at %s: %s"):format(name, err.message)) end
      if #findings == 0 then
        log("nothing was found: no pod was killed for memory, nothing is missing, and nothing was changed lately")
        return
      end
      -- A table would be cut to the terminal's width, and with it what to type.
      for _, finding in ipairs(findings) do report.lines({ finding.helps }, finding.cause .. ": " .. finding.evidence) end
    end),

    step("Roll back", function(run)
      local why = stays(run)
      if why then skip(why) end
      local target = run.release and run.release.target
      kubernetes.undo(run.deployment, { revision = target and releases.revision(target) })
      run.acted, run.back_to = true, target
    end),

    step("Change the limits", function(run)
      if not run.limits then skip("not asked for: -p memory_limit=… and -p cpu_limit=… change them") end
      kubernetes.patch(run.deployment, run.limits)
      run.acted, run.relimited = true, true
    end),

    step("Restart failed pods", function(run)
      if #run.failing == 0 then skip(run.calm) end
      if run.relimited then skip("the new limits replace them") end
      local left, why = restartable(run)
      if #left == 0 then skip(why) end
      for _, pod in ipairs(left) do kubernetes.delete(pod) end
      run.acted = true
    end),

    step("Scale the deployment", function(run)
      if not run.params.replicas then skip("not asked for: -p replicas=N scales it") end
      kubernetes.scale(run.deployment, run.params.replicas)
      run.acted = true
    end),

    step("Wait until ready", function(run)
      run.unready = wait_ready(run)
    end),

    step("Verdict", function(run)
      local now = gather.all {
        pods       = function() return pods(run) end,
        deployment = function() return kubernetes.get(run.deployment) end,
      }
      if not now.pods or not now.deployment then
        verdict("unknown", "the service cannot be looked at any more")
        return
      end
      local failing = kubernetes.failing(now.pods, { unready_for = run.params.unready_for })
      report.table(now.pods, columns)
      if now.deployment.spec.replicas == 0 then
        verdict("down", "it is scaled to zero: -p replicas=N scales it")
      elseif run.unready then
        -- Some replicas that serve are no outage, and no health either.
        local serving = now.deployment.status.availableReplicas or 0
        verdict(serving > 0 and "degraded" or "down", ("%d of %d replicas available: %s"):format(serving, now.deployment.spec.replicas, run.unready))
      elseif #failing > 0 then
        verdict("degraded", #failing .. " of " .. #now.pods .. " pods are failing")
      else
        verdict("healthy", #now.pods .. " pods, none failing")
      end
    end),
  },
}
