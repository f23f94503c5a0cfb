//go:build unix

package main

import (
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// also runs the program once more, in the same home.
func (p *process) also(args ...string) string {
	p.t.Helper()
	cmd := exec.Command("runbook", args...)
	cmd.Dir, cmd.Env = p.cmd.Dir, p.cmd.Env
	out, err := cmd.Output()
	require.NoError(p.t, err)
	return string(out)
}

func TestARunThatDiesInAnActionIsShownWithWhatWasInFlight(t *testing.T) {
	c := newCluster(t)
	p := newProcess(t, scales, "--yes")
	p.file("kubeconfig", c.kubeconfig())
	p.start()
	<-c.asked
	assert.Regexp(t, ` c +run +running +- +1\n`, p.also("runs"))
	shown := p.also("runs", "show", "last")
	assert.Contains(t, shown, "STILL RUNNING: this is how far it is")
	assert.Contains(t, shown, "  Pending:  1  scale deployments/web: under way\n")
	assert.Contains(t, p.also("runs", "prune", "--keep", "0"), "Removed 0 runs")

	p.killAll()
	_ = p.cmd.Wait()
	assert.Regexp(t, ` c +run +died +- +1\n`, p.also("runs"))
	shown = p.also("runs", "show", "last")
	assert.Contains(t, shown, "DIED: the process of this run went away without a last word\n  Changed:  nothing that is certain\n"+
		"  Unknown:  1  scale deployments/web: in flight when it died: it may have been done or not\n  Next:     runbook resume ")
	assert.Contains(t, p.also("runs", "show", "last", "-o", "json"), `"outcome": "uncertain"`)
}

func TestARunWithActionsIsShownAgainAsItWas(t *testing.T) {
	c := newCluster(t)
	close(c.answer)
	go func() {
		for t.Context().Err() == nil {
			select {
			case <-c.asked:
			case <-t.Context().Done():
			}
		}
	}()
	for _, flags := range [][]string{{"--yes"}, {"--dry-run"}} {
		p := newProcess(t, scales, flags...)
		p.file("kubeconfig", c.kubeconfig())
		p.start()
		assert.Equal(t, p.drained(), p.also("runs", "show", "last"))
		p.exit()
		document := newProcess(t, scales, append(flags, "-o", "json")...)
		document.file("kubeconfig", c.kubeconfig())
		document.start()
		assert.Equal(t, document.drained(), document.also("runs", "show", "last", "-o", "json"))
		document.exit()
	}
}
