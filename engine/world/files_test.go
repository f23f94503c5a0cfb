package world

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/command"
	"runbook/engine/files"
	"runbook/engine/world/scenario"
)

const machines = `
hosts:
  rack-1:
    disks: {/var: {size: 1GiB, used: 100MiB}}
    files: [{path: /var/log/app.log, content: "start\n"}]
s3: {buckets: {box: {objects: [{key: old, content: x}]}}}
timeline:
  - {at: -2m, every: 1m, file: /var/log/app.log, on: rack-1, with: {append: "{time} tick\n"}}
  - {at: 30s, every: 10s, times: 3, disk: /var, on: rack-1, with: {grows: 400MiB}}
  - {at: 1m, file: /tmp/done, with: {content: done}}
  - {at: 2m, object: box/new, with: {content: hello}}
  - {at: 2m, object: box/old, with: {gone: true}}
`

// the files of a machine of a world.
func (w *World) on(t *testing.T, name string) files.System {
	t.Helper()
	f, err := w.Files().On(name)
	require.NoError(t, err)
	return f
}

func (w *World) text(t *testing.T, name, at string) string {
	t.Helper()
	in, err := w.on(t, name).Open(t.Context(), at, 0)
	require.NoError(t, err)
	text, err := io.ReadAll(in)
	require.NoError(t, err)
	return string(text)
}

// What happens to files, disks and objects happens at its time, again and again if it says so, and the same when the world is rewound.
func TestFilesDisksAndObjectsGoOn(t *testing.T) {
	w := open(t, machines)
	for range 2 {
		rack := w.on(t, "rack-1")
		require.Equal(t, "start\n2026-11-24T02:58:00.000Z tick\n2026-11-24T02:59:00.000Z tick\n2026-11-24T03:00:00.000Z tick\n", w.text(t, "rack-1", "/var/log/app.log"))
		for _, c := range []struct {
			after time.Duration
			free  int64 // in MiB
		}{{0, 923}, {29 * time.Second, 923}, {2 * time.Second, 523}, {10 * time.Second, 123}, {10 * time.Second, 0}, {time.Hour, 0}} {
			require.NoError(t, w.Clock().Sleep(t.Context(), c.after))
			d, err := rack.Disk(t.Context(), "/var/log")
			require.NoError(t, err)
			require.Equal(t, c.free, d.Free>>20, c.after)
		}
		e, err := rack.Look(t.Context(), "/var/log/app.log")
		require.NoError(t, err)
		require.Equal(t, "04:00:00", e.Modified.Format("15:04:05"), "in its block there is room")
		require.Equal(t, "done", w.text(t, "localhost", "/tmp/done"))
		require.ErrorContains(t, w.Change(scenario.Event{Object: "box/old", With: map[string]any{"gone": true}}), "there is no object")
		require.NoError(t, w.Change(scenario.Event{Object: "box/new", With: map[string]any{"gone": true}}), "it was written")
		require.NoError(t, w.Rewind())
	}
}

func TestAFaultOfTheFilesOfOneMachine(t *testing.T) {
	w := open(t, strings.Replace(machines, "timeline:", "faults: [{on: read files, name: /var/log/*, namespace: rack-1, answer: 403}, {on: host, namespace: rack-1, answer: 503, skip: 1}]\ntimeline:", 1))
	_, err := w.on(t, "rack-1").Open(t.Context(), "/var/log/app.log", 0)
	require.ErrorContains(t, err, "cannot read /var/log/app.log: permission denied")
	require.Contains(t, w.text(t, "rack-1", "/var/log/app.log"), "start")
	all := w.Machines()
	rack, err := all.On("rack-1")
	require.NoError(t, err)
	_, err = rack.Run(t.Context(), []string{"df", "-h"}, command.Streams{Stdout: io.Discard, Stderr: io.Discard})
	require.ErrorContains(t, err, "cannot reach the host rack-1: it does not answer", "a fault of the whole machine counts commands and files")
}

func TestAFaultOfAMachineSpeaksOfCallsThatThereAre(t *testing.T) {
	for text, message := range map[string]string{
		"{on: remove files, answer: 423}": "", "{on: write files, answer: 507}": "", "{on: '* files', answer: cut}": "", "{on: read disks, answer: 500}": "",
		"{on: remov files, answer: 403}":  `there is no verb "remov"; did you mean "remove"?`,
		"{on: delete files, answer: 403}": `there is no call "delete files": of a machine's files there are stat, find, read, write, remove, chown, rename`,
		"{on: remove pods, answer: 403}":  `nothing of a machine is "remove pods": its calls are run commands, find programs, stat files,`,
		"{on: remove files, answer: 429}": `a file system does not answer "429": it is 403 (permission denied), 423 (in use), 500 (input/output error)`,
		"{on: read files, answer: 507}":   `only who writes finds a disk full: on: write files`,
		"{on: run commands, answer: 507}": `a machine does not answer "507"`,
	} {
		_, err := scenario.Shelves{Check: Check}.Inline([]byte("faults: ["+text+"]"), "the test")
		if message == "" {
			require.NoError(t, err, text)
			continue
		}
		require.ErrorContains(t, err, message)
	}
}

func TestWhatAnEventIsAboutIsThere(t *testing.T) {
	w := open(t, machines)
	change := map[string]any{"append": "x"}
	require.NoError(t, w.Change(scenario.Event{File: "/var/log/app.log", On: "rack-1", With: change}))
	require.ErrorContains(t, w.Change(scenario.Event{File: "/a", On: "rack-2", With: change}), `there is no host "rack-2"; did you mean "rack-1"?`)
	require.ErrorContains(t, w.Change(scenario.Event{Object: "bux/a", With: map[string]any{"content": "x"}}), `there is no bucket "bux"`)
	require.ErrorContains(t, w.Change(scenario.Event{Object: "box/b", With: map[string]any{"gone": true}}), `there is no object "b" in the bucket box`)
}
