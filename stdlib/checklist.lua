--- Checklists: tasks, with who did each, when, and what shows it.
-- A task is asked for, or verified by a function. What was answered is written down at once, so a run that ends between two tasks, by Ctrl-C
-- or because its machine died, goes on with the next one when it is resumed, and whoever resumes it is named for what comes then.
--
-- Each task that is asked for is a parameter of the runbook, which is how it is answered without a terminal: -p backup=done. A second one,
-- backup_evidence, holds what shows it, or why it was not done. --yes answers none of them: a list that ticks itself is no list.

local arguments = require "arguments"
local report    = require "report"
local time      = require "time"

local checklist = {}

local list = {}
local meta

local fields = { "id", "task", "who", "evidence", "check", "within", "every" }

-- What can be answered, the first of which a dry run assumes.
local answers = { "done", "open", "n/a" }

-- What a person says who has no evidence, and what a dry run assumes.
local none = "none"

-- Whoever a task is done by that no person does.
local machine = "runbook"

local columns = {
  { field = "task" }, { field = "state" }, { field = "who" },
  { field = "at", title = "when", align = "left", format = function(at) return at and time.format(at, "minute") end },
  { field = "evidence" },
}

local function refuse(message, ...) error({ code = "invalid", message = message:format(...) }, 0) end

local function checked(task, i, seen)
  local where = ("checklist.new: tasks[%d]"):format(i)
  arguments.options(where, task, fields)
  if type(task) ~= "table" or type(task.id) ~= "string" or not task.id:match("^[a-z][a-z0-9_]*$") then
    refuse("%s needs an id of lower-case letters, digits and _: it is the name of its parameter", where)
  end
  if type(task.task) ~= "string" or task.task == "" then refuse("%s needs a task, which says what is to be done", where) end
  if seen[task.id] or seen[task.id .. "_evidence"] then refuse("%s: two tasks have the id %s", where, task.id) end
  if task.check and type(task.check) ~= "function" then refuse("%s: check must be a function", where) end
  if task.within and not task.check then refuse("%s: within is for a task with a check", where) end
  if task.within then arguments.duration(where .. ": within", task.within) end
  seen[task.id], seen[task.id .. "_evidence"] = true, true
end

--- Makes a checklist. That is done while the runbook is loaded, because its tasks are parameters of the runbook: see checklist.params.
-- @param title          what the list is, as a heading
-- @param tasks          list of tasks, in the order in which they are to be done
-- @param tasks.id       a short name: that of the parameter that answers it
-- @param tasks.task     what is to be done
-- @param tasks.who      who is to do it, such as a team
-- @param tasks.evidence what shows that it was done, such as "link to the post": it is then asked for
-- @param tasks.check    a function that verifies it, so that nobody is asked: it is given the run, and returns whether it is done and what shows it
-- @param tasks.within   how long to wait for the check; without it, it is called once
-- @param tasks.every    how often the check is called meanwhile, "5s" by default
-- @return               the list
-- @usage local before = checklist.new("Before", { { id = "notify", task = "Notify users via status page", evidence = "link to the post" } })
function checklist.new(title, tasks)
  local seen = {}
  for i, task in ipairs(arguments.list("checklist.new: tasks", tasks)) do checked(task, i, seen) end
  if #tasks == 0 then refuse("checklist.new: %s has no tasks", tostring(title)) end
  return setmetatable({ title = tostring(title), tasks = tasks, entries = {} }, meta)
end

-- The parameter that answers a task, and the one that says what shows it or why it was not done.
local function answer_of(task)
  local whose = task.who and (" (" .. task.who .. ")") or ""
  return { type = "string", enum = answers, ask = task.task .. whose, help = "whether this is done: " .. task.task }
end

local function evidence_of(task)
  local wanted = task.evidence and task.evidence .. ", or why it is not done" or "why it is not done"
  return { type = "string", default = none, ask = task.task .. ": " .. wanted, help = "evidence of " .. task.id .. ", or why it was not done" }
end

--- The parameters that answer the tasks of the list, for the header of the runbook.
-- @param others? the runbook's other parameters, or those of another list
-- @return        all of them, for params of runbook
-- @usage return runbook { summary = "Maintain", params = before:params { window = { type = "duration", default = "2h" } }, steps = { step("Before", function(run) before:work(run) end) } }
function list:params(others)
  local params = {}
  for name, param in pairs(others or {}) do params[name] = param end
  for _, task in ipairs(self.tasks) do
    if not task.check then
      for name, param in pairs { [task.id] = answer_of(task), [task.id .. "_evidence"] = evidence_of(task) } do
        if params[name] then refuse("checklist: the runbook has another parameter %s: give the task of %s another id", name, self.title) end
        params[name] = param
      end
    end
  end
  return params
end

-- Evidence as a line of a table.
local function said(evidence)
  if evidence == nil or evidence == true or evidence == none then return nil end
  return (tostring(evidence):gsub("%s+", " "))
end

