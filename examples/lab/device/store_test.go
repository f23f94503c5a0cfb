package device

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"runbook/examples/lab/layout"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// newStore is that of a new lab, whose time stands still until now is moved.
func newStore(t *testing.T) (store Store, now *time.Time) {
	t.Helper()
	dir, at := layout.Dir(t.TempDir()), noon
	for _, folder := range []string{dir.Logs(), dir.Rack()} {
		if err := os.MkdirAll(folder, layout.FolderMode); err != nil {
			t.Fatal(err)
		}
	}
	if err := Install(dir, noon); err != nil {
		t.Fatal(err)
	}
	return Store{Dir: dir, Now: func() time.Time { return at }}, &at
}

func look(t *testing.T, store Store, id string) Device {
	t.Helper()
	devices, err := store.Look()
	if err != nil {
		t.Fatal(err)
	}
	return devices[id]
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestANewLabHasTheFaultsOfTheSite(t *testing.T) {
	store, _ := newStore(t)
	for id, want := range map[string]Status{"envise-1": Online, "envise-2": Offline, "mit-1": Online, "mit-2": Degraded} {
		if got := look(t, store, id).Status; got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	if drift := look(t, store, "mit-2").Drift; drift <= MaxDrift {
		t.Errorf("the drift of mit-2 is %v, want more than %v", drift, MaxDrift)
	}
	if log := read(t, store.Dir.DeviceLog("envise-2")); !strings.HasPrefix(log, "2026-11-24T11:59:48.200Z INFO driver") {
		t.Errorf("the log does not begin a day ago: %.80s", log)
	}
}

func TestAResetEndsWhenItsTimeHasCome(t *testing.T) {
	store, now := newStore(t)
	for _, id := range []string{"envise-1", "envise-2"} {
		if id == "envise-1" {
			if err := store.Set(t.Context(), id, "broken"); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.Change(t.Context(), id, func(d *Device) error { d.Reset(noon); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	*now = noon.Add(2999 * time.Millisecond)
	if got := look(t, store, "envise-2").Status; got != Resetting {
		t.Errorf("before its time it is %s, want resetting", got)
	}
	*now = noon.Add(time.Minute)
	if got := look(t, store, "envise-2").Status; got != Online {
		t.Errorf("after its time it is %s, want online", got)
	}
	if got := look(t, store, "envise-1").Status; got != Offline {
		t.Errorf("after its time a broken one is %s, want offline", got)
	}
}

func TestSettleWritesDownWhatTimeHasDone(t *testing.T) {
	store, now := newStore(t)
	if _, err := store.Change(t.Context(), "envise-2", func(d *Device) error { d.Reset(noon); return nil }); err != nil {
		t.Fatal(err)
	}
	*now = noon.Add(time.Minute)
	for range 2 { // the second time there is nothing left to do
		if err := store.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if file := read(t, store.Dir.Devices()); strings.Contains(file, string(Resetting)) {
		t.Errorf("a device is still being reset in the file:\n%s", file)
	}
	log := read(t, store.Dir.DeviceLog("envise-2"))
	if want := "2026-11-25T12:00:03.000Z INFO reset finished: link up, all lanes locked\n"; strings.Count(log, want) != 1 {
		t.Errorf("want one line %q in the log:\n%s", want, log)
	}
}

func TestWhatARefusedChangeDidIsForgotten(t *testing.T) {
	store, _ := newStore(t)
	refused := errors.New("refused")
	changed, err := store.Change(t.Context(), "mit-1", func(d *Device) error { d.Fail(); return refused })
	if changed || !errors.Is(err, refused) {
		t.Errorf("got %v, %v", changed, err)
	}
	if got := look(t, store, "mit-1").Status; got != Online {
		t.Errorf("it is %s, want online", got)
	}
}

func TestConcurrentChangesLoseNothing(t *testing.T) {
	store, _ := newStore(t)
	before := look(t, store, "mit-1").Behaviour.ResetSeconds
	const each, callers = 5, 4
	var done sync.WaitGroup
	for c := range callers {
		done.Go(func() {
			for range each {
				_, err := store.Change(t.Context(), "mit-1", func(d *Device) error { d.Behaviour.ResetSeconds++; return nil })
				if err == nil {
					err = store.Log("mit-1", noon, fmt.Sprintf("INFO caller %d", c))
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	done.Wait()
	if got, want := look(t, store, "mit-1").Behaviour.ResetSeconds, before+each*callers; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := strings.Count(read(t, store.Dir.DeviceLog("mit-1")), "INFO caller"); got != each*callers {
		t.Errorf("%d lines in the log, want %d", got, each*callers)
	}
}

func TestSetPutsADeviceIntoAnyStateFromAnyOther(t *testing.T) {
	store, _ := newStore(t)
	want := map[string]struct {
		status                Status
		fault, hangs, garbled bool
	}{
		"online":   {status: Online},
		"degraded": {status: Degraded},
		"offline":  {status: Offline},
		"broken":   {status: Offline, fault: true},
		"hung":     {status: Offline, hangs: true},
		"garbled":  {status: Degraded, garbled: true},
	}
	for _, from := range States() {
		for _, to := range States() {
			for _, state := range []string{from, to} {
				if err := store.Set(t.Context(), "mit-1", state); err != nil {
					t.Fatal(err)
				}
			}
			d, w := look(t, store, "mit-1"), want[to]
			if d.Status != w.status || d.Behaviour.HardwareFault != w.fault || d.Behaviour.Hangs != w.hangs || d.Behaviour.Garbled != w.garbled {
				t.Errorf("from %s to %s: got %s, %+v", from, to, d.Status, d.Behaviour)
			}
		}
	}
}

func TestErrorsSayWhatToTypeNext(t *testing.T) {
	store, _ := newStore(t)
	elsewhere := Store{Dir: layout.Dir(t.TempDir()), Now: store.Now}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"unknown state":  {store.Set(t.Context(), "mit-1", "on-fire"), "choose one of broken, degraded, garbled, hung, offline, online"},
		"unknown device": {store.Set(t.Context(), "mit-9", "online"), `no device "mit-9"; there are envise-1, envise-2, mit-1, mit-2`},
		"no lab":         {elsewhere.Set(t.Context(), "mit-1", "online"), "lab up --dir " + string(elsewhere.Dir)},
	} {
		if test.err == nil || !strings.Contains(test.err.Error(), test.want) {
			t.Errorf("%s: got %v, want it to say %q", name, test.err, test.want)
		}
	}
	if _, err := os.Stat(elsewhere.Dir.DevicesLock()); err == nil {
		t.Error("a lock was left where no lab is")
	}
}
