package devicetool

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"runbook/examples/lab/device"
)

// drivers is where the drivers of runbook have what a tool was seen to print.
const drivers = "../../../devices"

// A situation is a call of a tool that a driver was written after.
type situation struct {
	driver, name string
	purpose      string // what the driver has the command for
	id           string // the device that it is about, "" for all
	set          map[string]string
	before       string // a call that goes before
	rigid        string // a device whose calibration fails
	argv         string
}

var situations = []situation{
	{driver: "photon-debug", name: "list", purpose: "list", argv: "photon-debug --list-devices"},
	{driver: "photon-debug", name: "list-of-the-unwell", purpose: "list", set: map[string]string{"envise-1": "hung", "mit-1": "garbled"},
		before: "mit-photonic-cli reset --array mit-2", argv: "photon-debug --list-devices"},
	{driver: "photon-debug", name: "reconnect", purpose: "reconnect", id: "mit-1", set: map[string]string{"mit-1": "offline"}, argv: "photon-debug --reconnect-device mit-1"},
	{driver: "photon-debug", name: "reconnect-what-is-up", purpose: "reconnect", id: "envise-1", argv: "photon-debug --reconnect-device envise-1"},
	{driver: "photon-debug", name: "reconnect-in-vain", purpose: "reconnect", id: "envise-2", argv: "photon-debug --reconnect-device envise-2"},
	{driver: "photon-debug", name: "reconnect-unknown", purpose: "reconnect", id: "envise-9", argv: "photon-debug --reconnect-device envise-9"},
	{driver: "photon-debug", name: "reconnect-busy", purpose: "reconnect", id: "envise-2", before: "lightmatter-cli reset --device envise-2", argv: "photon-debug --reconnect-device envise-2"},
	{driver: "photon-debug", name: "reconnect-garbled", purpose: "reconnect", id: "mit-1", set: map[string]string{"mit-1": "garbled"}, argv: "photon-debug --reconnect-device mit-1"},

	{driver: "lightmatter-envise", name: "status", purpose: "status", argv: "lightmatter-cli status"},
	{driver: "lightmatter-envise", name: "status-degraded", purpose: "status", set: map[string]string{"envise-1": "degraded"},
		before: "lightmatter-cli reset --device envise-2", argv: "lightmatter-cli status"},
	{driver: "lightmatter-envise", name: "status-garbled", purpose: "status", set: map[string]string{"envise-1": "garbled"}, argv: "lightmatter-cli status"},
	{driver: "lightmatter-envise", name: "reset", purpose: "reset", id: "envise-2", argv: "lightmatter-cli reset --device envise-2"},
	{driver: "lightmatter-envise", name: "reset-unknown", purpose: "reset", id: "mit-1", argv: "lightmatter-cli reset --device mit-1"},
	{driver: "lightmatter-envise", name: "reset-busy", purpose: "reset", id: "envise-2", before: "lightmatter-cli reset --device envise-2", argv: "lightmatter-cli reset --device envise-2"},
	{driver: "lightmatter-envise", name: "calibrate", purpose: "calibrate", id: "envise-1", set: map[string]string{"envise-1": "degraded"}, argv: "lightmatter-cli calibrate --device envise-1"},
	{driver: "lightmatter-envise", name: "calibrate-in-vain", purpose: "calibrate", id: "envise-1", rigid: "envise-1", argv: "lightmatter-cli calibrate --device envise-1"},
	{driver: "lightmatter-envise", name: "calibrate-offline", purpose: "calibrate", id: "envise-2", argv: "lightmatter-cli calibrate --device envise-2"},
	{driver: "lightmatter-envise", name: "calibrate-busy", purpose: "calibrate", id: "envise-1", before: "lightmatter-cli reset --device envise-1", argv: "lightmatter-cli calibrate --device envise-1"},
	{driver: "lightmatter-envise", name: "verify", purpose: "verify", id: "envise-1", argv: "lightmatter-cli calibrate --device envise-1 --verify"},
	{driver: "lightmatter-envise", name: "verify-failed", purpose: "verify", id: "envise-1", set: map[string]string{"envise-1": "degraded"}, argv: "lightmatter-cli calibrate --device envise-1 --verify"},
	{driver: "lightmatter-envise", name: "verify-offline", purpose: "verify", id: "envise-2", argv: "lightmatter-cli calibrate --device envise-2 --verify"},
	{driver: "lightmatter-envise", name: "verify-garbled", purpose: "verify", id: "envise-1", set: map[string]string{"envise-1": "garbled"}, argv: "lightmatter-cli calibrate --device envise-1 --verify"},

	{driver: "mit-silicon-photonics", name: "status", purpose: "status", argv: "fpga-util list"},
	{driver: "mit-silicon-photonics", name: "status-resetting", purpose: "status", before: "mit-photonic-cli reset --array mit-1", argv: "fpga-util list"},
	{driver: "mit-silicon-photonics", name: "status-garbled", purpose: "status", set: map[string]string{"mit-1": "garbled"}, argv: "fpga-util list"},
	{driver: "mit-silicon-photonics", name: "reset", purpose: "reset", id: "mit-2", argv: "mit-photonic-cli reset --array mit-2"},
	{driver: "mit-silicon-photonics", name: "reset-unknown", purpose: "reset", id: "envise-1", argv: "mit-photonic-cli reset --array envise-1"},
	{driver: "mit-silicon-photonics", name: "reset-busy", purpose: "reset", id: "mit-2", before: "mit-photonic-cli reset --array mit-2", argv: "mit-photonic-cli reset --array mit-2"},
	{driver: "mit-silicon-photonics", name: "diagnose", purpose: "diagnose", argv: "mit-photonic-cli diagnose --verbose"},
	{driver: "mit-silicon-photonics", name: "diagnose-offline", purpose: "diagnose", set: map[string]string{"mit-1": "offline", "mit-2": "online"}, argv: "mit-photonic-cli diagnose --verbose"},
	{driver: "mit-silicon-photonics", name: "diagnose-well", purpose: "diagnose", set: map[string]string{"mit-2": "online"}, argv: "mit-photonic-cli diagnose --verbose"},
}

