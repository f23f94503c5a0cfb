//go:build lab

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// mortalRun is a run that may be killed, with a folder of state of its own.
type mortalRun struct {
	lab
	state string
}

func (m mortalRun) run(t *testing.T, dies string, args ...string) (killed bool, text string) {
	t.Helper()
	cmd := exec.Command("runbook-mortal", args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(m.folder, "kubeconfig"), "XDG_STATE_HOME="+m.state, "HOME="+m.state, mortalEnv+"="+dies)
	out, _ := cmd.CombinedOutput()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if status.Signaled() && status.Signal() == syscall.SIGKILL {
		return true, string(out)
	}
	require.Zero(t, cmd.ProcessState.ExitCode(), "%s %v:\n%s", dies, args, out)
	return false, string(out)
}

func (m mortalRun) records(t *testing.T) []map[string]any {
	t.Helper()
	journals, err := filepath.Glob(filepath.Join(m.state, "runbook", "runs", "*", "journal.jsonl"))
	require.NoError(t, err)
	require.Len(t, journals, 1, "a resume is no other run")
	return readLines(t, journals[0], 0)
}

// journal is the run's journal as text, for a test that failed.
func (m mortalRun) journal(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	for _, r := range m.records(t) {
		fmt.Fprintln(&out, r["seq"], r["kind"], r["key"], r["branch"], r["outcome"])
	}
	return out.String()
}

// Names that the cluster makes up differ from run to run.
var madeUp = regexp.MustCompile(`photon-compiler-[a-z0-9]+-[a-z0-9]{5}`)

// effects are what really changed something, as the API server's audit log has it, counted. Events are for people.
func effects(t *testing.T, audited []map[string]any) map[string]int {
	t.Helper()
	out, cut, uids := map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, e := range audited {
		object, _ := e["objectRef"].(map[string]any)
		status, _ := e["responseStatus"].(map[string]any)
		code := status["code"].(float64)
		if looks(e) || object["resource"] == "events" || code > 299 && code != cutOff {
			continue
		}
		body, err := json.Marshal(e["requestObject"])
		require.NoError(t, err)
		if e["verb"] == "delete" {
			uid := string(body)
			require.False(t, uids[uid], "deleted twice: %s", uid)
			uids[uid], body = code != cutOff, nil
		}
		body = regexp.MustCompile(`"tag":"\d+"|"resourceVersion":"\d+"|"uid":"[^"]+"`).ReplaceAll(body, nil)
		uri, _, _ := strings.Cut(e["requestURI"].(string), "?")
		effect := fmt.Sprintf("%s %s %s", e["verb"], madeUp.ReplaceAllString(uri, "POD"), body)
		if code == cutOff {
			cut[effect] = true
			continue
		}
		out[effect]++
	}
	for effect := range cut {
		out[effect] = max(out[effect], 1) // it happened, or it was sent again: that it did not happen twice, the object's uid sees to
	}
	return out
}

// cutOff is the code that the API server notes when a client died before it was answered. The change itself may have been made.
const cutOff = 504

// endState is what matters of the site in the end.
func (m mortalRun) endState(t *testing.T) string {
	t.Helper()
	kubectl := func(args ...string) string {
		cmd := exec.Command("kubectl", append([]string{"--kubeconfig", filepath.Join(m.folder, "kubeconfig")}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return string(out)
	}
	kubectl("wait", "deployment/photon-compiler", "--for=condition=Available", "--timeout=60s")
	pods := madeUp.ReplaceAllString(kubectl("get", "pods", "-l", "app=photon-compiler", "--no-headers", "-o", "custom-columns=N:.metadata.name,P:.status.phase"), "POD")
	return kubectl("get", "deployment", "photon-compiler", "-o", "jsonpath={.spec.replicas}") + "\n" + pods +
		kubectl("get", "configmaps", "-o", "name")
}

// A run that is killed at any boundary of its journal, and resumed, has the effects of one that was not, none of them twice, and the
// site ends in the same state. Every shipped runbook that changes something is here by being there.
func TestLabARunKilledAnywhereComesToTheSameEnd(t *testing.T) {
	l := openLab(t)
	defer l.scenario(t, "healthy")
	for _, rehearsals := range append(shipped(t), []rehearsal{{Name: "testdata/lab/branches.lua", Scenario: "healthy"}}) {
		r := rehearsals[0]
		if r.ReadOnly {
			continue // it has no effects that could come twice
		}
		t.Run(filepath.Base(r.Name)+" "+r.Scenario, func(t *testing.T) {
			args := append([]string{"run"}, r.args("--yes")...)
			whole := mortalRun{l, t.TempDir()}
			l.prepare(t, r)
			wanted := effects(t, l.audited(t, func() { whole.run(t, "", args...) }))
			require.NotEmpty(t, wanted)
			state, records := whole.endState(t), whole.records(t)
			for _, dies := range boundaries(records) {
				m := mortalRun{l, t.TempDir()}
				l.prepare(t, r)
				got := effects(t, l.audited(t, func() {
					killed, _ := m.run(t, dies, args...)
					require.True(t, killed, dies)
					m.resume(t)
				}))
				require.Equal(t, wanted, got, "killed %s; the journal is\n%s", dies, m.journal(t))
				require.Equal(t, state, m.endState(t), "killed %s", dies)
				assertOnce(t, m.records(t), dies)
			}
		})
	}
}

// boundaries are the places where a run can be killed: after each record, and, where a record tells what came of something that was
// sent, before it. The last record is the end: after it nothing is left to kill.
func boundaries(records []map[string]any) []string {
	var out []string
	for i, r := range records[:len(records)-1] {
		if r["kind"] == "outcome" {
			out = append(out, fmt.Sprintf("before %d", i+1))
		}
		out = append(out, fmt.Sprintf("after %d", i+1))
	}
	return out
}

// resume takes the run up again; one that died before its first record never was, and is run anew by whoever wanted it.
func (m mortalRun) resume(t *testing.T) {
	t.Helper()
	killed, _ := m.run(t, "", "resume", "last", "--yes")
	require.False(t, killed)
}

// assertOnce tells that no action has two outcomes, and each has one.
func assertOnce(t *testing.T, records []map[string]any, dies string) {
	t.Helper()
	var intents, outcomes []string
	for _, r := range records {
		switch r["kind"] {
		case "intent":
			intents = append(intents, r["key"].(string))
		case "outcome":
			outcomes = append(outcomes, r["key"].(string))
		}
	}
	slices.Sort(intents)
	slices.Sort(outcomes)
	assert.Equal(t, intents, outcomes, "killed %s", dies)
	assert.Len(t, slices.Compact(slices.Clone(intents)), len(intents), "killed %s", dies)
}
