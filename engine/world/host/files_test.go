package host

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/files"
	"runbook/engine/files/filestest"
	"runbook/engine/world/scenario"
)

// now is when the scenario of the table starts.
var now = time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)

func TestConformance(t *testing.T) {
	filestest.Run(t, func(t *testing.T, items []filestest.Item) filestest.Site {
		var section scenario.Host
		for _, item := range items {
			section.Files = append(section.Files, scenario.File{
				Path: files.Spell(strings.TrimSuffix(item.Path, "/")), Content: item.Content, Age: item.Age, Mode: item.Mode, Link: item.Target,
				Folder: strings.HasSuffix(item.Path, "/"),
			})
		}
		return filestest.Site{System: simulated(t, section), Now: now, User: superuser, Group: superuser}
	})
}

func simulated(t *testing.T, section scenario.Host) *Files {
	t.Helper()
	f := NewFiles("rack-1", section, func() time.Time { return now })
	require.NoError(t, f.Rewind(now))
	return f
}

func TestManyFilesAndDisks(t *testing.T) {
	f := simulated(t, scenario.Host{
		Files: []scenario.File{
			{Path: "/var/cache/photon-mlir/entry-{n}.bin", Size: 5000, Age: 192 * time.Hour, Owner: "photon:photon", Count: 30},
			{Path: "/etc/photon-mlir/config.yaml", Content: "cache:\n  size_gb: 10\n"},
		},
		Disks: map[string]scenario.Disk{"/var": {Size: 1 << 20, Used: 100_000, Inodes: 1000, InodesUsed: 10}},
	})
	d, err := f.Disk(t.Context(), "/var/cache")
	require.NoError(t, err)
	require.Equal(t, files.Disk{
		Mount: "/var", Total: 1 << 20, Used: 100_000 + 30*8192 + 2*4096, Free: 1<<20 - 100_000 - 30*8192 - 2*4096, Inodes: 1000, InodesFree: 1000 - 10 - 32,
	}, d)
	d, err = f.Disk(t.Context(), "/etc")
	require.NoError(t, err)
	require.Equal(t, files.Disk{Mount: "/", Total: 100 << 30, Used: 3 * 4096, Free: 100<<30 - 3*4096}, d)
	e, err := f.Look(t.Context(), "/var/cache/photon-mlir/entry-30.bin")
	require.NoError(t, err)
	require.Equal(t, "photon", e.Owner)
	require.Equal(t, int64(8192), e.Used)
	for root, want := range map[string]int{"/": 31, "/var": 30} {
		found := 0
		_, err = f.Walk(t.Context(), root, files.Filter{Kinds: []files.Kind{files.File}}, func(list []files.Entry) error {
			found += len(list)
			return nil
		})
		require.NoError(t, err)
		require.Equal(t, want, found)
	}
	require.NoError(t, f.Rewind(now), "it is what it was")
	full, err := f.Create(t.Context(), "/var", "large")
	require.NoError(t, err)
	_, err = full.Write(make([]byte, 1<<20))
	require.ErrorContains(t, err, "no space is left")
}
