package devicetool

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"runbook/examples/lab/device"
	"runbook/examples/lab/layout"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// rack is a new lab's, at noon, with some devices set to states.
func rack(t *testing.T, states map[string]string) device.Store {
	t.Helper()
	store := device.Store{Dir: layout.Dir(t.TempDir()), Now: func() time.Time { return noon }}
	if err := os.MkdirAll(store.Dir.Logs(), layout.FolderMode); err != nil {
		t.Fatal(err)
	}
	if err := device.Install(store.Dir, noon.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	for id, state := range states {
		if err := store.Set(t.Context(), id, state); err != nil {
			t.Fatal(err)
		}
	}
	return store
}

func call(ctx context.Context, store device.Store, command string) (exit int, out, errs string) {
	var stdout, stderr bytes.Buffer
	exit = Invocation{Store: store, Argv: strings.Fields(command), Out: &stdout, Err: &stderr}.Run(ctx)
	return exit, stdout.String(), stderr.String()
}

func records(t *testing.T, store device.Store) []device.Call {
	t.Helper()
	file, err := os.Open(store.Dir.DeviceCalls())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close() //nolint:errcheck // it is only read
	var calls []device.Call
	for decoder := json.NewDecoder(file); ; {
		var c device.Call
		if err := decoder.Decode(&c); err == io.EOF {
			return calls
		} else if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, c)
	}
}

