package catalog

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func folder(origin string, files ...string) Place {
	p := place(origin)
	for _, file := range files {
		p.Files.(fstest.MapFS)[file] = &fstest.MapFile{Data: []byte(origin)}
	}
	return p
}

// What the nearest folder lacks is that of the ones that it replaces, file by file, in any order of scripts and what is beside them.
func TestAFolderIsOverTheOthersOfItsName(t *testing.T) {
	c := Catalog{
		folder("shipped", "a/a.lua", "a/lib.lua", "a/deep/lib.lua", "a/scenarios/x.yaml", "b/b.lua", "b/lib.lua", "c/lib.lua"),
		folder("user", "a/deep/lib.lua", "a/scenarios/y.yaml", "a/other", "c/c.lua"),
		folder("project", "a/a.lua", "a/scenarios/y.yaml", "a/scenarios/z.yaml", "b/lib.lua", "d"),
	}
	a, err := c.Find("a")
	require.NoError(t, err)
	for file, want := range map[string]string{
		"a.lua": "project", "lib.lua": "shipped", "deep/lib.lua": "user", "other": "user",
		"scenarios/x.yaml": "shipped", "scenarios/y.yaml": "project", "scenarios/z.yaml": "project",
	} {
		text, err := fs.ReadFile(a.Folder, file)
		require.NoError(t, err, file)
		assert.Equal(t, want, string(text), file)
		from, inherited := a.Inherits(file)
		assert.Equal(t, want != "project", inherited, file)
		assert.Equal(t, want, from.Origin, file)
	}
	names, err := fs.Glob(a.Folder, "scenarios/*")
	require.NoError(t, err)
	assert.Equal(t, []string{"scenarios/x.yaml", "scenarios/y.yaml", "scenarios/z.yaml"}, names, "each once, in order")
	names, err = fs.Glob(a.Folder, "*.lua")
	require.NoError(t, err)
	assert.Equal(t, []string{"a.lua", "lib.lua"}, names)
	_, err = fs.ReadFile(a.Folder, "nowhere.lua")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = fs.ReadDir(a.Folder, "nowhere")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, inherited := a.Inherits("nowhere.lua")
	assert.False(t, inherited)

	assert.Equal(t, "/project/a/scenarios/z.yaml", a.Where("scenarios/z.yaml"))
	assert.Equal(t, "/user/a/deep/lib.lua", a.Where("deep/lib.lua"))
	assert.Equal(t, "shipped runbooks/a/lib.lua", a.Where("lib.lua"), "which is on no disk")

	nearest, err := c.Nearest()
	require.NoError(t, err)
	require.Len(t, nearest, 2, "and d is no runbook")
	assert.Equal(t, line{"a", "project", "shipped", "/project/a/a.lua", "project"}, lineOf(t, nearest[0]))
	assert.Equal(t, line{"b", "shipped", "", "runbooks/b/b.lua", "shipped"}, lineOf(t, nearest[1]), "a file of it is in the nearest place")
	text, err := fs.ReadFile(nearest[1].Folder, "lib.lua")
	require.NoError(t, err)
	assert.Equal(t, "project", string(text), "a nearer folder without a script of its name replaces what it has")

	all, err := c.List()
	require.NoError(t, err)
	require.Len(t, all, 3)
	assert.Equal(t, line{"c", "user", "", "/user/c/c.lua", "user"}, lineOf(t, all[2]), "a folder without a script replaces nothing")
}

// A shipped script and one of the project have the same path, as far as people see it.
func TestAProjectIsNotWhatIsShipped(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.MkdirAll("runbooks/a", 0o700))
	require.NoError(t, os.WriteFile("runbooks/a/a.lua", []byte("project"), 0o600))
	e, err := Catalog{folder("shipped", "a/a.lua", "a/lib.lua"), Dir("project", "runbooks")}.Find("a")
	require.NoError(t, err)
	from, inherited := e.Inherits("lib.lua")
	assert.True(t, inherited)
	assert.Equal(t, "shipped", from.Origin)
}

// A file that is there and cannot be read does not give way to another one of its name.
func TestAFileThatCannotBeReadIsStillTheNearest(t *testing.T) {
	own := folder("user", "a/a.lua", "a/lib.lua", "a/scenarios/x.yaml")
	own.Files = denied{own.Files, "a/lib"}
	e, err := Catalog{folder("shipped", "a/a.lua", "a/lib.lua", "a/scenarios/x.yaml"), own}.Find("a")
	require.NoError(t, err)
	_, err = fs.ReadFile(e.Folder, "lib.lua")
	require.ErrorIs(t, err, fs.ErrPermission)
	own.Files = denied{own.Files, "a/scenarios"}
	e, err = Catalog{folder("shipped", "a/scenarios/x.yaml"), own}.Find("a")
	require.NoError(t, err)
	_, err = fs.ReadDir(e.Folder, "scenarios")
	require.ErrorIs(t, err, fs.ErrPermission)
}

// What is a file in one place may be a folder in another.
func TestAFileInThePlaceOfAFolder(t *testing.T) {
	disk := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(disk, "a"), 0o700))
	for _, file := range []string{"a/scenarios", "b", "a/a.lua"} {
		require.NoError(t, os.WriteFile(filepath.Join(disk, file), []byte("user"), 0o600))
	}
	c := Catalog{folder("shipped", "a/a.lua", "a/scenarios/x.yaml", "b/b.lua"), Dir("user", disk)}
	e, err := c.Find("a")
	require.NoError(t, err)
	text, err := fs.ReadFile(e.Folder, "scenarios/x.yaml")
	require.NoError(t, err)
	assert.Equal(t, "shipped", string(text))
	e, err = c.Find("b")
	require.NoError(t, err)
	assert.Equal(t, "shipped", e.Origin)
}

// A script that is named by its path has the rest from the runbooks of its name, and one that was stored its scenarios.
func TestAPathIsOverTheRunbookOfItsName(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile("a.lua", []byte("mine"), 0o600))
	c := Catalog{folder("shipped", "a/a.lua", "a/lib.lua", "a/scenarios/x.yaml")}
	e, err := c.Find("./a.lua")
	require.NoError(t, err)
	assert.Equal(t, line{"a", "file", "", "./a.lua", "mine"}, lineOf(t, e))
	assert.Equal(t, "shipped runbooks/a/lib.lua", e.Where("lib.lua"))
	require.NoError(t, os.WriteFile("lib.lua", []byte("mine"), 0o600))
	assert.Equal(t, "./lib.lua", e.Where("lib.lua"))

	e, err = c.Stored("a", "user", "/gone/a.lua", []File{{"a.lua", "stored"}})
	require.NoError(t, err)
	assert.Equal(t, line{"a", "user", "", "/gone/a.lua", "stored"}, lineOf(t, e))
	_, err = fs.Stat(e.Folder, "scenarios/x.yaml")
	require.NoError(t, err)
}
