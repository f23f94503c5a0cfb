package supervisor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
)

// TestMain lets the test program start itself in a server's place, as the lab does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == process.HoldCommand {
		if err := process.Hold(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// troupe is a part whose servers are shell scripts, started one after another; each is ready once it made a file of its name.
type troupe struct {
	scripts map[string]string
	order   []string
	tries   int
	ports   []string
}

func (p *troupe) Ports() []string { return p.ports }

func (p *troupe) Prepare(*Stage) error { p.tries++; return nil }

func (p *troupe) Start(ctx context.Context, stage *Stage) error {
	for _, name := range p.order {
		script := strings.NewReplacer("TRY", fmt.Sprint(p.tries), "READY", stage.Dir.Config()+"/"+name).Replace(p.scripts[name])
		if err := stage.Launch(ctx, p, stage.CommandOf(name, "/bin/sh", "-c", script)); err != nil {
			return err
		}
	}
	return nil
}

func (p *troupe) Ready(stage *Stage, server string) (Ready, error) {
	if _, mine := p.scripts[server]; !mine {
		return nil, nil
	}
	return func(context.Context) error {
		_, err := os.Stat(filepath.Join(stage.Dir.Config(), server))
		return err
	}, nil
}

func one(name, script string) *troupe {
	return &troupe{scripts: map[string]string{name: script}, order: []string{name}}
}

const serves = "touch READY; exec sleep 60"

func lab(t *testing.T, first Part, rest ...Part) (Supervisor, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	s := Supervisor{Dir: layout.Dir(t.TempDir()), Out: &out, First: first, Rest: rest}
	t.Cleanup(func() {
		if err := s.Down(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s, &out
}

func recorded(t *testing.T, s Supervisor) State {
	t.Helper()
	state, err := ReadState(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestWholeLabIsLeftAlone(t *testing.T) {
	s, _ := lab(t, one("first", serves), one("second", serves), one("third", serves))
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := recorded(t, s)
	if !before.whole() || len(before.Processes) != 3 || before.Processes[0].Name != "first" {
		t.Fatalf("recorded %+v", before)
	}
	if err := s.Up(t.Context()); !errors.Is(err, ErrRunning) {
		t.Errorf("got %v, want that it runs already", err)
	}
	if after := recorded(t, s); !reflect.DeepEqual(after.Processes, before.Processes) {
		t.Errorf("another set of servers: %+v", after.Processes)
	}
}

func TestServerThatEndsIsNamedWithTheEndOfItsLog(t *testing.T) {
	s, _ := lab(t, one("steady", serves), one("frail", "echo the disk is full >&2; exit 3"))
	err := s.Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "frail ended by itself") || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v", err)
	}
	assertNothingLeft(t, s)
	if _, err := os.Stat(s.Dir.Log("frail")); err != nil {
		t.Errorf("its log is gone: %v", err)
	}
}

func TestServerThatEndsLaterIsNamedToo(t *testing.T) {
	s, _ := lab(t, one("frail", "touch READY; sleep 0.2; echo out of memory; exit 1"), one("never", "exec sleep 60"))
	err := s.Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "frail ended by itself") || !strings.Contains(err.Error(), "out of memory") {
		t.Errorf("got %v", err)
	}
	assertNothingLeft(t, s)
}

func TestServerThatIsNeverReadyIsNamedWithTheEndOfItsLog(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	s, _ := lab(t, one("slow", "echo still migrating; exec sleep 60"))
	err := s.Up(ctx)
	if err == nil || !strings.Contains(err.Error(), "wait for slow to be ready") || !strings.Contains(err.Error(), "still migrating") {
		t.Errorf("got %v", err)
	}
	assertNothingLeft(t, s)
}

func TestInterruptedStartLeavesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s, _ := lab(t, one("first", serves), interrupting{cancel}, one("second", "exec sleep 60"))
	if err := s.Up(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	assertNothingLeft(t, s)
}

func TestPortThatWasTakenIsNoReasonToFail(t *testing.T) {
	unlucky := one("unlucky", `[ TRY = 1 ] && { echo "bind: Address already in use"; exit 1; }; `+serves)
	s, out := lab(t, unlucky)
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if unlucky.tries != 2 || !strings.Contains(out.String(), "starting again") {
		t.Errorf("%d tries, and it said %q", unlucky.tries, out)
	}
}

func TestPortsAreDifferentAndFree(t *testing.T) {
	s, _ := lab(t, &troupe{ports: []string{"a", "b"}}, &troupe{ports: []string{"c"}})
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for name, port := range recorded(t, s).Ports {
		listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", Loopback, port))
		if err != nil || seen[port] {
			t.Errorf("port %d of %s: %v", port, name, err)
			continue
		}
		listener.Close() //nolint:errcheck // nothing was sent
		seen[port] = true
	}
	if len(seen) != 3 {
		t.Errorf("%d ports", len(seen))
	}
}

func TestBrokenLabIsClearedAway(t *testing.T) {
	s, out := lab(t, one("first", serves), one("second", serves))
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := recorded(t, s)
	if err := process.Stop(t.Context(), before.Processes[1:]); err != nil {
		t.Fatal(err)
	}
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(process.Alive(before.Processes)) != 0 || !recorded(t, s).whole() || !strings.Contains(out.String(), "stopping what is left") {
		t.Errorf("it said %q", out)
	}
}

func TestTwoLabsDoNotKnowEachOther(t *testing.T) {
	one, _ := lab(t, one("server", serves))
	other, _ := lab(t, one.First)
	for _, s := range []Supervisor{one, other} {
		if err := s.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !recorded(t, other).whole() {
		t.Error("the end of one lab stopped the other")
	}
}

func TestDownKeepsTheLogsAlone(t *testing.T) {
	s, _ := lab(t, one("server", "echo hello; "+serves))
	if err := s.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(string(s.Dir))
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, entry := range entries {
		left = append(left, entry.Name())
	}
	if want := []string{".lab-lock", "logs"}; !slices.Equal(left, want) {
		t.Errorf("left are %q, want %q", left, want)
	}
}

// Much is removed in a lab's folder without a question, so it has to be one.
func TestFolderOfSomebodyElseIsLeftAlone(t *testing.T) {
	s, out := lab(t, one("server", serves))
	theirs := filepath.Join(string(s.Dir), "bin", "tool")
	if err := os.MkdirAll(filepath.Dir(theirs), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, nil, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := s.Up(t.Context()); err == nil || !strings.Contains(err.Error(), "no lab's folder") {
		t.Errorf("up: got %v", err)
	}
	if err := s.Down(t.Context()); err != nil || !strings.Contains(out.String(), "there is no lab in") {
		t.Errorf("down: got %v, and it said %q", err, out)
	}
	if entries, err := os.ReadDir(string(s.Dir)); err != nil || len(entries) != 1 {
		t.Errorf("in the folder are %v, %v", entries, err)
	}
	if _, err := os.Stat(theirs); err != nil {
		t.Error(err)
	}
}

// interrupting is a part that is interrupted as it starts.
type interrupting struct{ cancel func() }

func (interrupting) Ports() []string                     { return nil }
func (interrupting) Prepare(*Stage) error                { return nil }
func (interrupting) Ready(*Stage, string) (Ready, error) { return nil, nil }
func (i interrupting) Start(ctx context.Context, _ *Stage) error {
	i.cancel()
	<-ctx.Done()
	return ctx.Err()
}

func assertNothingLeft(t *testing.T, s Supervisor) {
	t.Helper()
	if _, err := os.Stat(s.Dir.State()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the state of a lab that did not start is there: %v", err)
	}
	// Each server is a shell that sleeps in a session of its own; none may have this lab's folder as its own.
	folders, err := filepath.Glob("/proc/[0-9]*/cwd")
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range folders {
		if cwd, err := os.Readlink(link); err == nil && cwd == string(s.Dir) {
			t.Errorf("%s still runs in the lab's folder", filepath.Dir(link))
		}
	}
}
