//go:build lab

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
	"runbook/examples/lab/supervisor"
)

// limit is how long one command may take, on a machine that does other things as well.
const limit = 3 * time.Minute

// program is the lab's own; run-tests builds it and says where it is.
func program(t *testing.T) string {
	t.Helper()
	path := os.Getenv("RUNBOOK_LAB_COMMAND")
	if path == "" {
		t.Fatal("start this with make test-lab")
	}
	return path
}

// run runs the program to its end and returns all that it says.
func run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	out, err := exec.CommandContext(ctx, program(t), args...).CombinedOutput()
	return string(out), err
}

func mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := run(t, args...)
	if err != nil {
		t.Fatalf("lab %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// folder is that of a lab of this test, which is down at its end.
func folder(t *testing.T) layout.Dir {
	t.Helper()
	dir := layout.Dir(t.TempDir())
	t.Cleanup(func() {
		if out, err := exec.Command(program(t), "down", "--dir", string(dir)).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})
	return dir
}

func running(t *testing.T, dir layout.Dir) []process.Record {
	t.Helper()
	state, err := supervisor.ReadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	return process.Alive(state.Processes)
}

// killedAfter starts a lab and kills the program that starts it, without a chance to clean up, once it said that many
// servers are ready.
func killedAfter(t *testing.T, dir layout.Dir, ready int) {
	t.Helper()
	up := exec.Command(program(t), "up", "--dir", string(dir))
	told, err := up.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := up.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(told); ready > 0 && lines.Scan(); {
		if strings.Contains(lines.Text(), " is ready after ") {
			ready--
		}
	}
	if err := up.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = up.Wait() // it was killed
	if ready > 0 {
		t.Fatal("the start ended before it could be killed")
	}
}

func TestLabThatDiedAsItStartedIsStoppedWhole(t *testing.T) {
	dir := folder(t)
	for _, ready := range []int{1, 4, 8} {
		killedAfter(t, dir, ready)
		left := running(t, dir)
		if len(left) < ready {
			t.Errorf("killed after %d servers were ready, and only %d are recorded and alive", ready, len(left))
		}
		mustRun(t, "down", "--dir", string(dir))
		if left := process.Alive(left); len(left) > 0 {
			t.Errorf("still alive: %v", left)
		}
	}
	killedAfter(t, dir, 2)
	left := running(t, dir)
	mustRun(t, "up", "--dir", string(dir)) // without a down before
	if left := process.Alive(left); len(left) > 0 {
		t.Errorf("the lab that was started anew left alive: %v", left)
	}
}

func TestLabBesideAnotherOne(t *testing.T) {
	first := layout.Dir(os.Getenv("RUNBOOK_LAB"))
	before := running(t, first)
	dir := folder(t)
	mustRun(t, "up", "--dir", string(dir))
	mustRun(t, "scenario", "--dir", string(dir), "crashloop")
	if pods := kubectl(t, first, "get", "pods", "--all-namespaces"); strings.Contains(pods, "CrashLoopBackOff") {
		t.Errorf("what happens in one lab is seen in the other:\n%s", pods)
	}
	mustRun(t, "down", "--dir", string(dir))
	if after := running(t, first); len(after) != len(before) || len(before) == 0 {
		t.Errorf("of the first lab %d servers ran before, and %d do now", len(before), len(after))
	}
}

func kubectl(t *testing.T, dir layout.Dir, args ...string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(dir.Bin(), "kubectl"), append([]string{"--kubeconfig", dir.Kubeconfig()}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

func TestLabNamesTheServerThatDoesNotStart(t *testing.T) {
	bin, dir := t.TempDir(), folder(t)
	built := strings.TrimSpace(mustRun(t, "build"))
	programs, err := os.ReadDir(built)
	if err != nil {
		t.Fatal(err)
	}
	const broken = "kube-scheduler"
	for _, p := range programs {
		if p.Name() == broken {
			continue
		}
		if err := os.Symlink(filepath.Join(built, p.Name()), filepath.Join(bin, p.Name())); err != nil {
			t.Fatal(err)
		}
	}
	script := []byte("#!/bin/sh\necho no configuration has been provided\nexit 1\n")
	if err := os.WriteFile(filepath.Join(bin, broken), script, 0o700); err != nil {
		t.Fatal(err)
	}
	out, err := run(t, "up", "--dir", string(dir), "--bin", bin)
	if err == nil || !strings.Contains(out, broken+" ended by itself") || !strings.Contains(out, "no configuration has been provided") {
		t.Errorf("got %v:\n%s", err, out)
	}
	if left := running(t, dir); len(left) > 0 {
		t.Errorf("a lab that did not start left %v", left)
	}
	if log, err := os.ReadFile(dir.Log(broken)); err != nil || !bytes.Contains(log, []byte("no configuration")) {
		t.Errorf("its log: %q, %v", log, err)
	}
}

// kwok runs what it is asked to execute, as the user. Nobody may ask it but who has a certificate of the lab.
func TestLabRunsNothingForStrangers(t *testing.T) {
	state, err := supervisor.ReadState(layout.Dir(os.Getenv("RUNBOOK_LAB")))
	if err != nil {
		t.Fatal(err)
	}
	stranger := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	at := fmt.Sprintf("://%s:%d/exec/photon-mlir/any/compiler?command=id&output=1", supervisor.Loopback, state.Ports["kwok"])
	if _, err := stranger.Get("https" + at); err == nil || !strings.Contains(err.Error(), "certificate required") {
		t.Errorf("a stranger without a certificate gets %v", err)
	}
	response, err := stranger.Get("http" + at)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusNotFound {
		t.Errorf("a stranger who does without TLS is answered %s", response.Status)
	}
}
