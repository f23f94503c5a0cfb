package drivers

import (
	"encoding/json"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/devices"
	"runbook/engine/catalog"
	"runbook/engine/driver"
	"runbook/engine/yamlfile"
	"runbook/stdlib"
)

func shipped() *Shelf {
	return New(catalog.Catalog{{Origin: "shipped", Path: "devices", Files: devices.Files}}, stdlib.Files)
}

// A transcript is what a tool was seen to print.
type transcript struct {
	Purpose  driver.Purpose    `yaml:"purpose"`
	ID       string            `yaml:"id"`
	Site     map[string]string `yaml:"site"`
	Argv     []string          `yaml:"argv"`
	ExitCode int               `yaml:"exit_code"`
	Stdout   string            `yaml:"stdout"`
	Stderr   string            `yaml:"stderr"`
}

func (t transcript) said() driver.Said {
	return driver.Said{ID: t.ID, Stdout: t.Stdout, Stderr: t.Stderr, ExitCode: t.ExitCode}
}

// transcriptsOf are those of a driver, by their names.
func transcriptsOf(t testing.TB, name string) map[string]transcript {
	t.Helper()
	files, err := fs.Glob(devices.Files, name+"/transcripts/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	out := map[string]transcript{}
	for _, file := range files {
		text, err := fs.ReadFile(devices.Files, file)
		require.NoError(t, err)
		one, err := yamlfile.Decode[transcript](text, "a transcript")
		require.NoError(t, err, file)
		out[strings.TrimSuffix(path.Base(file), ".yaml")] = *one
	}
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
		for what, one := range transcriptsOf(t, name) {
			t.Run(name+"/"+what, func(t *testing.T) {
				c := d.About().Command(one.Purpose)
				require.NotNil(t, c)
				id := one.ID
				if id == "" {
					id = "any"
				}
				argv, err := c.Fill(map[string]string{"id": id})
				require.NoError(t, err)
				require.Equal(t, one.Argv, argv)
				reading := d.Read(t.Context(), one.Purpose, one.said())
				assert.Empty(t, reading.Fault)
				if !strings.Contains(what, "garbled") && d.About().Command(one.Purpose).AnswersWith(one.ExitCode) && len(reading.Devices) > 0 {
					assert.Empty(t, reading.Unread)
				}
				now, err := json.MarshalIndent(reading, "", "  ")
				require.NoError(t, err)
				golden := filepath.Join("..", "..", "devices", name, "transcripts", what+".json")
				if os.Getenv("RUNBOOK_RECORD") != "" {
					require.NoError(t, os.WriteFile(golden, append(now, '\n'), 0o600))
				}
				want, err := os.ReadFile(golden)
				require.NoError(t, err)
				assert.Equal(t, string(want), string(now)+"\n")
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
	said := transcriptsOf(b, "lightmatter-envise")["status"].said()
	for b.Loop() {
		d.Read(b.Context(), driver.Status, said)
	}
}
