//go:build lab

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lab is a real control plane; examples/lab/run-tests starts it and says where it is.
type lab struct {
	folder, command, program string
}

func openLab(t *testing.T) lab {
	t.Helper()
	l := lab{folder: os.Getenv("RUNBOOK_LAB"), command: os.Getenv("RUNBOOK_LAB_COMMAND"), program: filepath.Join(t.TempDir(), "runbook")}
	require.NotEmpty(t, l.folder, "start this with make test-lab")
	text, err := exec.Command("go", "build", "-o", l.program, ".").CombinedOutput()
	require.NoError(t, err, string(text))
	return l
}

func (l lab) scenario(t *testing.T, name string) {
	t.Helper()
	text, err := exec.Command(l.command, "scenario", "--dir", l.folder, name).CombinedOutput()
	require.NoError(t, err, string(text))
}

// labRun is a run that ended, with its journal.
type labRun struct {
	exit    int
	text    string
	records []map[string]any
}

func (l lab) run(t *testing.T, args ...string) labRun {
	t.Helper()
	state := t.TempDir()
	cmd := exec.Command(l.program, append([]string{"run"}, args...)...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(l.folder, "kubeconfig"), "XDG_STATE_HOME="+state, "HOME="+state)
	text, _ := cmd.CombinedOutput()
	out := labRun{exit: cmd.ProcessState.ExitCode(), text: string(text)}
	journals, err := filepath.Glob(filepath.Join(state, "runbook", "runs", "*", "journal.jsonl"))
	require.NoError(t, err)
	for _, path := range journals {
		out.records = append(out.records, readLines(t, path, 0)...)
	}
	return out
}

// intents are the actions of a run, by key, with their arguments.
func (e labRun) intents() map[string]any {
	out := map[string]any{}
	for _, r := range e.records {
		if r["kind"] == "intent" {
			out[r["key"].(string)] = r["call"].(map[string]any)["identity"]
		}
	}
	return out
}

func readLines(t *testing.T, path string, from int64) []map[string]any {
	t.Helper()
	out, err := linesFrom(path, from)
	require.NoError(t, err)
	return out
}

func (l lab) auditLog() string { return filepath.Join(l.folder, "audit.log") }

// auditEnd is where the API server's audit log ends now. What is before it is no business of a test: it may even be torn, where a server
// was killed.
func (l lab) auditEnd(t *testing.T) int64 {
	t.Helper()
	info, err := os.Stat(l.auditLog())
	require.NoError(t, err)
	return info.Size()
}

// audited returns what the API server's audit log says that we sent while fn ran.
func (l lab) audited(t *testing.T, fn func()) []map[string]any {
	t.Helper()
	began := l.auditEnd(t)
	fn()
	var ours []map[string]any
	for _, e := range readLines(t, l.auditLog(), began) {
		// A long request, such as exec, is logged when it starts and again when it ends.
		agent, _ := e["userAgent"].(string)
		if strings.HasPrefix(agent, "runbook/"+version+" ") && e["stage"] == "ResponseComplete" {
			ours = append(ours, e)
		}
	}
	require.NotEmpty(t, ours, "the audit log saw nothing of us: the proof would be empty")
	return ours
}

// looks tells whether an audited request changed nothing.
func looks(e map[string]any) bool {
	uri := e["requestURI"].(string)
	verb := e["verb"].(string)
	if strings.Contains(uri, "/exec") {
		return strings.Contains(uri, "command=df&command=-h") || strings.Contains(uri, "command=df&command=-P&command=-k&command=")
	}
	body, _ := json.Marshal(e["requestObject"])
	return verb == "get" || verb == "list" || verb == "watch" || strings.Contains(uri, "/selfsubject") ||
		strings.Contains(uri, "dryRun=All") || strings.Contains(string(body), `"dryRun":["All"]`)
}

func TestLabADryRunSeesItsOwnWrites(t *testing.T) {
	l := openLab(t)
	var flow labRun
	l.inert(t, func() { flow = l.run(t, "testdata/lab/flow.lua", "--dry-run") })
	require.Equal(t, 0, flow.exit, flow.text)
	assert.Contains(t, flow.text, "deployments 1, pods 3, then 0, then 3, replicas 3, gone true")
	labels := map[string]int{}
	for _, r := range flow.records {
		if intent, ok := r["intent"].(map[string]any); ok {
			labels[intent["label"].(string)]++
		}
	}
	assert.Equal(t, map[string]int{"validated": 1, "simulated": 4}, labels, "only the namespace could be validated: the server has seen none of it")
}

func TestLabAMutatingExecIsOnlyIntended(t *testing.T) {
	l := openLab(t)
	var run labRun
	execs := 0
	for _, e := range l.audited(t, func() {
		run = l.run(t, "testdata/lab/exec.lua", "--dry-run", "--site", "./testdata/lab/site.yaml")
	}) {
		assert.True(t, looks(e), "%s %s", e["verb"], e["requestURI"])
		if strings.Contains(e["requestURI"].(string), "/exec") {
			execs++
		}
	}
	require.Equal(t, 0, run.exit, run.text)
	assert.Equal(t, 1, execs, "the declared read really ran, the other did not")
	assert.Len(t, run.intents(), 1)
}

func TestLabAForbiddenVerbSaysWhereAndWhy(t *testing.T) {
	l := openLab(t)
	l.scenario(t, "crashloop")
	defer l.scenario(t, "healthy")
	run := l.run(t, "compiler-down", "--yes", "--context", "lab-viewer")
	assert.Equal(t, 1, run.exit, run.text)
	for _, part := range []string{"forbidden", "compiler-down.lua:", "kubernetes.delete(pod)", "FAILED in step 7"} {
		assert.Contains(t, run.text, part)
	}
	assert.NotContains(t, run.text, "goroutine 1 [running]:\nruntime")
}
