package host

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/world/scenario"
)

func of[T any](v T) *T { return &v }

func content(t *testing.T, f *Files, at string) string {
	t.Helper()
	in, err := f.Open(t.Context(), at, 0)
	require.NoError(t, err)
	text, err := io.ReadAll(in)
	require.NoError(t, err)
	return string(text)
}

func TestWhatBecomesOfAFile(t *testing.T) {
	f := simulated(t, scenario.Host{Files: []scenario.File{{Path: "/var/log/long.log", Size: 3}, {Path: "/etc/a", Content: "a"}}})
	before, err := f.Open(t.Context(), "/var/log/long.log", 0)
	require.NoError(t, err)
	later := now.Add(time.Minute)
	for _, c := range []struct {
		at   string
		said scenario.FileChange
		want string
	}{
		{"/var/log/long.log", scenario.FileChange{Append: of("{time} on\n")}, "\x00\x00\x002026-11-24T03:01:00.000Z on\n"},
		{"/var/log/long.log", scenario.FileChange{Append: of("off\n")}, "\x00\x00\x002026-11-24T03:01:00.000Z on\noff\n"},
		{"/var/log/new/b.log", scenario.FileChange{Append: of("first\n"), Owner: "photon:photon", Mode: 0o600}, "first\n"},
		{"/etc/a", scenario.FileChange{Content: of("b")}, "b"},
		{"/etc/a", scenario.FileChange{Grows: 2}, "\x00\x00\x00"},
		{"/etc/a", scenario.FileChange{Size: of(scenario.Size(1))}, "\x00"},
	} {
		require.NoError(t, f.Become(c.at, c.said, later))
		require.Equal(t, c.want, content(t, f, c.at), c.at)
	}
	e, err := f.Look(t.Context(), "/var/log/new/b.log")
	require.NoError(t, err)
	require.Equal(t, "photon", e.Owner)
	require.Equal(t, later, e.Modified)
	text, err := io.ReadAll(before)
	require.NoError(t, err)
	require.Equal(t, "\x00\x00\x00", string(text), "what was opened before is as it was")
	require.NoError(t, f.Become("/var/log", scenario.FileChange{Gone: true}, later))
	_, err = f.Look(t.Context(), "/var/log/new/b.log")
	require.Equal(t, action.CodeNotFound, action.CodeOf(err))
	require.ErrorContains(t, f.Become("/var/log", scenario.FileChange{Gone: true}, later), "cannot remove /var/log: there is no such file")
	require.ErrorContains(t, f.Become("/gone", scenario.FileChange{Owner: "x"}, later), "there is no such file")
	require.ErrorContains(t, f.Become("/etc", scenario.FileChange{Append: of("x")}, later), "it is no file")
}

func TestADiskThatFills(t *testing.T) {
	f := simulated(t, scenario.Host{
		Files: []scenario.File{{Path: "/var/a.log", Content: "a"}},
		Disks: map[string]scenario.Disk{"/var": {Size: 20_000, Used: 4096, Inodes: 3}},
	})
	require.NoError(t, f.Fill("/var", scenario.DiskChange{Grows: 1 << 30}))
	d, err := f.Disk(t.Context(), "/var")
	require.NoError(t, err)
	require.Equal(t, files.Disk{Mount: "/var", Total: 20_000, Used: 20_000, Inodes: 3, InodesFree: 2}, d)
	require.NoError(t, f.Become("/var/a.log", scenario.FileChange{Grows: 8192}, now.Add(time.Hour)))
	e, err := f.Look(t.Context(), "/var/a.log")
	require.NoError(t, err)
	require.Equal(t, int64(1), e.Size, "there is no room")
	require.Equal(t, now, e.Modified)
	require.NoError(t, f.Fill("/var", scenario.DiskChange{Used: of(scenario.Size(0)), InodesUsed: of(int64(1))}))
	for range 2 {
		draft, err := f.Create(t.Context(), "/var", "b")
		if err != nil {
			require.ErrorContains(t, err, "no space is left", "one that is being written takes an inode too")
			continue
		}
		_, err = draft.Write(make([]byte, 5000))
		require.NoError(t, err)
		d, err = f.Disk(t.Context(), "/var")
		require.NoError(t, err)
		require.Equal(t, int64(4096+8192), d.Used, "and space")
	}
	require.ErrorContains(t, f.Fill("/vra", scenario.DiskChange{Grows: 1}), `the machine has no disk at "/vra"; did you mean "/var"?`)
	require.NoError(t, f.Rewind(now))
	d, err = f.Disk(t.Context(), "/var")
	require.NoError(t, err)
	require.Equal(t, int64(8192), d.Used)
}

