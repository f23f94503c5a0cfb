package supervisor

import (
	"os"
	"strings"
	"testing"

	"runbook/examples/lab/process"
)

func TestRestartIsOfOneServerOnly(t *testing.T) {
	s, _ := lab(t, &troupe{scripts: map[string]string{"first": serves, "second": serves}, order: []string{"first", "second"}})
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := running(t, s)
	if err := s.Restart(t.Context(), "first", 0); err != nil {
		t.Fatal(err)
	}
	after := running(t, s)
	if len(after) != 2 || after[0].Name != "first" || after[0].PID == before[0].PID || after[1].PID != before[1].PID {
		t.Errorf("before %+v, after %+v: want another first, in its place, and the same second", before, after)
	}
	if len(process.Alive(before)) != 1 {
		t.Error("the old server still runs")
	}

	// As a crash between the stop and the start leaves it.
	if err := process.Stop(t.Context(), after[:1]); err != nil {
		t.Fatal(err)
	}
	if err := s.Restart(t.Context(), "first", 0); err != nil {
		t.Fatal(err)
	}
	if alive := running(t, s); len(alive) != 2 {
		t.Errorf("of the servers only %+v run", alive)
	}

	if err := s.Restart(t.Context(), "third", 0); err == nil || !strings.Contains(err.Error(), "it has first, second") {
		t.Errorf("restart third: got %v", err)
	}
	if alive := running(t, s); len(alive) != 2 {
		t.Errorf("a restart that was refused stopped something: only %+v run", alive)
	}
}

func TestRestartNeedsALab(t *testing.T) {
	s, _ := lab(t, one("first", serves))
	if err := s.Restart(t.Context(), "first", 0); err == nil || !strings.Contains(err.Error(), "no lab runs there") {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(string(s.Dir)); err != nil || len(entries) > 0 {
		t.Errorf("it made %v, %v", entries, err)
	}
}

// running are the recorded servers that run.
func running(t *testing.T, s Supervisor) []process.Record {
	t.Helper()
	return process.Alive(recorded(t, s).Processes)
}
