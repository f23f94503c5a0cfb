--- What may have brought a Deployment's pods down, from what the cluster tells of them. It only looks.
--
-- A finding is { cause =, evidence =, helps = }: what it is, how that is known, and what to do about it. What holds for several pods is one
-- finding.

local gather     = require "gather"
local kubernetes = require "kubernetes"
local regex      = require "regex"
local releases   = require "releases"
local selector   = require "selector"
local time       = require "time"
local units      = require "units"

local causes = {}

-- What a log says when something that the service needs is not there. The handbook names libraries of MLIR and device drivers.
local dependencies = {
  { words = [[(?i)cannot open shared object|undefined symbol|dialect .*not (registered|found)]], what = "a library" },
  { words = [[(?i)(device|driver|/dev/[a-z]).*(not found|no such|unavailable|offline|lost|cannot|fail|timed? ?out)|(no such|missing|lost|cannot open|failed to open) (device|driver|/dev/[a-z])]],
    what = "a device or its driver" },
  { words = [[(?i)connection (refused|reset)|no such host|i/o timeout|no route to host|name resolution]], what = "another service" },
  { words = [[(?i)permission denied|unauthorized|authentication failed|x509:|certificate .*(expired|invalid|unknown|verif)]], what = "a right or a credential" },
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

-- What events of a pod that has not started mean, and of a release that should have made some.
local missing = {
  FailedMount = "failed dependency", FailedAttachVolume = "failed dependency", FailedCreatePodSandBox = "failed dependency",
  FailedCreate = "pods are refused",
}

local function ago(stamp) return time.human(time.now() - time.parse(stamp)) .. " ago" end

local function statuses(pod)
  local out = {}
  for _, field in ipairs { "initContainerStatuses", "containerStatuses" } do
    for _, status in ipairs(pod.status[field] or {}) do out[#out + 1] = status end
  end
  return out
end

-- Which parameters change the limits of a container: without -p container it is the Deployment's first one.
local function set_limits(run, container, parameters)
  local first = run.deployment.spec.template.spec.containers[1].name
  return parameters .. (container ~= first and " -p container=" .. container or "")
end

-- What to type for a container that was killed for memory: twice what it may use, where that is a number with a unit.
local function raise_limit(run, name)
  for _, container in ipairs(run.deployment.spec.template.spec.containers) do
    local limit = container.name == name and ((container.resources or {}).limits or {}).memory
    local number, unit = tostring(limit or ""):match("^(%d+)(%a*)$")
    if number then return ("raise its limit of %s: "):format(limit) .. set_limits(run, name, ("-p memory_limit=%d%s"):format(2 * number, unit)) end
  end
  return "raise its limit: " .. set_limits(run, name, "-p memory_limit=…")
end

-- Whoever was killed may serve again by now, until the next time.
local function killed_for_memory(run, add)
  for _, pod in ipairs(run.pods) do
    for _, status in ipairs(statuses(pod)) do
      local now, last = (status.state or {}).terminated, (status.lastState or {}).terminated
      local killed = now and now.reason == "OOMKilled" and now or last and last.reason == "OOMKilled" and last
      local at = killed and killed.finishedAt
      if killed and (not status.ready or not at or time.now() - time.parse(at) < run.params.recent) then
        local evidence = ("%s/%s was killed %s, %d restarts"):format(pod.metadata.name, status.name, at and ago(at) or "before", status.restartCount)
        add("out of memory", evidence, raise_limit(run, status.name))
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
        add("failed dependency", ("%s: %s: %s"):format(status.name, meaning, waiting.message or waiting.reason), "see to what is missing", pod.metadata.name)
      end
    end
  end
end

local function has_no_node(pods, add)
  for _, pod in ipairs(pods) do
    local trouble = kubernetes.trouble(pod)
    if trouble and trouble.reason == "Unschedulable" then
      add("no room", trouble.message, "bring nodes back or add some, or lower the requests", pod.metadata.name)
    end
  end
end

local function what_logs_miss(logs, add)
  for _, name in ipairs(logs.order) do
    for _, kind in ipairs(dependencies) do
      for i = #logs[name], 1, -1 do
        local text = logs[name][i]
        if regex.test(text, kind.words) then
          add("failed dependency", ("misses %s: %s"):format(kind.what, (text:gsub("^%d+-%d+-%d+T%S+%s+", ""))), "see to what is missing", name)
          break
        end
      end
    end
  end
end

local function told(event) return event.lastTimestamp or event.eventTime or event.metadata.creationTimestamp end

-- Pods that have not started, and the releases that should have made some, are who an event has to be about. The last one of a kind says it.
local function what_events_miss(run, events, sets, add)
  local ours, last, keys = {}, {}, {}
  for _, pod in ipairs(run.troubled) do ours[pod.metadata.uid] = pod.status.phase == "Pending" end
  for _, set in ipairs(sets) do ours[set.metadata.uid] = (set.status.replicas or 0) < set.spec.replicas and releases.owned(set, run.deployment) end
  for _, event in ipairs(events) do
    local key = event.involvedObject.name .. " " .. event.reason
    if missing[event.reason] and ours[event.involvedObject.uid] and (not last[key] or told(event) > told(last[key])) then
      if not last[key] then keys[#keys + 1] = key end
      last[key] = event
    end
  end
  for _, key in ipairs(keys) do
    local event = last[key]
    add(missing[event.reason], (event.message:gsub("^%(combined from similar events%): ", "")), "see to what is missing", event.involvedObject.name)
  end
end

-- A limit without a request is taken for the request as well.
local function limits(run, add)
  for _, container in ipairs(run.deployment.spec.template.spec.containers) do
    local limited = (container.resources or {}).limits or {}
    local requested = (container.resources or {}).requests or {}
    local function check(kind, isset)
      local without = {}
      for _, resource in ipairs { "cpu", "memory" } do
        if not isset(resource) then without[#without + 1] = resource end
      end
      if #without > 0 then
        add("no " .. kind, ("container %s has none for %s"):format(container.name, table.concat(without, " and ")),
          "set limits: " .. set_limits(run, container.name, "-p memory_limit=… -p cpu_limit=…"))
      end
    end
    check("limits", function(resource) return limited[resource] end)
    check("requests", function(resource) return requested[resource] or limited[resource] end)
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

-- The names of the ConfigMaps that the pods cannot do without.
local function needed_maps(deployment)
  local names, seen = {}, {}
  local function use(reference)
    local name = reference and not reference.optional and reference.name
    if name and not seen[name] then seen[name] = true; names[#names + 1] = name end
  end
  local spec = deployment.spec.template.spec
  for _, field in ipairs { "initContainers", "containers" } do
    for _, container in ipairs(spec[field] or {}) do
      for _, from in ipairs(container.envFrom or {}) do use(from.configMapRef) end
      for _, env in ipairs(container.env or {}) do use(env.valueFrom and env.valueFrom.configMapKeyRef) end
    end
  end
  for _, volume in ipairs(spec.volumes or {}) do
    use(volume.configMap)
    for _, source in ipairs(volume.projected and volume.projected.sources or {}) do use(source.configMap) end
  end
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

-- The ConfigMaps that the pods read: { name =, map = nil if there is none }.
local function configuration_maps(run)
  local maps = {}
  for i, name in ipairs(needed_maps(run.deployment)) do
    maps[i] = { name = name, map = kubernetes.get("configmap/" .. name, { namespace = run.params.namespace }) }
  end
  return maps
end

local function configuration(run, maps, add)
  for _, one in ipairs(maps) do
    local last = one.map and last_write(one.map)
    if not one.map then
      add("failed dependency", "there is no ConfigMap " .. one.name .. ", which the pods read", "see to what is missing")
    elseif last and last.time > run.deployment.metadata.creationTimestamp and time.now() - time.parse(last.time) < run.params.recent then
      add("configuration change", ("ConfigMap %s was written %s by %s"):format(one.name, ago(last.time), last.manager), "compare it with what it was; pods read it when they start")
    end
  end
end

local function images(object)
  local out = {}
  for i, container in ipairs(object.spec.template.spec.containers) do out[i] = container.image end
  return table.concat(out, ", ")
end

-- What to do about a release that is a suspect.
local function remedy(run, release)
  if release.excuse then return "if it is the cause: -p rollback=yes (" .. release.excuse .. ")" end
  if run.deployment.spec.paused then return "resume the rollout, then roll it back" end
  return ("it has never served: roll back to revision %d"):format(releases.revision(release.target))
end

local function recent_rollout(run, release, add)
  if not release.before or release.age > run.params.recent then return end
  local newest, before = images(release.newest), images(release.before)
  local what = newest ~= before and before .. " → " .. newest or "the same images, another configuration of the pods"
  add("recent rollout", ("revision %d was rolled out %s ago: %s"):format(releases.revision(release.newest), time.human(release.age), what), remedy(run, release))
end

-- What the Deployment itself says of why no pods come.
local function not_wanted(run, add)
  local spec = run.deployment.spec
  if spec.replicas == 0 then add("scaled to zero", "the deployment is to have no pods", "scale it: -p replicas=…") end
  if spec.paused then
    add("paused rollout", "changes of the deployment do not reach its pods",
      ("kubectl rollout resume deployment/%s -n %s"):format(run.params.service, run.params.namespace))
  end
end

-- Collects findings. The function adds one; who is the object that it is about, if it is not the Deployment.
local function collector()
  local findings, whose = {}, {}
  local function add(cause, evidence, helps, who)
    local key = cause .. "\0" .. evidence
    if not whose[key] then
      whose[key] = { finding = { cause = cause, evidence = evidence, helps = helps } }
      findings[#findings + 1] = whose[key].finding
    end
    if not who then return end
    local all = whose[key]
    all[#all + 1] = who
    all.finding.evidence = ("%s%s: %s"):format(all[1], #all > 1 and (" and %d more"):format(#all - 1) or "", evidence)
  end
  return findings, add
end

--- Looks for causes, at everything at once.
-- @param run  the run: its params, deployment, pods, those of them in trouble, logs of these ({ order = names, [name] = lines }) and usage
-- @return list of findings
-- @return the newest release, as releases.judge returns it; nil if it is not known
-- @return what could not be looked at: errors by name
function causes.find(run)
  local findings, add = collector()
  local namespace = run.params.namespace
  local found, failed = gather.all {
    sets   = function() return kubernetes.list("replicasets", { namespace = namespace, selector = selector.of(run.deployment) }) end,
    events = function() return kubernetes.list("events", { namespace = namespace, fields = "type=Warning" }) end,
    config = function() return configuration_maps(run) end,
  }
  local release = found.sets and releases.judge(run, found.sets)
  not_wanted(run, add)
  if release then recent_rollout(run, release, add) end
  killed_for_memory(run, add)
  cannot_start(run.troubled, add)
  has_no_node(run.troubled, add)
  what_logs_miss(run.logs, add)
  what_events_miss(run, found.events or {}, found.sets or {}, add)
  configuration(run, found.config or {}, add)
  limits(run, add)
  pressure(run.usage or {}, run, add)
  return findings, release, failed
end

return causes