func TestWhatNoMachineCouldHave(t *testing.T) {
	for name, c := range map[string]struct {
		section scenario.Host
		message string
	}{
		"too much":  {scenario.Host{Disks: map[string]scenario.Disk{"/": {Size: 100, Used: 101}}}, "the disk at / is too small for what is on it"},
		"too many":  {scenario.Host{Files: []scenario.File{{Path: "/a"}, {Path: "/b"}}, Disks: map[string]scenario.Disk{"/": {Inodes: 1}}}, "the disk at / cannot hold so many files: 2 of the scenario"},
		"in a file": {scenario.Host{Files: []scenario.File{{Path: "/a"}, {Path: "/a/b", Where: "x.yaml: line 4: "}}}, "x.yaml: line 4: cannot place /a/b"},
		"in place":  {scenario.Host{Files: []scenario.File{{Path: "/a/b"}, {Path: "/a"}}}, "cannot place /a: there is something of that name already"},
		"by a link": {scenario.Host{Files: []scenario.File{{Path: "/run", Link: "/gone"}, {Path: "/run/b"}}}, "cannot place /run/b: there is something of that name already"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, NewFiles("rack-1", c.section, func() time.Time { return now }).Rewind(now), c.message)
		})
	}
}

func TestWhatAFileSystemRefuses(t *testing.T) {
	f := simulated(t, scenario.Host{
		Files: []scenario.File{{Path: "/var/d/e", Folder: true}, {Path: "/var/a"}},
		Disks: map[string]scenario.Disk{"/var": {}, "/var/d/m": {}},
	})
	entry := func(at string) files.Entry {
		e, err := f.Look(t.Context(), "/"+at)
		require.NoError(t, err)
		e.Path = at
		return e
	}
	for _, c := range []struct {
		change  files.Change
		message string
	}{
		{files.Change{Op: files.Remove, Was: entry("var/d/m")}, "it is in use"},
		{files.Change{Op: files.Rename, Was: entry("var/d/m"), To: "var/x"}, "it is in use"},
		{files.Change{Op: files.Rename, Was: entry("var/a"), To: "a"}, "that is on another file system"},
		{files.Change{Op: files.Rename, Was: entry("var/d"), To: "var/d/e/f"}, "invalid argument"},
	} {
		errs, err := f.Change(t.Context(), "/", []files.Change{c.change})
		require.NoError(t, err)
		require.ErrorContains(t, errs[0], c.message)
	}
	require.Equal(t, files.Folder, entry("var/d/e").Kind)
}

// What a disk holds is counted once, and then by what changes.
func TestWhatADiskHoldsIsRight(t *testing.T) {
	f := simulated(t, scenario.Host{
		Files: []scenario.File{{Path: "/var/d/a", Size: 9000}, {Path: "/var/d/b", Content: "b"}, {Path: "/e/c", Content: "c"}},
		Disks: map[string]scenario.Disk{"/": {}, "/var": {}},
	})
	change := func(c files.Change) func() {
		return func() {
			e, err := f.Look(t.Context(), "/"+c.Was.Path)
			require.NoError(t, err)
			e.Path = c.Was.Path
			errs, err := f.Change(t.Context(), "/", []files.Change{{Op: c.Op, Was: e, To: c.To}})
			require.NoError(t, err)
			require.NoError(t, errs[0])
		}
	}
	write := func(at string) func() {
		return func() {
			d, err := f.Create(t.Context(), "/", at)
			require.NoError(t, err)
			_, err = d.Write(make([]byte, 5000))
			require.NoError(t, err)
			require.NoError(t, d.Keep(t.Context(), files.Attributes{}))
		}
	}
	for i, do := range []func(){
		change(files.Change{Op: files.Remove, Was: files.Entry{Path: "var/d/a"}}),
		write("var/d/b"), write("var/new/deep/c"), write("e/x"),
		change(files.Change{Op: files.Rename, Was: files.Entry{Path: "var/d"}, To: "var/moved"}),
		func() { require.NoError(t, f.Become("/var/moved/b", scenario.FileChange{Grows: 1 << 20}, now)) },
		func() { require.NoError(t, f.Become("/log/new", scenario.FileChange{Append: of("x")}, now)) },
		func() { require.NoError(t, f.Become("/e", scenario.FileChange{Gone: true}, now)) },
	} {
		do()
		for _, mount := range []string{"/", "/var"} {
			bytes, count := f.held(mount)
			require.Equal(t, holding{bytes, count}, *f.counted(mount), "%s after change %d", mount, i)
		}
	}
}
