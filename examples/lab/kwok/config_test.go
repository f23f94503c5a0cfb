package kwok

import (
	"os"
	"strings"
	"testing"
	"time"

	"runbook/examples/lab/layout"
)

func TestEveryScenarioHasARecentLog(t *testing.T) {
	dir, _ := written(t)
	for _, name := range Scenarios {
		if name == BadImage { // its container never began
			continue
		}
		log, err := os.ReadFile(dir.PodLogs() + "/" + name + ".log")
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasPrefix(string(log), "2026-11-24T02:") {
			t.Errorf("the log of %s does not begin within the last hour: %.40q", name, log)
		}
		if name != Healthy && !strings.Contains(scenario, name) {
			t.Errorf("scenario.yaml does not know %s", name)
		}
		if name != Healthy && !strings.Contains(string(log), "level=error") {
			t.Errorf("the log of %s has no error", name)
		}
	}
	config, err := os.ReadFile(dir.Kwok())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(config), "LAB_POD") {
		t.Error("a path was left open in kwok's configuration")
	}
}

func TestRestartedContainerSaidSomethingElseTheTimeBefore(t *testing.T) {
	dir, _ := written(t)
	for _, name := range []string{"crashloop", "oom"} {
		log, err := os.ReadFile(dir.PodLogs() + "/" + name + ".log")
		if err != nil {
			t.Fatal(err)
		}
		before, err := os.ReadFile(dir.PodLogs() + "/" + name + ".previous.log")
		if err != nil {
			t.Fatal(err)
		}
		last := before[strings.LastIndex(strings.TrimSpace(string(before)), "\n")+1:]
		if string(last[:30]) >= string(log[:30]) {
			t.Errorf("%s: the run before ended at %.30s, and the last one began at %.30s", name, last, log)
		}
	}
	if _, err := os.Stat(dir.PodLogs() + "/" + Healthy + ".previous.log"); err == nil {
		t.Error("a healthy pod has the log of a container before the first one")
	}
}

func TestCacheInAPodHasSomethingToClearAway(t *testing.T) {
	dir, now := written(t)
	entries, err := os.ReadDir(dir.PodFiles() + "/var/cache/photon-mlir")
	if err != nil {
		t.Fatal(err)
	}
	old := 0
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			t.Fatal(err)
		}
		if now.Sub(info.ModTime()) > 7*24*time.Hour {
			old++
		}
	}
	if old == 0 || old == len(entries) {
		t.Errorf("%d of %d entries are older than a week, want some", old, len(entries))
	}
	config, err := os.ReadFile(dir.PodFiles() + "/etc/photon-mlir/config.yaml")
	if err != nil || !strings.Contains(string(config), "\ncache:\n") {
		t.Errorf("the configuration says nothing of the cache: %q, %v", config, err)
	}
}

// written returns a lab for which kwok's files were written, and when.
func written(t *testing.T) (layout.Dir, time.Time) {
	t.Helper()
	dir, now := layout.Dir(t.TempDir()), time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	if err := os.MkdirAll(dir.Config(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := Write(dir, now); err != nil {
		t.Fatal(err)
	}
	return dir, now
}

func TestLogLineInContainerRuntimeForm(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 2, 500_000_000, time.UTC)
	got, err := entry(at, "stderr out of memory")
	if want := "2026-01-02T03:04:02.500000000Z stderr F out of memory\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := entry(at, "stderr"); err == nil {
		t.Error("want an error for a line without a text")
	}
}
