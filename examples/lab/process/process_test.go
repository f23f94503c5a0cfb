package process

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test program start itself in a server's place, as the lab does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == HoldCommand {
		if err := Hold(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func TestStartedServerIsRecordedBeforeItRuns(t *testing.T) {
	command := shell(t, "touch ran; exec sleep 60")
	var recorded Record
	p, err := Start(command, func(r Record) error {
		recorded = r
		if _, err := os.Stat(filepath.Join(command.Dir, "ran")); err == nil {
			t.Error("it ran before it was recorded")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { _, err := os.Stat(filepath.Join(command.Dir, "ran")); return err == nil })
	if len(Alive([]Record{recorded})) != 1 {
		t.Error("the running server's record does not fit it")
	}
	if err := Stop(t.Context(), []Record{recorded}); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if len(Alive([]Record{recorded})) != 0 {
		t.Error("a stopped server counts as alive")
	}
}

func TestServerThatCannotBeRecordedNeverRuns(t *testing.T) {
	command := shell(t, "touch ran")
	full := errors.New("disk full")
	var recorded Record
	if _, err := Start(command, func(r Record) error { recorded = r; return full }); !errors.Is(err, full) {
		t.Fatalf("got %v, want the reason", err)
	}
	waitFor(t, func() bool { return len(Alive([]Record{recorded})) == 0 })
	if _, err := os.Stat(filepath.Join(command.Dir, "ran")); err == nil {
		t.Error("it ran although it was not recorded")
	}
	if log, _ := os.ReadFile(command.Log); !strings.Contains(string(log), "did not become") {
		t.Errorf("its log does not say why it did not run: %q", log)
	}
}

func TestRecycledNumberIsLeftAlone(t *testing.T) {
	p, err := Start(shell(t, "exec sleep 60"), func(Record) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	earlier := p.Record
	earlier.Identity = "another start"
	if err := Stop(t.Context(), []Record{earlier}); err != nil {
		t.Fatal(err)
	}
	if len(Alive([]Record{p.Record})) != 1 {
		t.Error("a process was stopped that only has the number of a recorded one")
	}
	if err := Stop(t.Context(), []Record{p.Record}); err != nil {
		t.Fatal(err)
	}
}

func TestStopTakesChildrenAlong(t *testing.T) {
	command := shell(t, "sleep 60 & echo $! > child; wait")
	p, err := Start(command, func(Record) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	child := filepath.Join(command.Dir, "child")
	waitFor(t, func() bool { data, err := os.ReadFile(child); return err == nil && len(data) > 0 })
	data, err := os.ReadFile(child)
	if err != nil {
		t.Fatal(err)
	}
	if err := Stop(t.Context(), []Record{p.Record}); err != nil {
		t.Fatal(err)
	}
	process := filepath.Join("/proc", strings.TrimSpace(string(data)), "stat")
	waitFor(t, func() bool {
		stat, err := os.ReadFile(process)
		return err != nil || strings.Contains(string(stat), ") Z ")
	})
}

func TestSecretsAreInTheEnvironmentAlone(t *testing.T) {
	command := shell(t, `echo "$SECRET"; tr '\0' ' ' <"/proc/$$/cmdline"`)
	command.Env = filepath.Join(command.Dir, "environment")
	if err := os.WriteFile(command.Env, []byte("SECRET=hidden\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Start(command, func(Record) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if got := p.LogTail(2); strings.Count(got, "hidden") != 1 || !strings.HasPrefix(got, "hidden\n") {
		t.Errorf("got %q, want the secret from the environment and not in the command line", got)
	}
}

func TestIdentityOfNobody(t *testing.T) {
	if _, err := identity(1 << 30); !errors.Is(err, errGone) {
		t.Errorf("got %v, want that there is no such process", err)
	}
}

func TestLogTail(t *testing.T) {
	p, err := Start(shell(t, "echo one; echo two; echo three"), func(Record) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if got := p.LogTail(2); got != "two\nthree" {
		t.Errorf("got %q", got)
	}
}

func shell(t *testing.T, script string) Command {
	dir := t.TempDir()
	return Command{Name: "test", Path: "/bin/sh", Args: []string{"-c", script}, Dir: dir, Log: filepath.Join(dir, "log")}
}

func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited ten seconds in vain")
		}
	}
}
