package catalog

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// place is one with a runbook of each name, whose script says where it is from.
func place(origin string, names ...string) Place {
	files := fstest.MapFS{}
	for _, name := range names {
		files[name+"/"+name+".lua"] = &fstest.MapFile{Data: []byte("-- " + origin + " " + name)}
	}
	p := Place{Origin: origin, Path: "/" + origin, Files: files}
	if origin == "shipped" {
		p.Path = ""
	}
	return p
}

// A line is what a test wants to know of an entry.
type line struct{ name, origin, replaces, path, source string }

func lineOf(t *testing.T, e *Entry) line {
	t.Helper()
	source, err := e.Source()
	require.NoError(t, err)
	return line{e.Name, e.Origin, e.Replaces, filepath.ToSlash(e.Path), source}
}

func TestTheNearestWins(t *testing.T) {
	for name, c := range map[string]struct {
		catalog Catalog
		want    []line
	}{
		"nothing": {Catalog{place("shipped"), Dir("user", filepath.Join(t.TempDir(), "nowhere"))}, nil},
		"in order of names": {Catalog{place("shipped", "b", "a"), place("user", "c")}, []line{
			{"a", "shipped", "", "runbooks/a/a.lua", "-- shipped a"},
			{"b", "shipped", "", "runbooks/b/b.lua", "-- shipped b"},
			{"c", "user", "", "/user/c/c.lua", "-- user c"},
		}},
		"each replaces the one below": {
			Catalog{place("shipped", "a", "b", "c", "d"), place("system", "a", "b", "c"), place("user", "a", "b"), place("project", "a")}, []line{
				{"a", "project", "user", "/project/a/a.lua", "-- project a"},
				{"b", "user", "system", "/user/b/b.lua", "-- user b"},
				{"c", "system", "shipped", "/system/c/c.lua", "-- system c"},
				{"d", "shipped", "", "runbooks/d/d.lua", "-- shipped d"},
			},
		},
		"over a gap": {Catalog{place("shipped", "a"), place("system"), place("user"), place("project", "a")}, []line{
			{"a", "project", "shipped", "/project/a/a.lua", "-- project a"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			all, err := c.catalog.List()
			require.NoError(t, err)
			var got []line
			for _, e := range all {
				got = append(got, lineOf(t, e))
				found, err := c.catalog.Find(e.Name)
				require.NoError(t, err)
				assert.Equal(t, lineOf(t, e), lineOf(t, found), "find and list agree")
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestWhatIsNoRunbook(t *testing.T) {
	p := Place{Origin: "user", Path: "/user", Files: fstest.MapFS{
		"right/right.lua":     {Data: []byte("x")},
		"right/other.lua":     {Data: []byte("x")},
		"misnamed/script.lua": {Data: []byte("x")},
		"deep/deep/deep.lua":  {Data: []byte("x")},
		"empty":               {Mode: fs.ModeDir},
		"loose.lua":           {Data: []byte("x")},
		"file":                {Data: []byte("x")},
		"Case/case.lua":       {Data: []byte("x")},
	}}
	all, err := Catalog{p}.List()
	require.NoError(t, err)
	require.Len(t, all, 1)
	assert.Equal(t, "right", all[0].Name)
	inside, err := fs.ReadFile(all[0].Folder, "other.lua")
	require.NoError(t, err, "a runbook has its own folder")
	assert.Equal(t, "x", string(inside))
	_, err = fs.Stat(all[0].Folder, "../file")
	require.Error(t, err, "and no other")
}

// On a disk there is more than folders and files.
func TestAFolderOnDisk(t *testing.T) {
	folder := t.TempDir()
	write := func(path ...string) {
		file := filepath.Join(append([]string{folder}, path...)...)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o700))
		require.NoError(t, os.WriteFile(file, []byte("x"), 0o600))
	}
	write("real", "real.lua")
	write("file")
	write("elsewhere", "linked.lua")
	write(".hidden", "x.lua")
	require.NoError(t, os.Symlink("elsewhere", filepath.Join(folder, "linked")))
	require.NoError(t, os.Symlink("nowhere", filepath.Join(folder, "dangling")))
	require.NoError(t, os.Symlink("file", filepath.Join(folder, "link-to-file")))
	all, err := Catalog{Dir("user", folder)}.List()
	require.NoError(t, err)
	var names []string
	for _, e := range all {
		names = append(names, e.Name)
		assert.Equal(t, filepath.Join(folder, e.Name, e.Name+".lua"), e.Path)
	}
	assert.Equal(t, []string{"linked", "real"}, names)
}

func TestFindByName(t *testing.T) {
	c := Catalog{place("shipped", "compiler-down", "disk-full"), place("user", "own-check")}
	for name, message := range map[string]string{
		"compiler-dwon": `there is no runbook "compiler-dwon"; did you mean "compiler-down"?`,
		"Disk-Full":     `there is no runbook "Disk-Full"; did you mean "disk-full"?`,
		"own_check":     `there is no runbook "own_check"; did you mean "own-check"?`,
		"zzz":           `there is no runbook "zzz"`,
		"":              `there is no runbook ""`,
		"../disk-full":  `there is no runbook "../disk-full"; did you mean "disk-full"?`,
	} {
		_, err := c.Find(name)
		require.EqualError(t, err, message)
		assert.Equal(t, action.CodeNotFound, action.CodeOf(err))
		var failure *action.Error
		require.ErrorAs(t, err, &failure)
		assert.Contains(t, failure.Hint, "runbook list")
	}
}

func TestFindByPath(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	require.NoError(t, os.MkdirAll("books/dir.lua", 0o700))
	for _, file := range []string{"a.lua", "books/b.lua", "compiler-down.lua"} {
		require.NoError(t, os.WriteFile(file, []byte("-- "+file), 0o600))
	}
	c := Catalog{place("shipped", "compiler-down")}
	for path, want := range map[string]line{
		"a.lua":                              {"a", "file", "", "a.lua", "-- a.lua"},
		"./a.lua":                            {"a", "file", "", "./a.lua", "-- a.lua"},
		"books/b.lua":                        {"b", "file", "", "books/b.lua", "-- books/b.lua"},
		filepath.Join(folder, "books/b.lua"): {"b", "file", "", filepath.ToSlash(filepath.Join(folder, "books/b.lua")), "-- books/b.lua"},
		"compiler-down.lua":                  {"compiler-down", "file", "", "compiler-down.lua", "-- compiler-down.lua"}, // not the shipped one
	} {
		e, err := c.Find(path)
		require.NoError(t, err)
		assert.Equal(t, want, lineOf(t, e))
	}
	for path, wrong := range map[string]struct {
		message string
		code    action.Code
	}{
		"nowhere.lua":   {"cannot read the script nowhere.lua: stat nowhere.lua: no such file or directory", action.CodeNotFound},
		"books/dir.lua": {"books/dir.lua is a folder, not a script", action.CodeInvalid},
		"a.lua/b.lua":   {"cannot read the script a.lua/b.lua: stat a.lua/b.lua: not a directory", action.CodeNotFound},
	} {
		_, err := c.Find(path)
		require.EqualError(t, err, wrong.message)
		assert.Equal(t, wrong.code, action.CodeOf(err))
	}
}

// denied is a file system where what begins with a path may not be looked at, as for a user without the rights.
type denied struct {
	fs.FS
	under string
}

func (d denied) refuse(name string) error {
	if strings.HasPrefix(name, d.under) {
		return &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return nil
}

func (d denied) Open(name string) (fs.File, error) {
	if err := d.refuse(name); err != nil {
		return nil, err
	}
	return d.FS.Open(name)
}

func TestAPlaceThatCannotBeReadIsAnError(t *testing.T) {
	closed := place("system", "a")
	closed.Files = denied{closed.Files, "."}
	c := Catalog{place("shipped", "a"), closed}
	_, err := c.List()
	require.ErrorIs(t, err, fs.ErrPermission)
	require.EqualError(t, err, "cannot list the system runbooks in /system: open .: permission denied")
	_, err = c.Find("a")
	require.ErrorIs(t, err, fs.ErrPermission, "what is there may be what was meant")
}

// A person's own runbook that cannot be read must not silently give way to the shipped one.
func TestARunbookThatCannotBeReadIsStillTheNearest(t *testing.T) {
	own := place("user", "a", "b")
	own.Files = denied{own.Files, "a/"}
	c := Catalog{place("shipped", "a", "b"), own}
	all, err := c.List()
	require.NoError(t, err, "it does not hide the others")
	require.Len(t, all, 2)
	assert.Equal(t, line{"b", "user", "shipped", "/user/b/b.lua", "-- user b"}, lineOf(t, all[1]))

	e, err := c.Find("a")
	require.NoError(t, err)
	assert.Equal(t, "user", e.Origin)
	_, err = e.Source()
	require.EqualError(t, err, "cannot read /user/a/a.lua: open a.lua: permission denied")
	assert.Equal(t, action.CodeNotFound, action.CodeOf(err))
}