func TestTools(t *testing.T) {
	for name, test := range map[string]struct {
		set     map[string]string // before the call
		argv    string
		exit    int
		out     string // part of standard output
		errs    string // part of standard error
		changed bool
		after   map[string]device.Status
	}{
		"list": {
			argv: "photon-debug --list-devices",
			out: `DEVICE    MODEL                  STATUS    TEMP(C)  POWER(mW)  ADDRESS    FIRMWARE
envise-1  Lightmatter Envise     online    41.5     12.4       127.0.0.1  3.2.1
envise-2  Lightmatter Envise     offline   -        -          127.0.0.1  3.2.1
`,
		},
		"list with one that hangs and one that is garbled": {
			set:  map[string]string{"envise-1": "hung", "mit-1": "garbled"},
			argv: "photon-debug --list-devices",
			out:  "4 devices: 0 online, 2 degraded, 2 offline, 0 resetting\n",
		},
		"reconnect what is there": {
			argv: "photon-debug --reconnect-device envise-1",
			out:  "envise-1: link is up already\n",
		},
		"reconnect what needs a reset": {
			argv:  "photon-debug --reconnect-device envise-2",
			exit:  exitOffline,
			errs:  "photon-debug: device envise-2 stays offline: link training failed",
			after: map[string]device.Status{"envise-2": device.Offline},
		},
		"reconnect what needs no reset": {
			set:     map[string]string{"mit-1": "offline"},
			argv:    "photon-debug --reconnect-device mit-1",
			out:     "mit-1: link up\n",
			changed: true,
			after:   map[string]device.Status{"mit-1": device.Online},
		},
		"reconnect what is broken": {
			set:  map[string]string{"mit-1": "broken"},
			argv: "photon-debug --reconnect-device mit-1",
			exit: exitOffline,
			errs: "stays offline",
		},
		"reconnect an unknown one": {
			argv: "photon-debug --reconnect-device envise-9",
			exit: exitUnknown,
			errs: `photon-debug: no device "envise-9"; there are envise-1, envise-2, mit-1, mit-2`,
		},
		"no option":         {argv: "photon-debug", exit: exitUsage, errs: "usage: photon-debug --list-devices\n"},
		"unknown option":    {argv: "photon-debug --list", exit: exitUsage, errs: "flag provided but not defined: -list\nusage:"},
		"both options":      {argv: "photon-debug --list-devices --reconnect-device mit-1", exit: exitUsage, errs: "usage:"},
		"argument":          {argv: "photon-debug --list-devices mit-1", exit: exitUsage, errs: `unexpected argument "mit-1"`},
		"help":              {argv: "lightmatter-cli --help", out: "usage: lightmatter-cli status [--json]\n"},
		"help on a command": {argv: "lightmatter-cli reset --help", out: "usage: lightmatter-cli status [--json]\n"},
		"lightmatter status": {
			argv: "lightmatter-cli status",
			out:  "Device: envise-2\n  Serial: LM-ENV-000123\n  State: NO_LINK\n  Firmware: 3.2.1\n",
		},
		"lightmatter status as JSON": {
			argv: "lightmatter-cli status --json",
			out:  `"state": "READY",`,
		},
		"lightmatter status of one that hangs elsewhere": {
			set:  map[string]string{"mit-1": "hung"},
			argv: "lightmatter-cli status",
			out:  "Devices: 2\n",
		},
		"status of a garbled one": {
			set:  map[string]string{"envise-1": "garbled"},
			argv: "lightmatter-cli status",
			out:  nonsense,
		},
		"reset": {
			argv:    "lightmatter-cli reset --device envise-2",
			out:     "envise-2: reset started, takes about 3 s\n",
			changed: true,
			after:   map[string]device.Status{"envise-2": device.Resetting, "envise-1": device.Online},
		},
		"reset the other vendor's": {
			argv:  "lightmatter-cli reset --device mit-1",
			exit:  exitUnknown,
			errs:  `no device "mit-1"; there are envise-1, envise-2`,
			after: map[string]device.Status{"mit-1": device.Online},
		},
		"reset nothing":     {argv: "lightmatter-cli reset", exit: exitUsage, errs: "--device is missing"},
		"unknown command":   {argv: "lightmatter-cli explode", exit: exitUsage, errs: `unknown command "explode"`},
		"no command":        {argv: "fpga-util", exit: exitUsage, errs: "a command is missing"},
		"calibrate nothing": {argv: "lightmatter-cli calibrate --verify", exit: exitUsage, errs: "--device is missing"},
		"verify what passes": {
			argv: "lightmatter-cli calibrate --device envise-1 --verify",
			out:  "Drift: 0.4 %\nTolerance: 5.0 %\nResult: PASS\n",
		},
		"verify what fails": {
			set:  map[string]string{"envise-1": "degraded"},
			argv: "lightmatter-cli calibrate --device envise-1 --verify",
			exit: exitFailed,
			out:  "Drift: 6.8 %\nTolerance: 5.0 %\nResult: FAIL\n",
			errs: "lightmatter-cli: calibration of envise-1 is out of tolerance\n",
		},
		"verify what is offline": {
			argv: "lightmatter-cli calibrate --device envise-2 --verify",
			exit: exitOffline,
			errs: "device envise-2 is offline: no link",
		},
		"calibrate": {
			set:     map[string]string{"envise-1": "degraded"},
			argv:    "lightmatter-cli calibrate --device envise-1",
			out:     "Drift: 0.4 %\nResult: PASS\n",
			changed: true,
			after:   map[string]device.Status{"envise-1": device.Online},
		},
		"fpga": {
			argv: "fpga-util list",
			out:  "0000:5e:00.0 Processing accelerator [10ee:903f] array=mit-2 serial=MIT-SP-0034 bitstream=1.9.4 link=up lanes=16/16\n",
		},
		"reset an array": {
			argv:    "mit-photonic-cli reset --array mit-2",
			out:     "mit-2: reset started, takes about 2 s\n",
			changed: true,
			after:   map[string]device.Status{"mit-2": device.Resetting},
		},
		"diagnose": {
			argv: "mit-photonic-cli diagnose",
			exit: exitFailed,
			out:  "mit-1: PASS\nmit-2: laser   FAIL  6.4 mW, nominal 8.6 mW\nmit-2: phase   FAIL  drift 6.8 %, limit 5.0 %\nmit-2: FAIL\n",
			errs: "mit-photonic-cli: 1 of 2 arrays failed\n",
		},
		"diagnose what is well": {
			set:  map[string]string{"mit-2": "online"},
			argv: "mit-photonic-cli diagnose --verbose",
			out:  "mit-1: thermal PASS  35.2 C\nmit-1: phase   PASS  drift 0.9 %, limit 5.0 %\nmit-1: PASS\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := rack(t, test.set)
			before, err := os.ReadFile(store.Dir.Devices())
			if err != nil {
				t.Fatal(err)
			}
			exit, out, errs := call(t.Context(), store, test.argv)
			if exit != test.exit || !strings.Contains(out, test.out) || !strings.Contains(errs, test.errs) || (errs == "") != (exit == 0) {
				t.Errorf("exit %d, want %d\n%s\nwant: %s\n%s\nwant: %s", exit, test.exit, out, test.out, errs, test.errs)
			}
			after, err := os.ReadFile(store.Dir.Devices())
			if err != nil {
				t.Fatal(err)
			}
			if changed := !bytes.Equal(before, after); changed != test.changed {
				t.Errorf("changed the devices: %v, want %v", changed, test.changed)
			}
			want := []device.Call{{Time: noon, Argv: strings.Fields(test.argv), Changed: test.changed, Exit: &test.exit}}
			if got := records(t, store); !reflect.DeepEqual(got, want) {
				t.Errorf("recorded %+v, want %+v", got, want)
			}
			devices, err := store.Look()
			if err != nil {
				t.Fatal(err)
			}
			for id, want := range test.after {
				if got := devices[id].Status; got != want {
					t.Errorf("%s is %s, want %s", id, got, want)
				}
			}
		})
	}
}

