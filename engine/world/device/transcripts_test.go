package device_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/devices"
	"runbook/engine/command"
	"runbook/engine/drivers"
	"runbook/engine/world"
	"runbook/engine/world/scenario"
	"runbook/engine/yamlfile"
)

// rack is the site in which the transcripts were recorded, at noon.
const rack = `
clock: 2026-11-25T12:00:00Z
hosts:
  rack-1: {}
devices:
  envise-1: {driver: lightmatter-envise, on: rack-1, address: 127.0.0.1, has: {serial: LM-ENV-000117}}
  envise-2: {driver: lightmatter-envise, on: rack-1, address: 127.0.0.1, has: {serial: LM-ENV-000123}, reconnects: false}
  mit-1: {driver: mit-silicon-photonics, on: rack-1, address: 127.0.0.1, has: {serial: MIT-SP-0031}}
  mit-2: {driver: mit-silicon-photonics, on: rack-1, address: 127.0.0.1, has: {serial: MIT-SP-0034, bus: "0000:5e:00.0"}}
`

// states are how the devices of a transcript were, as a scenario says it.
var states = map[string]string{
	"online": "{state: online}", "degraded": "{state: degraded}", "offline": "{state: offline}", "resetting": "{state: online}",
	"hung": "{state: offline, hangs: true}", "garbled": "{state: degraded, garbled: true}", "rigid": "{calibrates: false}",
}

// tool finds how the tools of the shipped drivers answer.
func tool(name string) ([]byte, string, error) {
	where := path.Join(name, "simulated.yaml")
	text, err := fs.ReadFile(devices.Files, where)
	return text, where, err
}

func open(t *testing.T, files map[string]string, name string) *world.World {
	t.Helper()
	shelf := fstest.MapFS{}
	for file, text := range files {
		shelf[file+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	s, err := scenario.Shelves{Folders: []scenario.Shelf{{Path: "the rack", Files: shelf}}, Check: world.Check, Tool: tool}.Load(name)
	require.NoError(t, err)
	w, err := world.Open(s)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func run(ctx context.Context, t *testing.T, w *world.World, argv ...string) (int, string, string) {
	t.Helper()
	host, err := w.Machines().On("rack-1")
	require.NoError(t, err)
	var out, errs bytes.Buffer
	code, err := host.Run(ctx, argv, command.Streams{Stdout: &out, Stderr: &errs})
	require.NoError(t, err)
	return code, out.String(), errs.String()
}

// A simulated tool prints what the tool of the lab printed, to the letter.
func TestSimulatedToolsAreHeldToTheTranscripts(t *testing.T) {
	files, err := fs.Glob(devices.Files, "*/transcripts/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".yaml"), func(t *testing.T) {
			text, err := fs.ReadFile(devices.Files, file)
			require.NoError(t, err)
			want, err := yamlfile.Decode[drivers.Transcript](text, "a transcript")
			require.NoError(t, err)
			now := "extends: base\ndevices:\n"
			for id, state := range want.Site {
				now += fmt.Sprintf("  %s: %s\n", id, states[state])
			}
			w := open(t, map[string]string{"base": rack, "now": now}, "now")
			for id, state := range want.Site {
				if state == "resetting" { // for a second, as in the lab
					reset := []string{"lightmatter-cli", "reset", "--device", id}
					if strings.HasPrefix(id, "mit") {
						reset = []string{"mit-photonic-cli", "reset", "--array", id}
					}
					run(t.Context(), t, w, reset...)
				}
			}
			require.NoError(t, w.Clock().Sleep(t.Context(), time.Second))
			code, out, errs := run(t.Context(), t, w, want.Argv...)
			if at := until.FindString(want.Stderr); at != "" { // the lab's began a second before noon
				require.Regexp(t, until, errs)
				errs = until.ReplaceAllString(errs, at)
			}
			require.Equal(t, want.Stdout, strings.ToValidUTF8(out, "�"))
			require.Equal(t, want.Stderr, errs)
			require.Equal(t, want.ExitCode, code)
		})
	}
}

var until = regexp.MustCompile(`until 2026-11-25T12:00:0[0-9]Z`)
