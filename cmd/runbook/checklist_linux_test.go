package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
)

const twoTasks = `local checklist = require "checklist"
local before = checklist.new("Before", {
  { id = "notify", task = "Notify users", who = "communications", evidence = "link to the post" },
  { id = "backup", task = "Back up the configuration" },
})
return runbook { summary = "s", params = before:params(), steps = { step("one", function(run)
  local found = before:work(run)
  log("complete: " .. tostring(found.complete))
  log("\n" .. before:markdown())
end) } }`

// A checklist that is left by Ctrl-C between two tasks goes on with the second, and what was answered is not asked again.
func TestAChecklistGoesOnWhereItWasLeft(t *testing.T) {
	p := newProcess(t, twoTasks)
	p.startOnTerminal()
	p.err.waitFor(t, "Notify users (communications)", 1)
	p.err.waitFor(t, "Your choice", 1)
	p.types("1\n")
	p.err.waitFor(t, "Notify users: link to the post, or why it is not done (none)", 1)
	p.types("https://status.example.com/7\n")
	p.err.waitFor(t, "Back up the configuration", 1)
	p.err.waitFor(t, "Your choice", 2)
	p.types(ctrlC)
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	p.err.waitFor(t, "Before: 1 of 2 done, 1 not come to", 1) // how far it came

	again := p.resumed()
	again.startOnTerminal()
	again.err.waitFor(t, "Your choice", 1)
	assert.NotContains(t, again.err.String(), "Notify users: link to the post, or why it is not done (none)", "the first task is not asked for again")
	again.types("2\n")
	again.err.waitFor(t, "Back up the configuration: why it is not done (none)", 1)
	again.types("the disk is full\n")
	assert.Equal(t, engine.ExitDone, again.exit())
	again.err.waitFor(t, "Done in", 1)
	shown := again.err.String()
	assert.Contains(t, shown, "Before: 1 of 2 done, 1 open")
	assert.Contains(t, shown, "complete: false")
	host, err := os.Hostname()
	require.NoError(t, err)
	assert.Regexp(t, `- \[x\] Notify users \(\S+@`+host+`, \d{4}-\d\d-\d\d \d\d:\d\d UTC\): https://status.example.com/7`, shown)
	assert.Regexp(t, `- \[ \] Back up the configuration \(open, \S+@`+host+`, .* UTC\): the disk is full`, shown)
}

const slowTask = `local checklist = require "checklist"
local after = checklist.new("After", { { id = "verify", task = "Verify", within = "300ms", every = "10ms", check = function() return false, "2 of 3" end } })
return runbook { summary = "s", steps = { step("one", function(run) after:work(run) end) } }`

// A task has the time that it has, and not as much again because the machine of its run died.
func TestATaskIsNotWaitedForLongerWhereTheRunDied(t *testing.T) {
	p := newProcess(t, slowTask)
	whole := p.start().drained()
	require.Equal(t, engine.ExitDone, p.exit(), whole)
	require.Regexp(t, `Verify +open +runbook .* did not come true by .*: 2 of 3`, whole)
	lines := strings.SplitAfter(p.journal(), "\n")
	waited := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, `"kind":"wait"`) })
	require.Positive(t, waited)
	require.NoError(t, os.WriteFile(p.journalFile(), []byte(strings.Join(lines[:waited], "")), 0o600))
	require.Regexp(t, `Verify +open +runbook .* did not come true by .*: 2 of 3`, p.takenUp())
	assert.Contains(t, p.journal(), `"attempts":1,`, "its time was over when the run was taken up")
}
