//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
)

// interruptedIncident is an incident whose run stops in the middle, because nobody reads what it prints.
const interruptedIncident = `local incident = require "incident"
return runbook { summary = "s", may = { "notify.send receivers" }, steps = {
  step("Open", function(run)
    run.outage = incident.open { severity = "P1", title = "Slow", impact = "Some wait", receivers = { "team" } }
    run.outage:act("Looked at the pods")
  end),
  step("Talk", function() for _ = 1, 400 do log(("x"):rep(1000)) end end),
  step("Close", function(run) run.outage:resolve() end),
} }`

// inbox takes what a webhook is sent: the status of each message.
type inbox struct {
	mu       sync.Mutex
	statuses []string
}

func (b *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var message struct{ Status string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.statuses = append(b.statuses, message.Status)
}

func (b *inbox) got() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.statuses
}

// takenUp resumes its run in a process of its own, and returns what that shows.
func (p *process) takenUp() string {
	p.t.Helper()
	again := p.resumed()
	shown := again.start().drained()
	require.Equal(p.t, engine.ExitDone, again.exit(), shown)
	return shown
}

// An incident outlives the machine of its run: nobody is told twice, and the timeline has what was before.
func TestAnIncidentGoesOnWhereItsRunDied(t *testing.T) {
	var team inbox
	server := httptest.NewServer(&team)
	defer server.Close()
	p := newProcess(t, interruptedIncident)
	p.file("runbook.yaml", "notify: {receivers: {team: {webhook: {url: '"+server.URL+"'}}}}\n")
	p.start()
	p.begun()
	require.Eventually(t, func() bool { return strings.Count(p.journal(), `"kind":"show"`) > 65 }, deadline, 10*time.Millisecond) // the pipe holds no more
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait() // it was killed
	assert.Equal(t, []string{"investigating"}, team.got())

	shown := p.takenUp()
	assert.Equal(t, []string{"investigating", "resolved"}, team.got())
	timeline := shown[strings.LastIndex(shown, "Timeline of [P1 INCIDENT] Slow: RESOLVED after "):]
	for _, line := range []string{"opened: [P1 INCIDENT] Slow", "told team: INVESTIGATING", "Looked at the pods", "INVESTIGATING → RESOLVED", "told team: RESOLVED"} {
		assert.Contains(t, timeline, line)
	}
}

// busyIncident has two branches that speak of one incident: the work, and the updates that come meanwhile.
const busyIncident = `local incident = require "incident"
return runbook { summary = "s", may = { "notify.send receivers" }, steps = {
  step("Open", function(run)
    run.outage = incident.open { severity = "P1", title = "Slow", impact = "Some wait", receivers = { "team" }, reminders = { "team" }, every = "500ms" }
  end),
  step("Work", function(run)
    log("got " .. run.outage:during(function() sleep("700ms") run.outage:act("Half of it") sleep("1500ms") return "through" end))
  end),
  step("Close", function(run) run.outage:resolve() end),
} }`

// Whatever the two did in which order, they did: a run that is taken up again hears it as it was, and nobody is told again.
func TestAnIncidentOfTwoBranchesIsTakenUpAgain(t *testing.T) {
	var team inbox
	server := httptest.NewServer(&team)
	defer server.Close()
	p := newProcess(t, busyIncident)
	p.file("runbook.yaml", "notify: {receivers: {team: {webhook: {url: '"+server.URL+"'}}}}\n")
	whole := p.start().drained()
	require.Equal(t, engine.ExitDone, p.exit(), whole)
	require.Contains(t, whole, "updates | UPDATE DUE", "the branches had to do with each other")
	told := len(team.got())

	file := p.journalFile()
	lines := strings.SplitAfter(p.journal(), "\n")
	died := slices.IndexFunc(lines, func(line string) bool { return strings.Contains(line, `"text":"got through"`) })
	require.Positive(t, died)
	require.NoError(t, os.WriteFile(file, []byte(strings.Join(lines[:died], "")), 0o600))
	shown := p.takenUp()
	require.Greater(t, len(timelineOf(whole)), 3, whole)
	assert.Equal(t, timelineOf(whole), timelineOf(shown))
	assert.Len(t, team.got(), told+1, "what comes after it died: that it is over")
}

// timelineOf is what a screen shows of a timeline: what happened, without when, up to the end of the incident.
func timelineOf(shown string) (what []string) {
	lines := regexp.MustCompile(`(?m)^  \d{4}-\d\d-\d\dT\S+ +\S+ +(.*)$`)
	for _, found := range lines.FindAllStringSubmatch(shown[strings.LastIndex(shown, "Timeline of"):], -1) {
		if strings.HasSuffix(found[1], "→ RESOLVED") {
			break
		}
		what = append(what, found[1])
	}
	return what
}
