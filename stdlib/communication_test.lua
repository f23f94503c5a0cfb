-- Tests of communication: runbook test stdlib/communication_test.lua
local test          = require "test"
local communication = require "communication"
local time          = require "time"

local began = time.parse "2026-11-23T03:00:00Z"
local now   = began + 600

local function outage(more)
  local about = {
    severity = "P0", title = "PhotonMLIR Compiler Outage", status = "INVESTIGATING", started = began, impact = "No compilation completes",
    actions = { "Restart the failing pods", "Look at the last release" }, next_update = now + 1200,
    status_page = "https://status.photon-mlir.example.com", commander = "Ana <ana@example.com>",
  }
  for name, value in pairs(more or {}) do about[name] = value end
  return about
end

local function refused(want, f, ...)
  local _, err = try(f, ...)
  test.that(err ~= nil, "it is accepted: " .. want)
  test.that(err.message:find(want, 1, true) ~= nil, ("it says %s, and not %s"):format(err.message, want))
end

test.unit("the text is the handbook's template", function()
  test.equal(communication.subject(outage()), "[P0 INCIDENT] PhotonMLIR Compiler Outage")
  test.equal(communication.text(outage(), now), [[
Status: INVESTIGATING
Start Time: 2026-11-23 03:00 UTC
Impact: No compilation completes
Root Cause: TBD

Current Actions:
- Restart the failing pods
- Look at the last release

Next Update: In 20 minutes (03:30 UTC)

---
For real-time updates: https://status.photon-mlir.example.com
Incident Commander: Ana <ana@example.com>]])
end)

test.unit("what there is not is left out, or said", function()
  local about = outage()
  about.actions, about.status_page, about.commander, about.next_update = nil, nil, nil, nil
  test.equal(communication.text(about, now), [[
Status: INVESTIGATING
Start Time: 2026-11-23 03:00 UTC
Impact: No compilation completes
Root Cause: TBD

Current Actions:
- None yet

Next Update: When there is news]])
end)

test.unit("the next update is told by the clock too", function()
  local function told(after, status) return communication.text(outage { next_update = now + after, status = status }, now):match("Next Update: ([^\n]*)") end
  test.equal(told(60), "In 1 minute (03:11 UTC)")
  test.equal(told(61), "In 2 minutes (03:11 UTC)")
  test.equal(told(5400), "In 90 minutes (04:40 UTC)")
  test.equal(told(4 * 3600), "In 4 hours (07:10 UTC)")
  test.equal(told(0), "Overdue since 2026-11-23 03:10 UTC")
  test.equal(told(-300), "Overdue since 2026-11-23 03:05 UTC")
  test.equal(told(1200, "RESOLVED"), "None, this is resolved")
end)

test.unit("no field ends its line", function()
  local text = communication.text(outage { impact = "All\nBcc: everybody", cause = "a\tleak ", actions = { "Restart\nall" } }, now)
  test.that(text:find("Impact: All Bcc: everybody\nRoot Cause: a leak\n", 1, true), text)
  test.that(text:find("- Restart all\n", 1, true), text)
  test.equal(communication.subject { severity = "P1", title = " Slow\r\nBcc: everybody" }, "[P1 INCIDENT] Slow Bcc: everybody")
end)

test.unit("the same in Markdown", function()
  test.equal(communication.markdown(outage { cause = "photon_queue <full> | *", status = "IDENTIFIED" }, now), [[
### \[P0 INCIDENT\] PhotonMLIR Compiler Outage

- **Status:** IDENTIFIED
- **Start Time:** 2026-11-23 03:00 UTC
- **Impact:** No compilation completes
- **Root Cause:** photon\_queue \<full\> \| \*
- **Current Actions:**
  - Restart the failing pods
  - Look at the last release
- **Next Update:** In 20 minutes (03:30 UTC)
- **For real-time updates:** <https://status.photon-mlir.example.com>
- **Incident Commander:** Ana \<ana@example.com\>]])
end)

test.unit("the facts by their names", function()
  test.equal(communication.fields(outage(), now), {
    { name = "Start Time", value = "2026-11-23 03:00 UTC" }, { name = "Impact", value = "No compilation completes" }, { name = "Root Cause", value = "TBD" },
    { name = "Current Actions", value = "- Restart the failing pods\n- Look at the last release" },
    { name = "Next Update", value = "In 20 minutes (03:30 UTC)" }, { name = "Incident Commander", value = "Ana <ana@example.com>" },
  })
end)

test.unit("what cannot be meant is refused", function()
  refused("communication.text: status must be one of INVESTIGATING, IDENTIFIED, MONITORING, RESOLVED, not OPEN", communication.text, outage { status = "OPEN" }, now)
  refused('communication.markdown has no option "impacts"', communication.markdown, outage { impacts = "x" }, now)
end)
