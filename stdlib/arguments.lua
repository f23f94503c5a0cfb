--- Checks of what a library's function was given, so that a misspelt option is an error and not a default.
-- For libraries: modules check what they are given by themselves.

local arguments = {}

local function refuse(message)
  error({ code = "invalid", message = message }, 0)
end

--- Checks that a table of options has no others than the known ones.
-- @param where    name of the function, for the message
-- @param options? what it was given; nil for no options
-- @param known    list of the names there are
-- @return         the options, an empty table for nil
-- @usage arguments.options("tidy.up", { older = "7d" }, { "older", "keep" })
function arguments.options(where, options, known)
  if options == nil then return {} end
  if type(options) ~= "table" then
    refuse(("%s: the options must be a table, not %s"):format(where, tostring(options)))
  end
  local names = {}
  for _, name in ipairs(known) do names[name] = true end
  for name in pairs(options) do
    if not names[name] then
      refuse(('%s has no option "%s"; known are: %s'):format(where, tostring(name), table.concat(known, ", ")))
    end
  end
  return options
end

--- Checks that a value is a list.
-- @param where name of the function and its parameter, for the message
-- @param value what it was given
-- @return      the list
-- @usage arguments.list("tidy.up: files", { "a", "b" })
function arguments.list(where, value)
  if type(value) ~= "table" then
    refuse(("%s must be a list, not %s"):format(where, tostring(value)))
  end
  return value
end

--- Checks that a value is one of the texts that are known.
-- @param where name of the function and its parameter, for the message
-- @param value what it was given
-- @param known list of texts
-- @return      the value
-- @usage arguments.one_of("tidy.up: order", "oldest", { "oldest", "largest" })
function arguments.one_of(where, value, known)
  for _, one in ipairs(known) do
    if value == one then return value end
  end
  refuse(("%s must be one of %s, not %s"):format(where, table.concat(known, ", "), tostring(value)))
end

return arguments
