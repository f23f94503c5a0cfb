--- Draining a node: moving its pods elsewhere before the node is worked on.
-- Every cordon and eviction is an action of its own: a dry run shows each, and a run is consented to as usual. A runbook that requires
-- this says in its `may`: "kubernetes.cordon nodes", "kubernetes.evict pods".

local arguments  = require "arguments"
local kubernetes = require "kubernetes"
local time       = require "time"

local drain = {}

-- How often an eviction is asked for again that somebody else's eviction came before.
local tries = 5

local function name_of(object)
  local namespace = object.metadata.namespace
  return namespace and namespace .. "/" .. object.metadata.name or object.metadata.name
end

-- Everything that stands against the drain, one line each: a person is not to find out one by one.
local function obstacles(what)
  local lines = {}
  for _, r in ipairs(what.refuse) do lines[#lines + 1] = name_of(r.pod) .. ": " .. r.reason end
  for _, r in ipairs(what.held) do
    if r.never then lines[#lines + 1] = name_of(r.pod) .. ": " .. r.reason end
  end
  return lines
end

local function look(node, options)
  local what = kubernetes.drainable(node, {
    ignore_daemonsets = options.ignore_daemonsets, delete_emptydir = options.delete_emptydir, force = options.force,
    selector = options.selector,
  })
  local lines = obstacles(what)
  if #lines > 0 then
    fail("cannot drain " .. node .. ", and nothing was evicted:\n  " .. table.concat(lines, "\n  "),
      "what may go all the same is said with the options of drain.node")
  end
  return what
end

-- The time that is left for waiting, in seconds.
local function left(deadline) return math.max(0, deadline - time.now()) end

-- Somebody else may take the disruption that a budget allowed a moment ago.
local function evict(pod, options, deadline)
  for attempt = 1, tries do
    kubernetes.wait(pod, { condition = "evictable", timeout = left(deadline) })
    local done, err = try(kubernetes.evict, pod, { grace = options.grace })
    if not err then return done end
    if err.code ~= "throttled" or attempt == tries then error(err, 0) end
  end
end

local function evict_all(what, options, deadline)
  local evicted = {}
  for i, pod in ipairs(what.evict) do
    local ok, err = pcall(evict, pod, options, deadline)
    if not ok then
      log("the drain stopped after " .. (i - 1) .. " of " .. #what.evict .. " pods; the node stays cordoned")
      error(err, 0)
    end
    if err then evicted[#evicted + 1] = name_of(pod) end
  end
  for _, pod in ipairs(what.evict) do
    kubernetes.wait(pod, { condition = "deleted", timeout = left(deadline) })
  end
  return evicted
end

--- Drains a node: cordons it, evicts its pods as their disruption budgets allow, and waits until they are gone.
-- It looks first, and fails with every reason against it before anything is changed: pods that nothing would start elsewhere, pods with data
-- in an emptyDir, budgets that never allow a disruption. Pods of DaemonSets and of the node's own files stay. The node stays cordoned, also
-- when the drain fails: kubernetes.uncordon lets pods come back.
-- @param node                      the node's name, or the node itself
-- @param options?                  how to go about it
-- @param options.timeout           for everything together, "15m" if not given
-- @param options.grace             how long each pod may take to stop; without it its own time
-- @param options.ignore_daemonsets leave pods of DaemonSets alone, true if not given
-- @param options.delete_emptydir   evict pods although the data in their emptyDirs is lost
-- @param options.force             evict pods that nothing would start again
-- @param options.selector          only pods with these labels
-- @return                          { node = its name, cordoned = whether it was not before, evicted = list of "namespace/name", stays = list of { pod, reason } }
-- @usage require("drain").node("node-3", { timeout = "30m", delete_emptydir = true })
function drain.node(node, options)
  options = arguments.options("drain.node", options, { "timeout", "grace", "ignore_daemonsets", "delete_emptydir", "force", "selector" })
  if type(node) ~= "string" and not (type(node) == "table" and type(node.metadata) == "table") then arguments.is("drain.node: node", node, "string") end
  local ref = "node/" .. (type(node) == "string" and node:match("[^/]*$") or node.metadata.name)
  local deadline = time.now() + time.duration(options.timeout or "15m")
  look(ref, options)
  local cordoned = kubernetes.cordon(ref)
  local what = look(ref, options) -- a pod may have come before the node was cordoned
  local evicted = evict_all(what, options, deadline)
  return { node = ref:sub(#"node/" + 1), cordoned = cordoned, evicted = evicted, stays = what.skip }
end

return drain
