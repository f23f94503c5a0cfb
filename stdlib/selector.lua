--- The label selectors of workloads: as texts, as kubernetes.list and kubernetes.top take them, and held to labels.

local arguments = require "arguments"

local selector = {}

-- How matchExpressions are written in a text.
local operators = {
  In           = function(key, values) return ("%s in (%s)"):format(key, values) end,
  NotIn        = function(key, values) return ("%s notin (%s)"):format(key, values) end,
  Exists       = function(key) return key end,
  DoesNotExist = function(key) return "!" .. key end,
}

-- The selector of a workload. A Service has one of another form, and a pod has none.
local function wanted_of(where, workload)
  arguments.is(where .. ": workload", workload, "table")
  local wanted = type(workload.spec) == "table" and workload.spec.selector or nil
  if type(wanted) ~= "table" then
    error({ code = "invalid", message = ("%s: workload must be one that has a selector, such as a Deployment, not %s"):format(where, tostring(workload.kind or workload)) }, 0)
  end
  return wanted
end

--- Tells by which labels a workload finds its pods. These need not be the labels of the workload itself, nor called app.
-- @param workload a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job, as kubernetes.get returns it
-- @return         "app=web,tier in (front, edge)"
-- @usage kubernetes.list("pods", { selector = selector.of(kubernetes.get("deployment/web")) })
function selector.of(workload)
  local wanted, parts = wanted_of("selector.of", workload), {}
  for key, value in pairs(wanted.matchLabels or {}) do parts[#parts + 1] = key .. "=" .. value end
  table.sort(parts)
  for _, one in ipairs(wanted.matchExpressions or {}) do
    parts[#parts + 1] = operators[one.operator](one.key, table.concat(one.values or {}, ", "))
  end
  return table.concat(parts, ",")
end

-- Whether labels are as an expression of matchExpressions wants them.
local fits = {
  In           = function(value, values) return value ~= nil and values[value] == true end,
  NotIn        = function(value, values) return value == nil or not values[value] end,
  Exists       = function(value) return value ~= nil end,
  DoesNotExist = function(value) return value == nil end,
}

--- Tells whether a workload counts an object among its pods, by the labels of it. That saves a list where all pods are at hand.
-- @param workload a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job, as kubernetes.get returns it
-- @param object   a pod
-- @return         true or false
-- @usage selector.selects(kubernetes.get("deployment/web"), kubernetes.get("pod/web-0"))
function selector.selects(workload, object)
  local wanted, labels = wanted_of("selector.selects", workload), object.metadata.labels or {}
  for key, value in pairs(wanted.matchLabels or {}) do
    if labels[key] ~= value then return false end
  end
  for _, one in ipairs(wanted.matchExpressions or {}) do
    local values = {}
    for _, value in ipairs(one.values or {}) do values[value] = true end
    if not fits[one.operator](labels[one.key], values) then return false end
  end
  return true
end

return selector
