package supervisor

import (
	"context"
	"io"
	"strings"
	"testing"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
)

// sleepers are two servers that do nothing, of which one tells that it is ready.
type sleepers struct{}

func (sleepers) Ports() []string      { return nil }
func (sleepers) Prepare(*Stage) error { return nil }

func (s sleepers) Start(ctx context.Context, stage *Stage) error {
	for _, name := range []string{"first", "second"} {
		if err := stage.Launch(ctx, stage.CommandOf(name, "/bin/sleep", "600"), alwaysReady); err != nil {
			return err
		}
	}
	return nil
}

func alwaysReady(context.Context) error { return nil }

func (sleepers) Ready(_ *Stage, server string) (Ready, error) {
	if server == "first" {
		return alwaysReady, nil
	}
	return nil, nil
}

func TestRestartIsOfOneServerOnly(t *testing.T) {
	lab := Supervisor{Dir: layout.Dir(t.TempDir()), Out: io.Discard, First: sleepers{}}
	if err := lab.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Down(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	before := running(t, lab)
	if err := lab.Restart(t.Context(), "first", 0); err != nil {
		t.Fatal(err)
	}
	after := running(t, lab)
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
	if err := lab.Restart(t.Context(), "first", 0); err != nil {
		t.Fatal(err)
	}
	if alive := running(t, lab); len(alive) != 2 {
		t.Errorf("of the servers only %+v run", alive)
	}

	for server, want := range map[string]string{"third": "it has first, second", "second": "does not tell when it is ready"} {
		if err := lab.Restart(t.Context(), server, 0); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("restart %s: got %v, want %q", server, err, want)
		}
	}
	if alive := running(t, lab); len(alive) != 2 {
		t.Errorf("a restart that was refused stopped something: only %+v run", alive)
	}
}

func TestRestartNeedsALab(t *testing.T) {
	lab := Supervisor{Dir: layout.Dir(t.TempDir()), Out: io.Discard, First: sleepers{}}
	if err := lab.Restart(t.Context(), "first", 0); err == nil || !strings.Contains(err.Error(), "no lab runs there") {
		t.Errorf("got %v", err)
	}
}

// running are the recorded servers that run.
func running(t *testing.T, lab Supervisor) []process.Record {
	t.Helper()
	state, err := ReadState(lab.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return process.Alive(state.Processes)
}