// transcript is what the driver's folder has of a situation.
func (s situation) transcript(t *testing.T) string {
	t.Helper()
	store := rack(t, s.set)
	if s.rigid != "" {
		if _, err := store.Change(t.Context(), s.rigid, func(d *device.Device) error { d.Behaviour.CalibrationPasses = false; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if s.before != "" {
		store.Now = func() time.Time { return noon.Add(-time.Second) }
		call(t.Context(), store, s.before)
		store.Now = func() time.Time { return noon }
	}
	devices, err := store.Look()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Recorded from the tools of the lab, which stand in for the vendor's: in examples/lab, RUNBOOK_RECORD=1 go test ./devicetool\n")
	fmt.Fprintf(&b, "purpose: %s\nid: %q\nsite:\n", s.purpose, s.id)
	for _, id := range slices.Sorted(maps.Keys(devices)) {
		fmt.Fprintf(&b, "  %s: %s\n", id, stateOf(devices[id]))
	}
	exit, out, errs := call(t.Context(), store, s.argv)
	argv, err := json.Marshal(strings.Fields(s.argv))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "argv: %s\nexit_code: %d\n", argv, exit)
	writeText(&b, "stdout", out)
	writeText(&b, "stderr", errs)
	return b.String()
}

// stateOf is what a person set a device to, as far as a tool can see it.
func stateOf(d device.Device) string {
	switch {
	case d.Behaviour.Hangs:
		return "hung"
	case d.Behaviour.Garbled:
		return "garbled"
	case !d.Behaviour.CalibrationPasses:
		return "rigid"
	}
	return string(d.Status)
}

// writeText is a text in YAML, in lines where it is made of such. As in every record, bytes that are no text are replaced.
func writeText(b *strings.Builder, name, text string) {
	text = strings.ToValidUTF8(text, "\uFFFD")
	printable := strings.IndexFunc(text, func(r rune) bool { return r < ' ' && r != '\n' || r > '~' }) < 0
	if !printable || !strings.HasSuffix(text, "\n") {
		quoted, err := json.Marshal(text)
		if err != nil {
			panic(err) // it is a text
		}
		fmt.Fprintf(b, "%s: %s\n", name, strings.ReplaceAll(string(quoted), "\x7f", `\u007f`))
		return
	}
	fmt.Fprintf(b, "%s: |\n", name)
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString("  ")
		}
		b.WriteString(line)
	}
}

// The drivers of runbook were written after these tools: what they were written after is what the tools print.
func TestTheTranscriptsOfTheDriversAreTrue(t *testing.T) {
	for _, s := range situations {
		t.Run(s.driver+"/"+s.name, func(t *testing.T) {
			path := filepath.Join(drivers, s.driver, "transcripts", s.name+".yaml")
			now := s.transcript(t)
			if os.Getenv("RUNBOOK_RECORD") != "" {
				if err := os.WriteFile(path, []byte(now), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			kept, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if string(kept) != now {
				t.Errorf("%s:\n%s\nnow the tool prints:\n%s", path, kept, now)
			}
		})
	}
}