-- What a person says of a task. It is kept with its first word, so that a run that ends before the second does not say that nobody came to it.
local function asked(task, keep)
  local entry = { state = ask(task.id) }
  entry.who = operator()
  keep(entry)
  if entry.state ~= "done" or task.evidence then entry.evidence = said(ask(task.id .. "_evidence")) end
  return entry
end

-- What a function finds out about a task. A check that fails has found nothing good.
local function verified(task, run)
  local evidence
  local function look()
    local done
    done, evidence = task.check(run)
    return done and true or false
  end
  local done, err
  if task.within then
    -- A time, and no duration, so that a run that died and is taken up again does not wait for as long once more.
    done, err = try(wait_until, { name = task.task, deadline = time.now() + time.duration(task.within), every = task.every or "5s" }, look)
    -- A dry run assumes what does not hold yet: what the look found shows nothing then.
    if not done and not err then evidence = "assumed" end
    done = err == nil
  else
    done, err = try(look)
  end
  local why = said(evidence)
  if err then why = err.code == "timeout" and why and err.message .. ": " .. why or err.message end
  return { state = done and "done" or "open", evidence = why, who = machine }
end

-- How far a list is.
local function summary(entries, tasks)
  local out = { done = 0, open = {}, not_applicable = 0, unproven = {}, tasks = entries }
  for _, entry in ipairs(entries) do
    if entry.state == "done" then out.done = out.done + 1 end
    if entry.state == "n/a" then out.not_applicable = out.not_applicable + 1 end
    if entry.state == "open" then out.open[#out.open + 1] = entry.task end
    if entry.unproven then out.unproven[#out.unproven + 1] = entry.task end
  end
  out.complete = #entries == #tasks and #out.open == 0
  return out
end

-- "2 of 3 done, 1 open"
local function counted(result, tasks)
  local parts = { ("%d of %d done"):format(result.done, #tasks) }
  local function add(n, what) if n > 0 then parts[#parts + 1] = ("%d %s"):format(n, what) end end
  add(#result.open, "open")
  add(result.not_applicable, "not applicable")
  add(#result.unproven, "without evidence")
  add(#tasks - #result.tasks, "not come to")
  return table.concat(parts, ", ")
end

local function show_list(self)
  local rows = {}
  for i, task in ipairs(self.tasks) do rows[i] = self.entries[i] or { task = task.task, state = "not come to" } end
  report.table(rows, columns, { title = self.title .. ": " .. counted(summary(self.entries, self.tasks), self.tasks) })
end

--- Goes through the list, task by task, and shows it: also how far it came, if the run ends before the end of the list.
-- A task that is not done is kept as open, and the list goes on.
-- @param run               the run, which the checks are given
-- @param options?          a table
-- @param options.required  fails at the end of the list if a task is open
-- @return                  { complete = whether none is open, done = how many, open = tasks, not_applicable = how many, unproven = tasks that are
--                          done and have not the evidence that they ask for, tasks = list of { id, task, state, who, at, evidence } }
-- @usage local found = before:work(run, { required = true })
function list:work(run, options)
  options = arguments.options("checklist.work", options, { "required" })
  self.entries = {}
  local ended = false
  on_exit(function() if not ended then show_list(self) end end)
  for i, task in ipairs(self.tasks) do
    local function keep(entry)
      entry.id, entry.task, entry.at = task.id, task.task, time.now()
      entry.unproven = entry.state == "done" and task.evidence ~= nil and entry.evidence == nil
      self.entries[i] = entry
    end
    keep(task.check and verified(task, run) or asked(task, keep))
  end
  ended = true
  show_list(self)
  local result = summary(self.entries, self.tasks)
  if options.required and not result.complete then
    fail(("%s: %d of %d tasks are open: %s"):format(self.title, #result.open, #self.tasks, table.concat(result.open, "; ")),
      "do them, and let the step begin anew: runbook resume last --from-step N, with the number of this step")
  end
  return result
end

-- An entry behind its task: (ana@bastion, 2026-11-23 03:12 UTC): https://…
local function told(entry)
  local text = (" (%s, %s)"):format(entry.who, time.format(entry.at, "minute"))
  if entry.state ~= "done" then text = (" (%s, %s, %s)"):format(entry.state == "n/a" and "not applicable" or entry.state, entry.who, time.format(entry.at, "minute")) end
  return text .. (entry.evidence and ": " .. entry.evidence or "")
end

--- The list in Markdown, for a ticket or a change log: ticked where it is done, as far as it was worked through.
-- @return text
-- @usage log(before:markdown())
function list:markdown()
  local lines = { "#### " .. self.title }
  for i, task in ipairs(self.tasks) do
    local entry = self.entries[i]
    lines[#lines + 1] = ("- [%s] %s%s"):format(entry and entry.state == "done" and "x" or " ", task.task, entry and told(entry) or "")
  end
  return table.concat(lines, "\n")
end

meta = arguments.class("checklist", "a list has", list)

return checklist