func TestADeviceThatIsBeingResetIsBusy(t *testing.T) {
	store := rack(t, nil)
	call(t.Context(), store, "lightmatter-cli reset --device envise-1")
	for _, argv := range []string{
		"lightmatter-cli reset --device envise-1",
		"lightmatter-cli calibrate --device envise-1",
		"lightmatter-cli calibrate --device envise-1 --verify",
		"photon-debug --reconnect-device envise-1",
	} {
		if exit, _, errs := call(t.Context(), store, argv); exit != exitBusy || !strings.Contains(errs, "is being reset until 2026-11-25T12:00:03Z") {
			t.Errorf("%s: exit %d, %s", argv, exit, errs)
		}
	}
	store.Now = func() time.Time { return noon.Add(3 * time.Second) }
	if exit, out, errs := call(t.Context(), store, "lightmatter-cli calibrate --device envise-1 --verify"); exit != 0 {
		t.Errorf("after the reset: exit %d, %s%s", exit, out, errs)
	}
	if calls := records(t, store); calls[len(calls)-1].Changed {
		t.Error("what time did was put down to who looked")
	}
}

func TestACalibrationThatFails(t *testing.T) {
	store := rack(t, map[string]string{"envise-1": "degraded"})
	_, err := store.Change(t.Context(), "envise-1", func(d *device.Device) error { d.Behaviour.CalibrationPasses = false; return nil })
	if err != nil {
		t.Fatal(err)
	}
	for argv, want := range map[string]string{
		"lightmatter-cli calibrate --device envise-1":          "did not converge",
		"lightmatter-cli calibrate --device envise-1 --verify": "out of tolerance",
	} {
		if exit, _, errs := call(t.Context(), store, argv); exit != exitFailed || !strings.Contains(errs, want) {
			t.Errorf("%s: exit %d, %s", argv, exit, errs)
		}
	}
}

