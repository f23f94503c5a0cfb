--- Label selectors as texts, as kubernetes.list and kubernetes.top take them.

local selector = {}

-- How matchExpressions are written in a text.
local operators = {
  In           = function(key, values) return ("%s in (%s)"):format(key, values) end,
  NotIn        = function(key, values) return ("%s notin (%s)"):format(key, values) end,
  Exists       = function(key) return key end,
  DoesNotExist = function(key) return "!" .. key end,
}

--- Tells by which labels a workload finds its pods. These need not be the labels of the workload itself, nor called app.
-- @param workload a Deployment, StatefulSet, DaemonSet, ReplicaSet or Job, as kubernetes.get returns it
-- @return         "app=web,tier in (front, edge)"
-- @usage kubernetes.list("pods", { selector = selector.of(kubernetes.get("deployment/web")) })
function selector.of(workload)
  local wanted, parts = workload.spec.selector, {}
  for key, value in pairs(wanted.matchLabels or {}) do parts[#parts + 1] = key .. "=" .. value end
  table.sort(parts)
  for _, one in ipairs(wanted.matchExpressions or {}) do
    parts[#parts + 1] = operators[one.operator](one.key, table.concat(one.values or {}, ", "))
  end
  return table.concat(parts, ",")
end

return selector
