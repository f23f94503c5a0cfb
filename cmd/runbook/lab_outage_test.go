//go:build lab

package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// outageTime is only there so that a test that hangs fails.
const outageTime = 90 * time.Second

// A labourer is a run under way, with a folder of state of its own.
type labourer struct {
	lab
	t     *testing.T
	state string
	began int64 // where the audit log ended then
	out   bytes.Buffer
	cmd   *exec.Cmd
}

func (l lab) begin(t *testing.T, args ...string) *labourer {
	t.Helper()
	w := &labourer{lab: l, t: t, state: t.TempDir(), began: l.auditEnd(t)}
	w.cmd = w.command(args...)
	w.cmd.Stdout, w.cmd.Stderr = &w.out, &w.out
	require.NoError(t, w.cmd.Start())
	hung := time.AfterFunc(outageTime, func() { _ = w.cmd.Process.Kill() })
	t.Cleanup(func() { hung.Stop() })
	return w
}

func (w *labourer) command(args ...string) *exec.Cmd {
	cmd := exec.Command("runbook", args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+w.kubeconfig(), "XDG_STATE_HOME="+w.state, "HOME="+w.state)
	return cmd
}

// end waits for the run's end.
func (w *labourer) end() (exit int, text string) {
	_ = w.cmd.Wait() // the exit code says it
	return w.cmd.ProcessState.ExitCode(), w.out.String()
}

// audited are the finished requests of this run, so far.
func (w *labourer) audited() []map[string]any {
	w.t.Helper()
	ours, err := w.audit()
	require.NoError(w.t, err)
	return ours
}

func (w *labourer) audit() ([]map[string]any, error) {
	journals, err := filepath.Glob(filepath.Join(w.state, "runbook", "runs", "*", "journal.jsonl"))
	if err != nil || len(journals) == 0 {
		return nil, err
	}
	all, err := linesFrom(w.auditLog(), w.began)
	if err != nil {
		return nil, err
	}
	var ours []map[string]any
	for _, path := range journals {
		run := filepath.Base(filepath.Dir(path))
		for _, e := range all {
			if agent, _ := e["userAgent"].(string); strings.Contains(agent, run) && e["stage"] == "ResponseComplete" {
				ours = append(ours, e)
			}
		}
	}
	return ours, nil
}

// until waits until the server has been asked for something by this run.
func (w *labourer) until(what string, enough func([]map[string]any) bool) {
	w.t.Helper()
	var failed error // of the look that ended the waiting
	met := assert.Eventually(w.t, func() bool {
		seen, err := w.audit()
		failed = err
		return err != nil || enough(seen)
	}, 20*time.Second, 50*time.Millisecond, what)
	if met && failed == nil {
		return
	}
	_ = w.cmd.Process.Kill()
	_, text := w.end()
	if met {
		require.NoError(w.t, failed, text)
	}
	require.Fail(w.t, "it did not come to that", text)
}

func codeOf(e map[string]any) int {
	status, _ := e["responseStatus"].(map[string]any)
	code, _ := status["code"].(float64)
	return int(code)
}

// count is how many of the requests have the verb, the code and that in their address.
func count(audited []map[string]any, verb, address string, code int) int {
	n := 0
	for _, e := range audited {
		uri := e["requestURI"].(string)
		if e["verb"] == verb && codeOf(e) == code && strings.Contains(uri, address) && !strings.Contains(uri, "dryRun") {
			n++
		}
	}
	return n
}

func (l lab) restart(t *testing.T, args ...string) {
	t.Helper()
	text, err := exec.Command(l.command, append([]string{"restart", "--dir", l.folder}, args...)...).CombinedOutput()
	require.NoError(t, err, string(text))
}

// A run that waits goes on where the API server is away for longer than anybody tries again, and does what it waited for once.
func TestLabAWaitLivesThroughARestart(t *testing.T) {
	l := openFaults(t)
	l.kubectl(t, "create", "deployment", "outage", "-n", "photon-mlir", "--image=registry.example/web:1", "--replicas=0")
	t.Cleanup(func() { l.kubectl(t, "delete", "deployment", "outage", "-n", "photon-mlir") })
	nowhere := `{"spec":{"replicas":1,"template":{"spec":{"nodeSelector":%s}}}}`
	l.kubectl(t, "patch", "deployment", "outage", "-n", "photon-mlir", "-p", strings.Replace(nowhere, "%s", `{"is":"nowhere"}`, 1))
	l.kubectl(t, "wait", "deployment/outage", "-n", "photon-mlir", "--for=condition=Available=False", "--timeout=30s")

	run := l.begin(t, "run", "testdata/lab/outage.lua", "--yes", "--context", "lab-oncall")
	run.until("it waits", func(e []map[string]any) bool { return count(e, "get", "/deployments/outage", 200) > 2 })
	l.restart(t, "kube-apiserver", "--down-for", "2s")
	looks := count(run.audited(), "get", "/deployments/outage", 200)
	run.until("it looks again", func(e []map[string]any) bool { return count(e, "get", "/deployments/outage", 200) > looks })
	l.kubectl(t, "patch", "deployment", "outage", "-n", "photon-mlir", "-p", strings.Replace(nowhere, "%s", "null", 1))
	exit, text := run.end()
	require.Zero(t, exit, text)
	assert.Equal(t, 1, count(run.audited(), "patch", "/deployments/outage/scale", 200), text)
}

