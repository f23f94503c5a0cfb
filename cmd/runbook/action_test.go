//go:build unix

package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine"
)

// A cluster is a server with one Deployment that can be scaled. It answers the real scaling when it is told to.
type cluster struct {
	*httptest.Server
	asked  chan struct{} // a scaling has arrived
	answer chan struct{} // it may be answered
}

const webPath = "/apis/apps/v1/namespaces/shop/deployments/web"

func newCluster(t *testing.T) *cluster {
	c := &cluster{asked: make(chan struct{}, 1), answer: make(chan struct{})}
	replicas := 3
	mux := http.NewServeMux()
	scale := func(w http.ResponseWriter, replicas int) {
		_, _ = fmt.Fprintf(w, `{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"web","namespace":"shop","uid":"u1","resourceVersion":"1"},"spec":{"replicas":%d}}`, replicas)
	}
	mux.HandleFunc("GET "+webPath, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web","namespace":"shop","uid":"u1","generation":7},"spec":{"replicas":%d}}`, replicas)
	})
	mux.HandleFunc("GET "+webPath+"/scale", func(w http.ResponseWriter, _ *http.Request) { scale(w, replicas) })
	mux.HandleFunc("PATCH "+webPath+"/scale", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("dryRun") == "" {
			_, _ = io.Copy(io.Discard, r.Body)
			c.asked <- struct{}{}
			select {
			case <-c.answer:
			case <-r.Context().Done():
				return // cut off: nobody knows
			}
			replicas = 5
		}
		scale(w, 5)
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

// kubeconfig leads to it.
func (c *cluster) kubeconfig() string {
	return fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c",
"contexts":[{"name":"c","context":{"cluster":"c","namespace":"shop"}}],"clusters":[{"name":"c","cluster":{"server":%q}}]}`, c.URL)
}

const scales = `local kubernetes = require "kubernetes"
return runbook { summary = "s", may = { "kubernetes.scale deployments" }, steps = { step("one", function()
  on_exit(function() log("cleaned up") end)
  kubernetes.scale("deployment/web", 5)
  kubernetes.scale("deployment/web", 9)
end) } }`

func TestAnInterruptLetsTheActionFinishAndSaysWhatWasChanged(t *testing.T) {
	c := newCluster(t)
	p := newProcess(t, scales, "--yes")
	p.file("kubeconfig", c.kubeconfig())
	p.start()
	<-c.asked
	p.signal(syscall.SIGINT)
	p.err.waitFor(t, "Interrupted by Ctrl-C: finishing scale deployments/web, then the run ends with its clean-ups. Ctrl-C again cuts it off.", 1)
	close(c.answer)
	shown := p.drained()
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.Contains(t, shown, "INTERRUPTED in step 1 of 1, one")
	assert.Contains(t, shown, "  Changed:  1  scale deployments/web\n")
	assert.Contains(t, shown, "  Next:     runbook resume ")
	assert.Contains(t, shown, "cleaned up")
	assert.NotContains(t, shown, "generation")
}

func TestASecondInterruptCutsTheActionOffAndLooksWhatCameOfIt(t *testing.T) {
	c := newCluster(t)
	p := newProcess(t, scales, "--yes")
	p.file("kubeconfig", c.kubeconfig())
	p.start()
	<-c.asked
	p.signal(syscall.SIGINT)
	p.err.waitFor(t, "Ctrl-C again cuts it off.", 1)
	p.signal(syscall.SIGINT)
	shown := p.drained()
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.Contains(t, p.err.String(), "Interrupted by Ctrl-C: cutting off scale deployments/web.")
	assert.Contains(t, shown, "INTERRUPTED in step 1 of 1, one")
	assert.Contains(t, p.journal(), `"kind":"outcome"`)
	assert.Contains(t, shown, "  Changed:  nothing\n", "looking again showed three replicas")
}

// `runbook run x | less`, and q while an action is under way.
func TestAReaderThatGoesAwayDoesNotCutTheActionOff(t *testing.T) {
	c := newCluster(t)
	p := newProcess(t, scales, "--yes")
	p.file("kubeconfig", c.kubeconfig())
	p.start()
	p.begun()
	<-c.asked
	assert.NoError(t, p.out.Close())
	close(c.answer)
	assert.Equal(t, engine.ExitInterrupted, p.exit())
	assert.Contains(t, p.journal(), `"status":"done"`)
	assert.Contains(t, p.lastRecord(), `"kind":"end"`)
	p.err.waitFor(t, "Changed:  1  scale deployments/web", 1)
}
