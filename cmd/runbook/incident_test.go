//go:build unix

package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"syscall"
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

	again := newProcess(t, "")
	again.home, again.cmd = p.home, exec.Command("runbook", "resume", "last")
	again.cmd.Dir, again.cmd.Env, again.cmd.SysProcAttr = p.cmd.Dir, p.cmd.Env, &syscall.SysProcAttr{Setpgid: true}
	shown := again.start().drained()
	require.Equal(t, engine.ExitDone, again.exit(), shown)
	assert.Equal(t, []string{"investigating", "resolved"}, team.got())
	timeline := shown[strings.LastIndex(shown, "Timeline of [P1 INCIDENT] Slow: RESOLVED after "):]
	for _, line := range []string{"opened: [P1 INCIDENT] Slow", "told team: INVESTIGATING", "Looked at the pods", "INVESTIGATING → RESOLVED", "told team: RESOLVED"} {
		assert.Contains(t, timeline, line)
	}
}
