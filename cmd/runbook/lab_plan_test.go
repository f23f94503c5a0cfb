//go:build lab

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (l lab) kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("kubectl", append([]string{"--kubeconfig", filepath.Join(l.folder, "kubeconfig")}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// notice makes the ConfigMap that the plan removes, and the Deployment that it scales, as they are when the plan is made.
func (l lab) notice(t *testing.T) {
	t.Helper()
	l.kubectl(t, "scale", "deployment/photon-compiler", "--replicas=3")
	l.kubectl(t, "delete", "configmap", "notice", "settings", "--ignore-not-found")
	l.kubectl(t, "create", "configmap", "notice", "--from-literal=text=down")
}

// planned makes a plan with its own folder of state, and returns its file.
func (l lab) planned(t *testing.T, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fix.plan")
	made := l.execute(t, append([]string{"run", "testdata/lab/planned.lua", "--dry-run", "--out", path}, args...)...)
	require.Zero(t, made.exit, made.text)
	return path
}

// program runs the program with a folder of state of its own.
func (l lab) execute(t *testing.T, args ...string) labRun {
	t.Helper()
	state := t.TempDir()
	cmd := exec.Command("runbook", args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(l.folder, "kubeconfig"), "XDG_STATE_HOME="+state, "HOME="+state)
	text, _ := cmd.CombinedOutput()
	return labRun{exit: cmd.ProcessState.ExitCode(), text: string(text)}
}

func TestLabAPlanIsAppliedAsApproved(t *testing.T) {
	l := openLab(t)
	l.notice(t)
	path := l.planned(t)
	applied := effects(t, l.audited(t, func() {
		run := l.execute(t, "apply", path)
		require.Zero(t, run.exit, run.text)
	}))
	assert.Len(t, applied, 2, applied)
	assert.Equal(t, "4", l.kubectl(t, "get", "deployment", "photon-compiler", "-o", "jsonpath={.spec.replicas}"))
	l.notice(t)
}

// What does not fit any more ends the application before it is sent, and says which object, which field, planned and actual.
func TestLabDriftEndsAnApplicationBeforeAnythingIsSent(t *testing.T) {
	l := openLab(t)
	for name, c := range map[string]struct {
		meanwhile func(t *testing.T)
		message   []string
		effects   int
	}{
		"a field that is written": {
			func(t *testing.T) { l.kubectl(t, "scale", "deployment/photon-compiler", "--replicas=2") },
			[]string{"deployments/photon-compiler in photon-mlir has changed since this was planned: spec.replicas was 3 and is 2 now"}, 0,
		},
		"a target that was recreated": {
			func(t *testing.T) {
				l.kubectl(t, "delete", "configmap", "notice")
				l.kubectl(t, "create", "configmap", "notice", "--from-literal=text=down")
			},
			[]string{"configmaps/notice in photon-mlir has changed since this was planned: it is another one of that name (uid was"}, 1,
		},
		"an argument": {
			func(t *testing.T) { l.kubectl(t, "create", "configmap", "settings", "--from-literal=replicas=6") },
			[]string{"kubernetes.scale deployments/photon-compiler in photon-mlir is not as planned: replicas was planned as 4 and is 6 now"}, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			l.notice(t)
			path := l.planned(t)
			c.meanwhile(t)
			sent := effects(t, l.audited(t, func() {
				run := l.execute(t, "apply", path)
				assert.Equal(t, 4, run.exit, run.text)
				for _, part := range c.message {
					assert.Contains(t, run.text, part)
				}
			}))
			assert.Len(t, sent, c.effects, sent)
		})
	}
	l.notice(t)
}

func TestLabAPlanIsForItsSiteAndUser(t *testing.T) {
	l := openLab(t)
	l.notice(t)
	path := l.planned(t)
	run := l.execute(t, "apply", path, "--context", "lab-oncall")
	assert.Equal(t, 4, run.exit, run.text)
	assert.Contains(t, run.text, `user was "admin" and is "oncall" now`)
}

// churns is how often a plan is applied while others keep writing to its targets what no action goes by.
const churns = 100

func TestLabStatusChurnIsNoDrift(t *testing.T) {
	l := openLab(t)
	l.notice(t)
	path := l.planned(t, "-p", "notice=false")
	ctx, stop := context.WithCancel(t.Context())
	churned := make(chan int)
	go func() { churned <- l.churn(ctx) }()
	for i := range churns {
		run := l.execute(t, "apply", path)
		require.Zero(t, run.exit, "application %d:\n%s", i+1, run.text)
		l.kubectl(t, "scale", "deployment/photon-compiler", "--replicas=3")
	}
	stop()
	assert.Greater(t, <-churned, churns, "nothing was churned")
	l.notice(t)
}

// churn changes the status and the annotations of the plan's target until it is told to stop, and says how often it did.
func (l lab) churn(ctx context.Context) (times int) {
	for ; ctx.Err() == nil; times++ {
		patch, _ := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{"churn": fmt.Sprint(times, time.Now())}}})
		args := []string{"--kubeconfig", filepath.Join(l.folder, "kubeconfig"), "patch", "deployment", "photon-compiler", "--type=merge", "-p", string(patch)}
		if times%2 == 1 {
			args = []string{"--kubeconfig", filepath.Join(l.folder, "kubeconfig"), "patch", "deployment", "photon-compiler", "--subresource=status", "--type=merge", "-p",
				fmt.Sprintf(`{"status":{"collisionCount":%d}}`, times)}
		}
		if out, err := exec.CommandContext(ctx, "kubectl", args...).CombinedOutput(); err != nil && ctx.Err() == nil && !strings.Contains(string(out), "conflict") {
			return 0
		}
	}
	return times
}