// A run that acts lives through it or says what it is about, and is finished by a resume. What was done is done once.
func TestLabARestartBetweenActions(t *testing.T) {
	l := openFaults(t)
	ns := l.namespace(t, "busy")
	run := l.begin(t, "run", "testdata/lab/busy.lua", "--yes", "-p", "namespace="+ns)
	run.until("it is busy", func(e []map[string]any) bool { return count(e, "create", "/configmaps", 201) > 3 })
	l.restart(t, "kube-apiserver")
	exit, text := run.end()
	if exit != 0 {
		t.Log(text)
		assert.Contains(t, unwrap(text), "cannot create configmaps/busy-")
		assert.Contains(t, text, "runbook resume")
		out, err := run.command("resume", "last", "--yes").CombinedOutput()
		require.NoError(t, err, string(out))
		text = string(out)
	}
	names := map[string]int{}
	for _, e := range run.audited() {
		object, _ := e["objectRef"].(map[string]any)
		if e["verb"] == "create" && object["resource"] == "configmaps" && codeOf(e) == http.StatusCreated && !looks(e) {
			names[object["name"].(string)]++
		}
	}
	assert.Len(t, names, 60, text)
	for name, times := range names {
		assert.Equal(t, 1, times, name)
	}
	made := l.kubectl(t, "get", "configmaps", "-n", ns, "-o", "name")
	assert.Equal(t, 60, strings.Count(made, "busy-"), made)
}

const fairness = `
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: PriorityLevelConfiguration
metadata: { name: not-now }
spec:
  type: Limited
  limited: { nominalConcurrencyShares: 0, lendablePercent: 0, borrowingLimitPercent: 0, limitResponse: { type: Reject } }
---
apiVersion: flowcontrol.apiserver.k8s.io/v1
kind: FlowSchema
metadata: { name: not-now }
spec:
  matchingPrecedence: 2
  priorityLevelConfiguration: { name: not-now }
  rules:
    - subjects: [{ kind: User, user: { name: oncall } }]
      resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"], namespaces: ["*"], clusterScope: true }]
`

// The API server's own fairness refuses whatever comes while something else has the only seat.
func TestLabTheServersOwnThrottling(t *testing.T) {
	l := openFaults(t)
	file := filepath.Join(t.TempDir(), "fairness.yaml")
	require.NoError(t, os.WriteFile(file, []byte(fairness), 0o600))
	t.Cleanup(func() { l.kubectl(t, "delete", "-f", file, "--ignore-not-found") })
	l.kubectl(t, "apply", "-f", file)
	l.kubectl(t, "scale", "deployment/photon-compiler", "-n", "photon-mlir", "--replicas=3")
	oncall := l.oncall(t)
	// It takes a moment until the server knows the rule, and who is served already does not take the seat.
	schema := l.kubectl(t, "get", "flowschema", "not-now", "-o", "jsonpath={.metadata.uid}")
	require.Eventually(t, func() bool { return oncall.schema() == schema }, 20*time.Second, 50*time.Millisecond)
	stand := oncall.sit(t)
	require.Eventually(t, func() bool { return oncall.ask() == http.StatusTooManyRequests }, 20*time.Second, 50*time.Millisecond)

	run := l.begin(t, "run", "testdata/lab/planned.lua", "--yes", "--context", "lab-oncall", "-p", "replicas=4", "-p", "notice=false")
	run.until("it is refused", func(e []map[string]any) bool { return count(e, "get", "/configmaps/settings", 429) > 0 })
	stand()
	exit, text := run.end()
	require.Zero(t, exit, text)
	assert.Equal(t, 1, count(run.audited(), "patch", "/deployments/photon-compiler/scale", 200), text)
	l.kubectl(t, "scale", "deployment/photon-compiler", "-n", "photon-mlir", "--replicas=3")
}

// An engineer asks the API server without runbook.
type engineer struct {
	client *http.Client
	host   string
}

func (l lab) oncall(t *testing.T) engineer {
	t.Helper()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(&clientcmd.ClientConfigLoadingRules{ExplicitPath: l.kubeconfig()},
		&clientcmd.ConfigOverrides{CurrentContext: "lab-oncall"}).ClientConfig()
	require.NoError(t, err)
	client, err := rest.HTTPClientFor(config)
	require.NoError(t, err)
	return engineer{client, config.Host}
}

// ask returns the code of an answer.
func (e engineer) ask() int {
	response := e.look()
	if response == nil {
		return 0
	}
	return response.StatusCode
}

// schema is the rule of fairness by which the server deals with whoever asks.
func (e engineer) schema() string {
	response := e.look()
	if response == nil {
		return ""
	}
	return response.Header.Get("X-Kubernetes-Pf-Flowschema-Uid")
}

// look returns an answer without its body; nil if there is none.
func (e engineer) look() *http.Response {
	response, err := e.client.Get(e.host + "/api/v1/namespaces/photon-mlir/pods")
	if err != nil {
		return nil
	}
	_ = response.Body.Close() // nothing of it is read
	return response
}

// sit begins a request and does not end it, until stand is called. The request before it may still have the seat for a moment:
// whoever is refused asks again.
func (e engineer) sit(t *testing.T) (stand func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() {
		defer close(left)
		for code := http.StatusTooManyRequests; code == http.StatusTooManyRequests; {
			code = e.linger(ctx)
		}
	}()
	stand = func() {
		cancel()
		<-left
	}
	t.Cleanup(stand)
	return stand
}

// linger asks with a body of which nothing comes until the context ends, and returns the code of the answer; 0 if there is none.
func (e engineer) linger(ctx context.Context) int {
	body, _ := io.Pipe()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.host+"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
	if err != nil {
		return 0
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := e.client.Do(request)
	if err != nil {
		return 0
	}
	_ = response.Body.Close() // it was never a whole request
	return response.StatusCode
}
