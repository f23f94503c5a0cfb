package rack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"runbook/examples/lab/device"
	"runbook/examples/lab/devicetool"
	"runbook/examples/lab/layout"
	"runbook/examples/lab/process"
	"runbook/examples/lab/shell"
	"runbook/examples/lab/supervisor"
)

// TestMain lets the test program stand in for the lab's: in a server's place, and as a vendor's tool.
func TestMain(m *testing.M) {
	if slices.Contains(devicetool.Names(), filepath.Base(os.Args[0])) {
		os.Exit(devicetool.Main(context.Background(), os.Args))
	}
	if len(os.Args) > 1 && os.Args[1] == process.HoldCommand {
		fmt.Fprintln(os.Stderr, process.Hold(os.Args[2:]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// up starts a lab that has nothing but a rack.
func up(t *testing.T) layout.Dir {
	t.Helper()
	rack := New()
	if !rack.Present() {
		t.Fatal("the OpenSSH server is not installed: package openssh-server")
	}
	dir := layout.Dir(filepath.Join(t.TempDir(), `it's a "lab"`))
	lab := supervisor.Supervisor{Dir: dir, Out: io.Discard, First: rack}
	if err := lab.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := lab.Down(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// login calls the system's client as a person would. Its arguments are what the client is given for the other side.
func login(t *testing.T, dir layout.Dir, args ...string) (exit int, out, errs string) {
	t.Helper()
	program, err := exec.LookPath("ssh")
	if err != nil {
		t.Fatal("the OpenSSH client is not installed: package openssh-client")
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, append([]string{"-F", dir.SSHConfig(), Host}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

func TestToolsRunThroughARealServer(t *testing.T) {
	dir := up(t)
	for name, test := range map[string]struct {
		args []string
		exit int
		out  string
		errs string
	}{
		"a read":             {[]string{"photon-debug", "--list-devices"}, 0, "envise-2  Lightmatter Envise     offline", ""},
		"an exit code":       {[]string{"lightmatter-cli", "calibrate", "--device", "envise-2", "--verify"}, 4, "", "device envise-2 is offline"},
		"a login's folder":   {[]string{"cat", "etc/config.yaml"}, 0, "size_gb: 10", ""},
		"the reader's shell": {[]string{"echo $0"}, 0, "/bin/sh", ""},
		// ssh puts a space between its arguments, and the shell of the rack takes the text apart again: who calls must quote.
		"a word that was quoted": {
			[]string{"photon-debug", "--reconnect-device", shell.Quoted(`a b'; echo "c`)},
			3, "", `no device "a b'; echo \"c"`,
		},
		"a word that was not": {[]string{"photon-debug", "--reconnect-device", "a; echo b c"}, 0, "b c\n", `no device "a"`},
	} {
		exit, out, errs := login(t, dir, test.args...)
		if exit != test.exit || !strings.Contains(out, test.out) || !strings.Contains(errs, test.errs) {
			t.Errorf("%s: exit %d, want %d\n%s\nwant: %s\n%s\nwant: %s", name, exit, test.exit, out, test.out, errs, test.errs)
		}
	}
}

func TestWhoKnowsAnotherKeyIsRefused(t *testing.T) {
	dir, in := up(t), access{}
	in.dir = dir
	private, _, err := newKey("stranger")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in.pki(userKeyFile), private, 0o600); err != nil {
		t.Fatal(err)
	}
	if exit, _, errs := login(t, dir, "true"); exit != 255 || !strings.Contains(errs, "Permission denied (publickey)") {
		t.Errorf("exit %d, %s", exit, errs)
	}
}

// A tool that hangs is killed, and nothing of it goes on: the end of its output says so.
func TestAToolThatIsKilledTakesItsHelperAlong(t *testing.T) {
	dir := up(t)
	if err := (device.Store{Dir: dir, Now: time.Now}).Set(t.Context(), "envise-1", "hung"); err != nil {
		t.Fatal(err)
	}
	tool := exec.CommandContext(t.Context(), filepath.Join(dir.RackBin(), "lightmatter-cli"), "status")
	output, err := tool.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := tool.Start(); err != nil {
		t.Fatal(err)
	}
	awaitRecord(t, dir)
	if err := tool.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if out, err := io.ReadAll(output); err != nil || len(out) > 0 {
		t.Errorf("got %q, %v", out, err)
	}
	if err := tool.Wait(); err == nil {
		t.Error("it ended well")
	}
}

// awaitRecord waits until a call is recorded, which a tool that hangs does when its helper runs.
func awaitRecord(t *testing.T, dir layout.Dir) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		if _, err := os.Stat(dir.DeviceCalls()); err == nil {
			return
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the call was not recorded")
		case <-ticker.C:
		}
	}
}

// record is what is kept of a login.
type record struct {
	Time    time.Time
	Command *string
}

func records(t *testing.T, dir layout.Dir) []record {
	t.Helper()
	text, err := os.ReadFile(dir.RackCommands())
	if err != nil {
		t.Fatal(err)
	}
	var all []record
	for line := range strings.Lines(string(text)) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%v: %.200s", err, line)
		}
		all = append(all, r)
	}
	return all
}

func TestEveryLoginIsRecorded(t *testing.T) {
	dir := up(t)
	begin := len(records(t, dir)) // the lab's own look
	commands := []string{
		"rm -f cache/index.json",
		`echo "a \"b\"" 'it'\\''s' $HOME \\ 100% \n`,
		"echo one\necho two\ttabbed \x1b[0m\r",
		"echo naïve 8×8",
		"exit 3",
		"",
	}
	for _, command := range commands {
		var args []string
		if command != "" {
			args = []string{command}
		}
		login(t, dir, args...)
	}
	got := records(t, dir)[begin:]
	if len(got) != len(commands) {
		t.Fatalf("got %d records, want %d", len(got), len(commands))
	}
	for i, command := range commands {
		switch recorded := got[i].Command; {
		case recorded == nil:
			if command != "" {
				t.Errorf("%q is recorded as an interactive login", command)
			}
		case *recorded != command:
			t.Errorf("%q is recorded as %q", command, *recorded)
		}
		if age := time.Since(got[i].Time); age < 0 || age > time.Minute {
			t.Errorf("%q was recorded at %v", command, got[i].Time)
		}
	}
	if _, err := os.Stat(filepath.Join(dir.RackFiles(), "cache", "index.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("what was recorded did not run: %v", err)
	}
}

func TestLongCommandsAtTheSameTimeKeepTheirLines(t *testing.T) {
	dir := up(t)
	begin := len(records(t, dir))
	var logins sync.WaitGroup
	for i := range 8 {
		logins.Go(func() { login(t, dir, "true "+strings.Repeat(strconv.Itoa(i), 50_000)) })
	}
	logins.Wait()
	if got := len(records(t, dir)) - begin; got != 8 {
		t.Errorf("got %d records, want 8", got)
	}
}

func TestWhatCannotBeRecordedDoesNotRun(t *testing.T) {
	dir := up(t)
	if err := os.Remove(dir.RackCommands()); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir.RackCommands(), layout.FolderMode); err != nil {
		t.Fatal(err)
	}
	exit, out, errs := login(t, dir, "echo it runs")
	if exit != 1 || out != "" || !strings.Contains(errs, "nothing runs here that cannot be recorded") {
		t.Errorf("exit %d, %q, %q", exit, out, errs)
	}
}

// As of an account that is locked, which the server tells to its log alone.
func TestAServerThatRefusesItsUserFailsSoonAndSaysWhy(t *testing.T) {
	rack := New()
	if !rack.Present() {
		t.Fatal("the OpenSSH server is not installed: package openssh-server")
	}
	rack.user, rack.within = "nobody-of-that-name", 3*time.Second
	lab := supervisor.Supervisor{Dir: layout.Dir(filepath.Join(t.TempDir(), "lab")), Out: io.Discard, First: rack}
	err := lab.Up(t.Context())
	if err == nil || !strings.Contains(err.Error(), "Invalid user nobody-of-that-name") {
		t.Errorf("got %v, want the end of the server's log", err)
	}
}

func TestWithoutAServerTheLabComesUpWithoutDevices(t *testing.T) {
	dir := layout.Dir(filepath.Join(t.TempDir(), "lab"))
	var told bytes.Buffer
	lab := supervisor.Supervisor{Dir: dir, Out: &told, First: newRack("", "ann", "")}
	if err := lab.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(told.String(), "package openssh-server") {
		t.Errorf("it does not say what is missing: %s", told.String())
	}
	if _, err := os.Stat(dir.Rack()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it left something on a rack that is not there: %v", err)
	}
}
