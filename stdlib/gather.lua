--- Reads that do not depend on each other, at once.

local arguments = require "arguments"

local gather = {}

--- Calls several functions at once and waits for all of them. One that fails does not keep the others from being heard.
-- The names are those of the parallel branches, and so part of what a plan and a resumed run know their calls by.
-- @param reads  table of functions without parameters, by name
-- @return what each returned, by name; nothing for one that failed or returned nothing
-- @return the error of each that failed, by name
-- @usage local found, failed = gather.all { pods = function() return kubernetes.list("pods") end, nodes = function() return kubernetes.list("nodes") end }
function gather.all(reads)
  local branches = {}
  for name, read in pairs(arguments.is("gather.all: reads", reads, "table")) do
    arguments.is(("gather.all: reads[%s]"):format(tostring(name)), read, "function")
    branches[#branches + 1] = { name = tostring(name), key = name, read = read }
  end
  table.sort(branches, function(a, b) return a.name < b.name end)
  local results, errors = parallel(branches, { on_error = "continue", limit = math.max(#branches, 1) }, function(branch) return branch.read() end)
  local found, failed = {}, {}
  for i, branch in ipairs(branches) do
    if errors[i] then
      failed[branch.key] = errors[i]
    elseif results[i] ~= false then
      found[branch.key] = results[i]
    end
  end
  return found, failed
end

return gather
