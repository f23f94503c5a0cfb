package kwok

import (
	"os"
	"strings"
	"testing"
	"time"

	"runbook/examples/lab/layout"
)

func TestEveryScenarioHasARecentLog(t *testing.T) {
	dir, now := layout.Dir(t.TempDir()), time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	for _, folder := range []string{dir.Config(), dir.PodLogs()} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := Write(dir, now); err != nil {
		t.Fatal(err)
	}
	for _, name := range Scenarios {
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
	}
	config, err := os.ReadFile(dir.Kwok())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(config), "LAB_POD") {
		t.Error("a path was left open in kwok's configuration")
	}
}

func TestLogLineInContainerRuntimeForm(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	got, err := render("2.5 stderr out of memory\n", now)
	if want := "2026-01-02T03:04:02.500000000Z stderr F out of memory\n"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	if _, err := render("soon stderr out of memory\n", now); err == nil {
		t.Error("want an error for a line without a time")
	}
}
