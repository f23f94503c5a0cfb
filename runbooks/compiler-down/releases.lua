--- The releases of a Deployment, as its ReplicaSets tell of them, and whether the newest one is to blame. It only looks.

local kubernetes = require "kubernetes"
local time       = require "time"

local releases = {}

-- What pods do that may only be slow. That they are so for too long, the Deployment's own deadline says.
local on_its_way = { NotReady = true, ContainerCreating = true, PodInitializing = true, Pending = true, Unschedulable = true }

--- The revision of a ReplicaSet or Deployment, as a number.
function releases.revision(object)
  return tonumber((object.metadata.annotations or {})["deployment.kubernetes.io/revision"]) or 0
end

--- Whether an object is controlled by another one.
function releases.owned(object, owner)
  for _, reference in ipairs(object.metadata.ownerReferences or {}) do
    if reference.uid == owner.metadata.uid then return true end
  end
  return false
end

local function progressing(deployment)
  for _, condition in ipairs(deployment.status.conditions or {}) do
    if condition.type == "Progressing" then return condition end
  end
  return {}
end

--- Whether the Deployment has given its rollout up.
function releases.gave_up(deployment) return progressing(deployment).status == "False" end

-- Its rollout came to its end, so all its pods served once. The Deployment goes on saying so when they fail later.
local function has_served(deployment) return progressing(deployment).reason == "NewReplicaSetAvailable" end

local function serves(set) return (set.status.readyReplicas or 0) > 0 end

-- Whether a pod in trouble has not gone wrong so far.
local function only_slow(pod)
  local trouble = kubernetes.trouble(pod)
  return trouble == nil or trouble.last_exit == nil and (on_its_way[trouble.reason] or trouble.reason:find("^Init:%d")) ~= nil
end

-- Why the newest release is not to blame; nil if it is.
local function excuse(found, run)
  local newest = found.newest
  if not found.before then return "there is no release before this one" end
  if found.age > run.params.recent then return "the newest release is no recent one" end
  if serves(newest) then return "pods of the newest release serve" end
  if has_served(run.deployment) then return "the newest release has served before" end
  local failing = false
  for _, pod in ipairs(run.troubled) do
    if not releases.owned(pod, newest) then return "pods of an earlier release fail too" end
    failing = failing or not only_slow(pod)
  end
  if not failing and not releases.gave_up(run.deployment) then return "the newest release may only be slow to start" end
  return nil
end

--- Whether a pod may only be slow to start: its rollout goes on, and it has not gone wrong. Deleting it would make it begin anew.
function releases.starts(pod, release, deployment)
  return release ~= nil and releases.owned(pod, release.newest) and only_slow(pod) and not has_served(deployment) and not releases.gave_up(deployment)
end

--- Whether all pods of a Deployment are of its newest release, and serve.
function releases.complete(deployment)
  local status, wanted = deployment.status, deployment.spec.replicas
  return status.observedGeneration == deployment.metadata.generation and (status.replicas or 0) == wanted
    and (status.updatedReplicas or 0) == wanted and (status.availableReplicas or 0) == wanted
end

local function age_of(object) return time.now() - time.parse(object.metadata.creationTimestamp) end

-- How long ago the newest release was rolled out. Its ReplicaSet may be one of long ago that came back: while the rollout goes on, its
-- pods tell.
local function rolled_out(newest, run)
  local oldest
  for _, pod in ipairs(run.pods) do
    if releases.owned(pod, newest) then oldest = math.max(oldest or 0, age_of(pod)) end
  end
  if oldest and not has_served(run.deployment) then return math.min(oldest, age_of(newest)) end
  return age_of(newest)
end

--- Looks at the newest release: whether it is to blame, and where a rollback should go.
-- A release is to blame if it is recent, its rollout never came to its end, none of its pods serves, and what fails is its own: they
-- crash or cannot start, or the rollout has exceeded its deadline. Pods that are merely slow are no reason.
-- @param run  the run: its params, deployment, pods and those of them in trouble
-- @param sets ReplicaSets
-- @return { newest =, before =, target = where to go back to: what serves now, else the one before; age = since it was rolled out, in seconds,
--         excuse = why it is not to blame; nil if it is }; nil if it has no release yet
function releases.judge(run, sets)
  local own = {}
  for _, set in ipairs(sets) do
    if releases.owned(set, run.deployment) then own[#own + 1] = set end
  end
  table.sort(own, function(a, b) return releases.revision(a) > releases.revision(b) end)
  if #own == 0 then return nil end
  local found = { newest = own[1], before = own[2], target = own[2], age = rolled_out(own[1], run) }
  for i = #own, 2, -1 do
    if serves(own[i]) then found.target = own[i] end
  end
  found.excuse = excuse(found, run)
  return found
end

return releases
