--- What may have brought a Deployment's pods down, from what the cluster tells of them. It only looks.
--
-- A finding is { cause =, evidence =, helps = }: what it is, how that is known, and what to do about it.

local gather     = require "gather"
local kubernetes = require "kubernetes"
local regex      = require "regex"
local time       = require "time"
local units      = require "units"

local causes = {}

-- What a log says when something that the service needs is not there. The handbook names libraries of MLIR and device drivers.
local dependencies = {
  { words = [[(?i)cannot open shared object|undefined symbol|libMLIR|dialect .*not (registered|found)]], what = "a library of MLIR" },
  { words = [[(?i)driver|/dev/|device .*(not found|unavailable|offline|lost)]],                          what = "a device or its driver" },
  { words = [[(?i)connection refused|no such host|i/o timeout|no route to host|broken pipe]],            what = "another service" },
  { words = [[(?i)permission denied|unauthorized|authentication failed|certificate]],                     what = "a right or a credential" },
}

-- Why a container could not even be started, in the kubelet's words.
local unstartable = {
  CreateContainerConfigError = "a ConfigMap or Secret that it names is missing, or lacks a key",
  CreateContainerError       = "the container cannot be made",
  ImagePullBackOff           = "its image cannot be pulled",
  ErrImagePull               = "its image cannot be pulled",
  InvalidImageName           = "its image has no valid name",
  RunContainerError          = "the container cannot be started",
}

-- Events that tell of something missing around a pod.
local missing = { FailedMount = true, FailedAttachVolume = true, FailedScheduling = true, FailedCreatePodSandBox = true, FailedCreate = true }

local function ago(stamp) return time.human(time.now() - time.parse(stamp)) .. " ago" end

