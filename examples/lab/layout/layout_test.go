package layout

import (
	"os"
	"path/filepath"
	"testing"
)

func TestProgramOfALabMeansThatLab(t *testing.T) {
	state := t.TempDir()
	t.Setenv("XDG_STATE_HOME", state)
	usual := Dir(filepath.Join(state, "runbook-lab"))
	dir := Dir(t.TempDir())
	if got, err := Default(dir.Self()); err != nil || got != usual {
		t.Errorf("without a lab around the program: %s, %v", got, err)
	}
	if err := os.WriteFile(dir.State(), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := Default(dir.Self()); err != nil || got != dir {
		t.Errorf("in a lab: %s, %v", got, err)
	}
	if got, err := Default("/usr/bin/lab"); err != nil || got != usual {
		t.Errorf("elsewhere: %s, %v", got, err)
	}
}
