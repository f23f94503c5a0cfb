package supervisor

import (
	"os"
	"reflect"
	"testing"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
)

func TestStateSurvivesTheProgram(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	want := State{
		Started:   time.Now().UTC().Truncate(time.Second),
		Ports:     map[string]int{"kube-apiserver": 6443, "kwok": 10250},
		Processes: []process.Record{{Name: "etcd", PID: 42, Identity: "boot/7"}},
	}
	if err := want.write(dir); err != nil {
		t.Fatal(err)
	}
	got, err := ReadState(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNoLabIsAnEmptyState(t *testing.T) {
	state, err := ReadState(layout.Dir(t.TempDir()))
	if err != nil || len(state.Processes) != 0 {
		t.Errorf("got %+v, %v", state, err)
	}
}

func TestDamagedStateIsNotTakenForNone(t *testing.T) {
	dir := layout.Dir(t.TempDir())
	if err := os.WriteFile(dir.State(), []byte(`{"processes":[{"na`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadState(dir); err == nil {
		t.Error("want an error: servers may be running")
	}
}