local function statuses(pod)
  local out = {}
  for _, field in ipairs { "initContainerStatuses", "containerStatuses" } do
    for _, status in ipairs(pod.status[field] or {}) do out[#out + 1] = status end
  end
  return out
end

local function killed_for_memory(pods, add)
  for _, pod in ipairs(pods) do
    for _, status in ipairs(statuses(pod)) do
      local last = status.lastState and status.lastState.terminated or status.state and status.state.terminated
      if last and last.reason == "OOMKilled" then
        add("out of memory", ("%s/%s was killed %s, %d restarts"):format(pod.metadata.name, status.name, last.finishedAt and ago(last.finishedAt) or "before", status.restartCount),
          "raise its limit: -p memory_limit=…")
      end
    end
  end
end

local function cannot_start(pods, add)
  for _, pod in ipairs(pods) do
    for _, status in ipairs(statuses(pod)) do
      local waiting = status.state and status.state.waiting
      local meaning = waiting and unstartable[waiting.reason]
      if meaning then
        add("failed dependency", ("%s/%s: %s: %s"):format(pod.metadata.name, status.name, meaning, waiting.message or waiting.reason), "see to what is missing")
      end
    end
  end
end

local function what_logs_miss(logs, add)
  for _, name in ipairs(logs.order) do
    for _, kind in ipairs(dependencies) do
      for i = #logs[name], 1, -1 do
        local text = logs[name][i]
        if regex.test(text, kind.words) then
          add("failed dependency", ("%s misses %s: %s"):format(name, kind.what, text), "see to what is missing")
          break
        end
      end
    end
  end
end

local function what_events_miss(events, pods, add)
  local ours = {}
  for _, pod in ipairs(pods) do ours[pod.metadata.name] = true end
  for _, event in ipairs(events) do
    if missing[event.reason] and ours[event.involvedObject.name] then
      add("failed dependency", ("%s: %s"):format(event.involvedObject.name, event.message), "see to what is missing")
    end
  end
end

local function limits(deployment, add)
  for _, container in ipairs(deployment.spec.template.spec.containers) do
    local resources = container.resources or {}
    for _, kind in ipairs { "limits", "requests" } do
      local set, without = resources[kind] or {}, {}
      for _, resource in ipairs { "cpu", "memory" } do
        if not set[resource] then without[#without + 1] = resource end
      end
      if #without > 0 then
        add("no " .. kind, ("container %s has none for %s"):format(container.name, table.concat(without, " and ")),
          "set them: -p memory_limit=… -p cpu_limit=…")
      end
    end
  end
end

local function pressure(usage, run, add)
  for _, pod in ipairs(usage) do
    if pod.memory_percent and pod.memory_percent > run.params.memory then
      add("memory is short", ("%s uses %s of its limit"):format(pod.name, units.percent(pod.memory_percent)), "scale: -p replicas=…, or -p memory_limit=…")
    end
    if pod.cpu_percent and pod.cpu_percent > run.params.cpu then
      add("load", ("%s uses %s of the CPU that it may"):format(pod.name, units.percent(pod.cpu_percent)), "scale: -p replicas=…")
    end
  end
end

-- The ConfigMaps that the pods read, by name.
local function configuration(deployment)
  local names, seen = {}, {}
  local function use(name)
    if name and not seen[name] then seen[name] = true; names[#names + 1] = name end
  end
  local spec = deployment.spec.template.spec
  for _, container in ipairs(spec.containers) do
    for _, from in ipairs(container.envFrom or {}) do use(from.configMapRef and from.configMapRef.name) end
    for _, env in ipairs(container.env or {}) do
      local from = env.valueFrom and env.valueFrom.configMapKeyRef
      use(from and from.name)
    end
  end
  for _, volume in ipairs(spec.volumes or {}) do use(volume.configMap and volume.configMap.name) end
  return names
end

-- Who wrote to an object last, and when; nothing if the cluster does not keep that.
local function last_write(object)
  local last
  for _, entry in ipairs(object.metadata.managedFields or {}) do
    if entry.time and entry.subresource ~= "status" and (not last or entry.time > last.time) then last = entry end
  end
  return last
end

local function changed_configuration(run, add)
  for _, name in ipairs(configuration(run.deployment)) do
    local map = kubernetes.get("configmap/" .. name, { namespace = run.params.namespace })
    local last = map and last_write(map)
    if not map then
      add("failed dependency", "there is no ConfigMap " .. name .. ", which the pods read", "see to what is missing")
    elseif last and last.time > run.deployment.metadata.creationTimestamp and time.now() - time.parse(last.time) < run.params.recent then
      add("configuration change", ("ConfigMap %s was written %s by %s"):format(name, ago(last.time), last.manager), "compare it with what it was; pods read it when they start")
    end
  end
end

--- The revision of a ReplicaSet or Deployment, as a number.
local function revision_of(object)
  return tonumber((object.metadata.annotations or {})["deployment.kubernetes.io/revision"]) or 0
end

local function images(object)
  local out = {}
  for i, container in ipairs(object.spec.template.spec.containers) do out[i] = container.image end
  return table.concat(out, ", ")
end

local function owned_by(object, owner)
  for _, reference in ipairs(object.metadata.ownerReferences or {}) do
    if reference.uid == owner.metadata.uid then return true end
  end
  return false
end

-- The newest release and the one before it, by their ReplicaSets.
local function releases(deployment, sets)
  local own = {}
  for _, set in ipairs(sets) do
    if owned_by(set, deployment) then own[#own + 1] = set end
  end
  table.sort(own, function(a, b) return revision_of(a) > revision_of(b) end)
  return own[1], own[2]
end

-- Whether the pods that fail are all of one release.
local function all_of(failing, release)
  for _, pod in ipairs(failing) do
    if not owned_by(pod, release) then return false end
  end
  return #failing > 0
end

-- Whether the Deployment has given its rollout up.
local function gave_up(deployment)
  for _, condition in ipairs(deployment.status.conditions or {}) do
    if condition.type == "Progressing" and condition.status == "False" then return true end
  end
  return false
end

-- A release is bad if it is new, another one was before it, and none of its pods serves: those that fail are its own, or its rollout
-- has exceeded its deadline.
local function bad_release(newest, before, run)
  if not before or time.now() - time.parse(newest.metadata.creationTimestamp) > run.params.recent then return false end
  if (newest.status.readyReplicas or 0) > 0 then return false end
  return gave_up(run.deployment) or all_of(run.failing, newest)
end

local function recent_rollout(run, sets, add)
  local newest, before = releases(run.deployment, sets)
  if not newest then return nil end
  local age = time.now() - time.parse(newest.metadata.creationTimestamp)
  local bad = bad_release(newest, before, run)
  if before and age < run.params.recent then
    local what = images(newest) ~= images(before) and (images(before) .. " → " .. images(newest)) or "the same images, another configuration of the pods"
    add("recent rollout", ("revision %d is %s old: %s"):format(revision_of(newest), time.human(age), what),
      bad and "roll it back: it has never served" or "roll it back: -p rollback=yes")
  end
  return { bad = bad, newest = newest, before = before }
end

--- Looks for causes, at everything at once.
-- @param run  the run: its params, deployment, failing pods, logs of these ({ order = names, [name] = lines }) and usage
-- @return list of findings
-- @return { bad = whether the newest release is what fails, newest =, before = } of the ReplicaSets; nil if they are not known
-- @return what could not be looked at: errors by name
function causes.find(run)
  local findings = {}
  local function add(cause, evidence, helps) findings[#findings + 1] = { cause = cause, evidence = evidence, helps = helps } end
  local here = { namespace = run.params.namespace, selector = "app=" .. run.params.service }
  local found, failed = gather.all {
    sets   = function() return kubernetes.list("replicasets", here) end,
    events = function() return kubernetes.list("events", { namespace = run.params.namespace, fields = "type=Warning" }) end,
    config = function() changed_configuration(run, add) end,
  }
  local release = found.sets and recent_rollout(run, found.sets, add)
  killed_for_memory(run.failing, add)
  cannot_start(run.failing, add)
  what_logs_miss(run.logs, add)
  what_events_miss(found.events or {}, run.failing, add)
  limits(run.deployment, add)
  pressure(run.usage or {}, run, add)
  return findings, release, failed
end

return causes
