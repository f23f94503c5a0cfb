//go:build lab

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hostsSite is a site file for the lab's rack and one of its pods, with a command that only looks on each.
func (l lab) hostsSite(t *testing.T) string {
	t.Helper()
	require.NotZero(t, l.ports(t)["sshd"], "the lab has no devices: it began without the OpenSSH server, package openssh-server")
	path := filepath.Join(t.TempDir(), "site.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `name: lab-hosts
kubernetes: {kubeconfig: %q, context: lab-oncall, namespace: photon-mlir}
hosts:
  rack-1: {ssh: rack-1, config: %q, reads: [[photon-debug, --list-devices]]}
  compiler: {pod: deployment/photon-compiler, reads: [[echo, "*"]]}
`, filepath.Join(l.folder, "kubeconfig"), filepath.Join(l.folder, "ssh_config")), 0o600))
	return path
}

// onRack are the commands that the rack recorded meanwhile and in which a word is.
func (l lab) onRack(t *testing.T, word string, fn func()) (out []string) {
	t.Helper()
	path := filepath.Join(l.folder, "logs", "rack-commands.jsonl")
	began := len(readIfThere(t, path))
	fn()
	for _, line := range readLines(t, path, int64(began)) {
		if command, _ := line["command"].(string); strings.Contains(command, word) {
			out = append(out, command)
		}
	}
	return out
}

// A dry run only looks on hosts, by their own record, and a real run does there what the dry run said, once.
func TestLabHosts(t *testing.T) {
	l := openLab(t)
	word := filepath.Base(t.TempDir()) + fmt.Sprint(os.Getpid()) // of this test alone
	args := []string{"testdata/lab/hosts.lua", "--site", l.hostsSite(t), "-p", "word=" + word}
	var dry labRun
	for _, command := range l.onRack(t, word, func() { dry = l.run(t, append(args, "--dry-run")...) }) {
		assert.True(t, looksOnRack(command), command)
	}
	require.Zero(t, dry.exit, dry.text)
	require.Contains(t, dry.text, "photon-debug --list-devices (on rack-1)")
	require.Contains(t, dry.text, "echo "+word+" (on compiler)")
	require.Contains(t, dry.text, "DRY RUN 1  host.run commands/touch in rack-1")
	require.NoFileExists(t, filepath.Join(l.folder, "data", "rack", "files", word))

	var run labRun
	did := l.onRack(t, word, func() { run = l.run(t, append(args, "--yes")...) })
	require.Zero(t, run.exit, run.text)
	require.Equal(t, dry.intents(), run.intents())
	var changed []string
	for _, command := range did {
		if !looksOnRack(command) {
			changed = append(changed, command[strings.LastIndex(command, " run ")+1:])
		}
	}
	require.Equal(t, []string{"run touch " + word, "run rm " + word}, changed)
}

// A tool that hangs on the rack ends with its children when the run is killed that started it.
func TestLabARunIsKilledWhileAToolHangsOnTheRack(t *testing.T) {
	l := openLab(t)
	for _, host := range []string{"rack-1", "compiler"} {
		t.Run(host, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "witness") // the rack is this machine
			require.NoError(t, syscall.Mkfifo(path, 0o600))
			state := t.TempDir()
			run := exec.Command(l.program, "run", "testdata/lab/hangs.lua", "--yes", "--site", l.hostsSite(t), "-p", "host="+host, "-p", "witness="+path)
			run.Env = append(os.Environ(), "XDG_STATE_HOME="+state, "HOME="+state)
			require.NoError(t, run.Start())
			held, err := os.Open(path) // returns once the tool's child has it
			require.NoError(t, err)
			require.NoError(t, run.Process.Kill())
			_, err = io.ReadAll(held)
			require.NoError(t, err)
			require.NoError(t, held.Close())
			require.Error(t, run.Wait())
		})
	}
}
