//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
)

// endless prints for ever and cleans up when it is ended.
const endless = `return runbook { summary = "s", steps = { step("one", function()
  on_exit(function() log("cleaned up") end)
  while true do log(("x"):rep(1000)) end
end) } }`

// waits sleeps and cleans up when it is ended.
const waits = `return runbook { summary = "s", steps = { step("one", function()
  on_exit(function() log("cleaned up") end)
  log("waiting")
  sleep("1h")
end) } }`

// `runbook run x | (sleep 1000)` once could not be ended but by SIGKILL.
func TestARunWhoseScreenNobodyReadsCanBeInterrupted(t *testing.T) {
	for name, flags := range map[string][]string{"text": nil, "dry run": {"--dry-run"}} {
		t.Run(name, func(t *testing.T) {
			p := newProcess(t, endless, flags...).start()
			p.begun()
			full := func() bool { return strings.Count(p.journal(), `"kind":"show"`) > 65 } // the pipe holds no more
			require.Eventually(t, full, deadline, 10*time.Millisecond)
			p.signal(syscall.SIGINT)
			assert.Equal(t, engine.ExitInterrupted, p.exit())
			assert.Contains(t, p.journal(), "cleaned up")
			assert.Contains(t, p.lastRecord(), `"kind":"end","end":{"status":"interrupted","exit":130`)
			p.err.waitFor(t, "INTERRUPTED", 1)
			assert.Contains(t, p.err.String(), "The output was not read to its end. All of the run is in "+p.home)
		})
	}
}

// `runbook run x | less`, and then q.
func TestAReaderThatGoesAwayEndsTheRun(t *testing.T) {
	p := newProcess(t, endless).start()
	p.begun()
	require.NoError(t, p.out.Close())
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.Contains(t, p.journal(), "cleaned up")
	assert.Contains(t, p.lastRecord(), `"message":"the reader of the output went away"`)
	p.err.waitFor(t, "INTERRUPTED", 1)
	assert.Contains(t, p.err.String(), "The reader of the output went away. All of the run is in "+p.home)
}

// A run that is done, but was not seen, must not look like success.
func TestADoneRunThatNobodySawIsNoSuccess(t *testing.T) {
	p := newProcess(t, `return runbook { summary = "s", steps = { step("one", function() log(("x"):rep(200000)) end) } }`).start()
	p.begun()
	require.NoError(t, p.out.Close())
	assert.NotZero(t, p.exit())
	p.err.waitFor(t, "All of the run is in ", 1)
}

func TestEverySignalEndsARunWithItsCleanUps(t *testing.T) {
	for signal, why := range map[syscall.Signal]string{
		syscall.SIGINT: "interrupted by Ctrl-C", syscall.SIGTERM: "told to end (SIGTERM)", syscall.SIGHUP: "the terminal is gone (SIGHUP)",
	} {
		t.Run(signal.String(), func(t *testing.T) {
			p := newProcess(t, waits).start()
			p.begun()
			p.signal(signal)
			p.err.waitFor(t, sentence(why)+": nothing is being changed at this moment; the run ends here, with its clean-ups.", 1)
			p.signal(syscall.SIGHUP) // comes with it when a terminal goes away, and cuts nothing off
			shown := p.drained()
			assert.Equal(t, engine.ExitInterrupted, p.exit())
			assert.Contains(t, shown, "cleaned up")
			assert.Contains(t, shown, "Why:      "+why)
			assert.Contains(t, p.lastRecord(), `"message":"`+why+`"`)
		})
	}
}

// deaf is a cluster whose credential plugin does not hear an interrupt, and neither does the client that waits for it.
const deaf = `
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users:
- name: u
  user:
    exec:
      apiVersion: client.authentication.k8s.io/v1
      interactiveMode: Never
      command: sh
      args: [-c, "trap '' INT TERM HUP; echo deaf >&2; sleep 600"]
`

const asksDeaf = `local kubernetes = require "kubernetes"
return runbook { summary = "s", steps = { step("one", function()
  on_exit(function() log("cleaned up") end)
  kubernetes.list("pods", { namespace = "x" })
end) } }`

func TestTheSecondInterruptEndsWhatDoesNotHear(t *testing.T) {
	p := newProcess(t, asksDeaf)
	p.file("kubeconfig", deaf)
	p.start()
	p.err.waitFor(t, "deaf", 1)
	p.signal(syscall.SIGINT)
	p.err.waitFor(t, "Ctrl-C again cuts those off.", 1)
	p.signal(syscall.SIGINT)
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.Contains(t, p.lastRecord(), `"kind":"end","end":{"status":"interrupted","exit":130`)
	assert.Contains(t, p.drained(), "INTERRUPTED in step 1 of 1, one")
}

func TestTheThirdInterruptEndsAtOnce(t *testing.T) {
	p := newProcess(t, asksDeaf)
	p.file("kubeconfig", deaf)
	p.start()
	p.err.waitFor(t, "deaf", 1)
	for n, told := range []string{"", "Ctrl-C again cuts", "Ctrl-C again ends the program at once"} {
		if n > 0 {
			p.err.waitFor(t, told, 1)
		}
		p.signal(syscall.SIGINT)
	}
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.NotContains(t, p.journal(), `"kind":"end"`, "nothing waited for a last record")
}

// Tests that run are ended by Ctrl-C, and nothing that was not run looks as if it had been.
func TestTestsCanBeInterrupted(t *testing.T) {
	p := newProcess(t, "")
	tests := exec.Command("runbook-plant", "test", "./a.lua", "./b.lua", "-j", "2", "--timeout", "1h", "--junit", "report.xml")
	tests.Dir, tests.Env, tests.SysProcAttr = p.cmd.Dir, p.cmd.Env, p.cmd.SysProcAttr
	p.cmd = tests
	book := `return runbook { summary = "s", steps = { step("One", function() log("x") end) } }`
	for name, body := range map[string]string{"a": `test.expect(test.run(), { exit = 0 })`, "b": `while true do end`} {
		p.file(name+".lua", book)
		p.file(name+"_test.lua", `local test = require "test" test.case("it ends", { world = { summary = "s" } }, function() `+body+` end)`)
	}
	p.start().begun() // the first is done, and the second has a place to run at
	p.signal(syscall.SIGINT)
	shown := p.drained()
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	p.err.waitFor(t, "Interrupted by Ctrl-C: the tests that run end here.", 1)
	assert.Contains(t, shown, "stop  ./b_test.lua  0 passed, 1 stopped")
	assert.Contains(t, shown, "2 tests: 1 passed, 1 stopped, in ")
	report, err := os.ReadFile(filepath.Join(p.home, "report.xml"))
	require.NoError(t, err)
	assert.Contains(t, string(report), `<error message="the tests were stopped" type="stopped">`)
}
