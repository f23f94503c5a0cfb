//go:build lab && unix

package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine"
)

// A Secret of a real cluster: read by name and in a list, and in another object that holds its manifest and its value.
func TestLabNoSecretInAnythingThatARunLeaves(t *testing.T) {
	l := openLab(t)
	const value = `canary-LAB "q" \back <&> ü€😀 +/=%41 and so on`
	c := &cage{process: newProcess(t, ""), said: map[string]string{}}
	c.cmd.Env = append(c.cmd.Env, "KUBECONFIG="+filepath.Join(l.folder, "kubeconfig"), "CANARY="+value)
	from, err := filepath.Abs(filepath.Join("testdata", "lab"))
	require.NoError(t, err)
	for _, name := range []string{"secret-make.lua", "secret-read.lua"} {
		text, err := os.ReadFile(filepath.Join(from, name))
		require.NoError(t, err)
		c.file(name, string(text))
	}
	t.Cleanup(func() {
		c.runs("run", "./secret-make.lua", "--yes", "-p", "pw=${env:CANARY}", "-p", "open=x", "-p", "away=true")
	})
	for _, how := range [][]string{{"--dry-run", "--out", "make.plan", "--record", "make.rec"}, {"--yes", "-o", "json"}} {
		args := append([]string{"run", "./secret-make.lua", "-p", "pw=${env:CANARY}", "-p", "open=" + noSecret}, how...)
		require.Equal(t, engine.ExitDone, c.runs(args...), "%v", c.lastErr)
	}
	for _, how := range [][]string{{"--dry-run", "--record", "dry.rec"}, {"--yes", "--record", "real.rec"}, {"--yes", "-o", "json"}} {
		assert.Equal(t, engine.ExitFailed, c.runs(append([]string{"run", "./secret-read.lua"}, how...)...), "%v", c.lastErr)
		assert.Contains(t, c.lastErr, "the end, with [secret] and control")
	}
	c.runs("apply", "make.plan")
	c.runs("runs", "show", "last")
	c.runs("replay", "real.rec")
	c.keeps(map[string]string{"value": value}, "stdout of run ./secret-make.lua", "stdout of run ./secret-read.lua --dry-run", "stdout of run ./secret-read.lua --yes",
		"journal.jsonl", "make.plan", "make.rec", "dry.rec", "real.rec", "stdout of replay")
	assert.Contains(t, c.said["stdout of run ./secret-read.lua --yes --record real.rec"], "password [secret]")
	assert.Contains(t, c.said["stdout of run ./secret-read.lua --yes --record real.rec"], "postgres://u:[secret]@db", "what is no secret stays")
}
