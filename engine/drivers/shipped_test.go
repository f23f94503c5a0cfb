package drivers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/devices"
	"runbook/engine/catalog"
	"runbook/engine/driver"
	"runbook/stdlib"
)

func shipped() *Shelf {
	return New(catalog.Catalog{{Origin: "shipped", Path: "devices", Files: devices.Files}}, stdlib.Files)
}

// transcriptsOf are those of a shipped driver.
func transcriptsOf(t testing.TB, name string) []Transcript {
	t.Helper()
	out, err := shipped().Transcripts(name)
	require.NoError(t, err)
	require.NotEmpty(t, out)
	return out
}

// Each shipped driver reads what it was written after as it stands beside it: RUNBOOK_RECORD=1 writes that down anew, for a person to look
// at. Every word of a transcript is in the reading or among what was not read.
func TestTheShippedDriversReadTheirTranscripts(t *testing.T) {
	shelf := shipped()
	names, err := shelf.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"lightmatter-envise", "mit-silicon-photonics", "photon-debug"}, names)
	for _, name := range names {
		d, err := shelf.Load(t.Context(), name)
		require.NoError(t, err)
		for _, one := range transcriptsOf(t, name) {
			t.Run(name+"/"+one.Name, func(t *testing.T) {
				reading := d.Read(t.Context(), one.Purpose, one.Said())
				assert.Empty(t, reading.Fault)
				if !strings.Contains(one.Name, "garbled") && d.About().Command(one.Purpose).AnswersWith(one.ExitCode) && len(reading.Devices) > 0 {
					assert.Empty(t, reading.Unread)
				}
				if os.Getenv("RUNBOOK_RECORD") != "" {
					now, err := Written(reading)
					require.NoError(t, err)
					require.NoError(t, os.WriteFile(filepath.Join("..", "..", "devices", name, transcriptsFolder, one.Name+".json"), []byte(now), 0o600))
					return
				}
				assert.NotNil(t, one.read)
				assert.NotEmpty(t, one.Argv)
				assert.Nil(t, one.Compare(t.Context(), d))
			})
		}
	}
}

// Whatever a tool prints: the driver does not fail, and what it did not understand is kept.
func FuzzTheShippedDrivers(f *testing.F) {
	shelf := shipped()
	names, err := shelf.Names()
	require.NoError(f, err)
	var all []driver.Driver
	for _, name := range names {
		d, err := shelf.Load(f.Context(), name)
		require.NoError(f, err)
		all = append(all, d)
		for _, one := range transcriptsOf(f, name) {
			f.Add(one.Stdout, one.ID)
		}
	}
	f.Add("Device:\n  State\nx: PASS\nlink=up array=", "a")
	f.Fuzz(func(t *testing.T, text, id string) {
		text = strings.ToValidUTF8(text, "�")
		for _, d := range all {
			for _, c := range d.About().Commands {
				r := d.Read(t.Context(), c.Purpose, driver.Said{ID: id, Stdout: text})
				_, err := json.Marshal(r)
				require.NoError(t, err)
				require.NotContains(t, r.Fault, "was not done within", "%s %s takes too long for %d bytes", d.About().Name, c.Purpose, len(text))
				if strings.TrimSpace(text) != "" && r.Fault != "" {
					require.NotEmpty(t, r.Unread, "%s %s: %s", d.About().Name, c.Purpose, r.Fault)
				}
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	d, err := shipped().Load(b.Context(), "lightmatter-envise")
	require.NoError(b, err)
	all := transcriptsOf(b, "lightmatter-envise")
	said := all[slices.IndexFunc(all, func(one Transcript) bool { return one.Name == "status" })].Said()
	for b.Loop() {
		d.Read(b.Context(), driver.Status, said)
	}
}

// What a tool tells beyond what its driver knows is kept with the device, or shown as not understood: a fault that it names is just what
// somebody looks for.
func TestWhatToolsTellBesides(t *testing.T) {
	for _, c := range []struct {
		name, said string
		fields     map[string]any
		unread     []string
	}{
		{
			"lightmatter-envise", "SDK version: 2.8.0\nLicense: expired\n\nDevice: d\n  State: READY\n  Temperature: 41.5 C\n  Optical power: 1e400 mW\n  Last fault: laser bias\n",
			map[string]any{"temperature_celsius": 41.5, "last_fault": "laser bias"}, []string{"License: expired"},
		},
		{"mit-silicon-photonics", "0000:3b:00.0 array=d link=up lanes=16/16 errors=3\n", map[string]any{"bus": "0000:3b:00.0", "lanes": "16/16", "errors": "3"}, nil},
		{
			"photon-debug", "DEVICE  STATUS  TEMP(C)  LAST FAULT\nd       online  41.5     laser bias\n",
			map[string]any{"temperature_celsius": 41.5, "last_fault": "laser bias"}, nil,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := shipped().Load(t.Context(), c.name)
			require.NoError(t, err)
			reading := d.Read(t.Context(), driver.Status, driver.Said{Stdout: c.said})
			require.Empty(t, reading.Fault)
			require.Equal(t, c.unread, reading.Unread)
			require.Equal(t, driver.Online, reading.Of("d").State)
			require.Equal(t, c.fields, reading.Of("d").Fields)
		})
	}
}