func TestADeviceLogsWhatWasDoneToIt(t *testing.T) {
	store := rack(t, nil)
	for _, argv := range []string{
		"photon-debug --reconnect-device envise-2",
		"lightmatter-cli status",
		"lightmatter-cli reset --device envise-2",
	} {
		call(t.Context(), store, argv)
	}
	log, err := os.ReadFile(store.Dir.DeviceLog("envise-2"))
	if err != nil {
		t.Fatal(err)
	}
	want := `2026-11-25T12:00:00.000Z ERROR photon-debug: reconnect: device envise-2 stays offline: link training failed, no light on lane 3
2026-11-25T12:00:00.000Z INFO lightmatter-cli: reset
`
	if !strings.HasSuffix(string(log), "lane 3\n"+want) {
		t.Errorf("got:\n%s\nwant at the end:\n%s", log, want)
	}
}

// hang calls a tool that gets no answer, and returns how it ended once end was called.
func hang(t *testing.T, end func(device.Store, context.CancelFunc) error) (exit int, errs string, calls []device.Call) {
	t.Helper()
	store := rack(t, map[string]string{"envise-1": "hung"})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	recorded := make(chan struct{})
	now := store.Now
	seen := 0
	store.Now = func() time.Time {
		if seen++; seen == 5 { // twice while it waits
			close(recorded)
		}
		return now()
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		exit, _, errs = call(ctx, store, "lightmatter-cli calibrate --device envise-1")
	}()
	select {
	case <-recorded:
	case <-ended:
		t.Fatalf("it ended: exit %d, %s", exit, errs)
	}
	other := store
	other.Now = now
	if err := end(other, cancel); err != nil {
		t.Fatal(err)
	}
	<-ended
	return exit, errs, records(t, store)
}

func TestAToolHangsUntilTheDeviceAnswersOrSomebodyEndsIt(t *testing.T) {
	for name, test := range map[string]struct {
		end  func(device.Store, context.CancelFunc) error
		want string
	}{
		"set to another state": {func(s device.Store, _ context.CancelFunc) error {
			return s.Set(context.Background(), "envise-1", "online")
		}, "connection lost"},
		"the lab is taken down": {func(s device.Store, _ context.CancelFunc) error {
			return os.RemoveAll(filepath.Dir(s.Dir.Devices()))
		}, "connection lost"},
		"interrupted": {func(_ device.Store, cancel context.CancelFunc) error {
			cancel()
			return nil
		}, "interrupted"},
	} {
		t.Run(name, func(t *testing.T) {
			exit, errs, calls := hang(t, test.end)
			if exit != exitFailed || !strings.Contains(errs, test.want) {
				t.Errorf("exit %d, %s", exit, errs)
			}
			if len(calls) != 1 || calls[0].Exit != nil || calls[0].Changed {
				t.Errorf("recorded %+v, want one call without an end", calls)
			}
		})
	}
}

func TestConcurrentCallsLoseNothing(t *testing.T) {
	store := rack(t, nil)
	argvs := []string{
		"lightmatter-cli reset --device envise-1", "lightmatter-cli reset --device envise-2",
		"mit-photonic-cli reset --array mit-1", "mit-photonic-cli reset --array mit-2",
	}
	done := make(chan string)
	for _, argv := range argvs {
		go func() {
			if exit, _, errs := call(t.Context(), store, argv); exit != 0 {
				done <- errs
				return
			}
			done <- ""
		}()
	}
	for range argvs {
		if errs := <-done; errs != "" {
			t.Error(errs)
		}
	}
	devices, err := store.Look()
	if err != nil {
		t.Fatal(err)
	}
	for id, d := range devices {
		if d.Status != device.Resetting {
			t.Errorf("%s is %s: its reset was lost", id, d.Status)
		}
	}
	if got := len(records(t, store)); got != len(argvs) {
		t.Errorf("%d calls recorded, want %d", got, len(argvs))
	}
}

func TestWithoutALabAToolSaysSo(t *testing.T) {
	store := device.Store{Dir: layout.Dir(t.TempDir()), Now: time.Now}
	if exit, _, errs := call(t.Context(), store, "fpga-util list"); exit != exitFailed || !strings.Contains(errs, "lab up --dir") {
		t.Errorf("exit %d, %s", exit, errs)
	}
}
