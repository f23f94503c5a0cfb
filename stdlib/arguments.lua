--- Checks of what a library's function was given, so that a misspelt option is an error and not a default.
-- For libraries: modules check what they are given by themselves.

local spelling = require "spelling"

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
      refuse(('%s has no option "%s"%s'):format(where, tostring(name), spelling.suggest(tostring(name), known)))
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
  local name = next(value)
  if name ~= nil and #value == 0 then
    refuse(("%s must be a list, such as { a, b }, and this is a table with %s"):format(where, tostring(name)))
  end
  return value
end

--- Checks that a value is of a type.
-- @param where name of the function and its parameter, for the message
-- @param value what it was given
-- @param kind  "number" (one that there is: not NaN), "string", "table" or "function"
-- @return      the value
-- @usage arguments.is("tidy.up: at", 12, "number")
function arguments.is(where, value, kind)
  if type(value) == kind and value == value then return value end
  local wanted = { string = "text" }
  local shown = { string = true, number = true, boolean = true, ["nil"] = true } -- of anything else there would be an address, another one in each run
  local got = value ~= value and "NaN" or shown[type(value)] and tostring(value) or "a " .. type(value)
  refuse(("%s must be a %s, not %s"):format(where, wanted[kind] or kind, got))
end

-- So many seconds are a hundred years: what is longer is a mistake, or has no end.
local longest = 100 * 366 * 86400

--- Checks that a value is a duration that takes some time.
-- @param where name of the function and its parameter, for the message
-- @param value what it was given: a text such as "15m", or seconds
-- @return      seconds
-- @usage arguments.duration("tidy.up: every", "15m")
function arguments.duration(where, value)
  local seconds = value
  if type(value) == "string" then seconds = try(require("time").duration, value) end
  if type(seconds) ~= "number" or not (seconds > 0 and seconds <= longest) then
    refuse(('%s must be a duration above 0, such as "15m", not %s'):format(where, type(value) == "table" and "a table" or tostring(value)))
  end
  return seconds
end

--- Makes the metatable of a library's objects, whose functions are called with a colon: a misspelt one is an error, and so is a dot in the
-- place of the colon.
-- @param library  its name
-- @param what     what an object is called, and how it ends the sentence: "an incident has"
-- @param methods  the functions, by name; each is given the object first
-- @return         the metatable
-- @usage local meta = arguments.class("tidy", "a broom has", { up = function(self) log(self.name) end })
function arguments.class(library, what, methods)
  local names, meta = {}, {}
  for name in pairs(methods) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local method = methods[name]
    methods[name] = function(self, ...)
      if type(self) ~= "table" or getmetatable(self) ~= meta then
        refuse(("%s: %s is called with a colon: x:%s(…), and not x.%s(…)"):format(library, name, name, name))
      end
      return method(self, ...)
    end
  end
  meta.__index = function(_, name)
    if methods[name] then return methods[name] end
    refuse(('%s: %s no function "%s"%s'):format(library, what, tostring(name), spelling.suggest(tostring(name), names)))
  end
  return meta
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
