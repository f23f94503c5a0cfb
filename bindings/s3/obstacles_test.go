package s3

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/local"
	"runbook/engine/world/scenario"
)

// What cannot be written where a sync would write it is told before anything is written.
func TestObstaclesAreToldBeforehand(t *testing.T) {
	for name, c := range map[string]struct {
		key   string
		make  func(folder string) error
		want  string
		given []any
	}{
		"a folder in a file's place": {"a", func(f string) error { return os.MkdirAll(f+"/a/b", 0o755) }, `"a" is a folder there`, nil},
		"a file in a folder's place": {"a/b", func(f string) error { return os.WriteFile(f+"/a", nil, 0o600) }, `"a" is a file there, and has to be a folder for "a/b"`, nil},
		"one that would be removed": {
			"a/b", func(f string) error { return os.WriteFile(f+"/a", nil, 0o600) }, `"a" is a file there, and has to be a folder for "a/b"`, []any{opts("delete", true)},
		},
		"one that is left out": {
			"a/b", func(f string) error { return os.WriteFile(f+"/a", nil, 0o600) }, `"a" is a file there, and has to be a folder for "a/b"`, []any{opts("exclude", []any{"a"})},
		},
		"a link in a folder's place": {"a/b", func(f string) error { return os.Symlink("/", f+"/a") }, `"a" is a link there, and has to be a folder for "a/b"`, nil},
		"a name that is too long":    {strings.Repeat("n", 256), func(string) error { return nil }, "a part of it has 256 bytes, and a file's name at most 255", nil},
		"a long name of a folder":    {strings.Repeat("n", 256) + "/b", func(string) error { return nil }, "a part of it has 256 bytes, and a file's name at most 255", nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{"box": {Objects: []scenario.StoredObject{{Key: "p/0", Content: "x"}, {Key: "p/" + c.key, Content: "x"}}}}})
			folder := t.TempDir()
			require.NoError(t, c.make(folder))
			_, err := d.action("sync", append([]any{"s3://box/p", folder}, c.given...)...).Predict(t.Context(), nobody)
			e := d.fails(err)
			require.Contains(t, e.Message, c.want)
			require.NotEmpty(t, e.Hint)
			require.NoFileExists(t, folder+"/0")
		})
	}
	d := drive(t, with(map[string]string{"p/" + strings.Repeat("n", 255): "x"}))
	require.Equal(t, done(1, 1, 0, 0), d.do("sync", "s3://box/p", t.TempDir()))
}

// A file whose name can be no key is told of before anything is stored, with what leaves it out.
func TestNamesThatAreNoKeys(t *testing.T) {
	long := strings.Repeat(strings.Repeat("n", 200)+"/", 5) + strings.Repeat("n", 19)
	for name, c := range map[string]struct{ message, hint string }{
		"bad\xff\xfe.txt": {`the name bad\xff\xfe.txt is no text in UTF-8`, `{ exclude = "bad*.txt" }`},
		long:              {"would have 1029 bytes, and may have 1024 at most", `{ exclude = "` + long + `" }`},
	} {
		d := drive(t, with(nil))
		folder := t.TempDir()
		write(t, folder, map[string]string{"a": "1", name: "2"}, later)
		_, err := d.try("sync", folder, "s3://box")
		if name == long {
			require.NoError(t, err, "as long as a key may be")
			_, err = d.try("sync", folder, "s3://box/1234")
		}
		e := d.fails(err)
		require.Contains(t, e.Message, c.message)
		require.Contains(t, e.Hint, c.hint)
		exclude, _, _ := strings.Cut(c.hint[len(`{ exclude = "`):], `"`)
		require.Equal(t, done(1, 1, 0, 0), d.do("sync", folder, "s3://box/p", opts("exclude", exclude)))
	}
}

// A link where a file is to be is replaced, and not written through; a person is told.
func TestALinkIsReplaced(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "new"}))
	folder, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "precious")
	require.NoError(t, os.WriteFile(elsewhere, []byte("old"), 0o600))
	require.NoError(t, os.Symlink(elsewhere, folder+"/a"))
	predicted, err := d.action("sync", "s3://box", folder).Predict(t.Context(), nobody)
	require.NoError(t, err)
	require.Equal(t, []string{"1 symbolic link in " + folder + " is replaced by a file: a"}, predicted.Warnings)
	d.do("sync", "s3://box", folder)
	require.Equal(t, map[string]string{"a": "new"}, tree(t, folder))
	text, err := os.ReadFile(elsewhere)
	require.NoError(t, err)
	require.Equal(t, "old", string(text))
}

// Nothing is there to be copied: most likely a prefix is misspelt, and a person is told.
func TestNothingToCopyFromIsTold(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1"}))
	folder := t.TempDir()
	for _, ends := range [][]any{{"s3://box/misspelt", folder}, {folder, "s3://box/q"}, {"s3://box/p", folder, opts("include", []any{"*.none"})}} {
		predicted, err := d.action("sync", ends...).Predict(t.Context(), nobody)
		require.NoError(t, err)
		require.True(t, predicted.Unchanged)
		require.Contains(t, predicted.Note, "there is nothing to copy from")
		require.Len(t, predicted.Warnings, 1)
		require.Contains(t, predicted.Warnings[0], "there is nothing to copy")
	}
}

// A file that changed, or came, after the sync was decided is not replaced.
func TestASyncDownMindsOthers(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "1", "b": "2", "c": "3"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "old"}, before)
	a, predicted := d.predicted("sync", "s3://box", folder)
	write(t, folder, map[string]string{"a": "theirs", "b": "theirs"}, before)
	_, err := a.Apply(t.Context(), predicted)
	e := d.fails(err)
	require.Equal(t, action.CodeConflict, e.Code)
	require.Contains(t, e.Message, "2 of 3 files could not be copied")
	require.Equal(t, map[string]string{"a": "theirs", "b": "theirs", "c": "3"}, tree(t, folder), "nothing is left beside them")
}

// What a run that died left half written is neither stored, nor taken for a file of the folder.
func TestDraftsAreNoFiles(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "1", "d/" + files.DraftName(): "half"}, later)
	require.Equal(t, done(0, 0, 0, 1), d.do("sync", "s3://box/p", folder, opts("delete", true)))
	require.Equal(t, done(1, 1, 0, 0), d.do("sync", folder, "s3://box/q"))
	require.Equal(t, []string{"p/a", "q/a"}, keys(d.read("list", "s3://box")))
}

// A crooked machine lets something happen while its files are read, or cannot look at some.
type crooked struct {
	files.System
	reading  func(path string)
	unlooked []files.Unlooked
}

func (c crooked) Open(ctx context.Context, path string, offset int64) (io.ReadCloser, error) {
	in, err := c.System.Open(ctx, path, offset)
	if err != nil || c.reading == nil {
		return in, err
	}
	text, err := io.ReadAll(in)
	_ = in.Close()
	c.reading(path)
	return io.NopCloser(bytes.NewReader(text)), err
}

func (c crooked) Walk(ctx context.Context, root string, only files.Filter, visit func([]files.Entry) error) (files.Walked, error) {
	walked, err := c.System.Walk(ctx, root, only, visit)
	walked.Unlooked, walked.Skipped = c.unlooked, int64(len(c.unlooked))
	return walked, err
}

func (d *driver) on(system files.System) *driver {
	d.cfg.Machines.Local = system
	d.m = New(d.cfg)
	return d
}

// What somebody writes to while it is read is not stored: half of it may be old.
func TestAFileThatChangesWhileItIsStored(t *testing.T) {
	for name, size := range map[string]int{"small": 5, "large": 2 * partSize} {
		folder := t.TempDir()
		write(t, folder, map[string]string{"a": strings.Repeat("x", size)}, before)
		d := drive(t, with(nil)).on(crooked{System: local.New(), reading: func(string) {
			write(t, folder, map[string]string{"a": strings.Repeat("y", size)}, later)
		}})
		_, err := d.try("sync", folder, "s3://box")
		e := d.fails(err)
		require.Equal(t, action.CodeConflict, e.Code, name)
		require.Contains(t, e.Message, "it changed while it was read")
		require.Nil(t, d.read("head", "s3://box/a"))
		require.Empty(t, d.uploads("box"))
	}
}

// What cannot be looked at ends a sync before it begins, unless it is left out.
func TestWhatCannotBeLookedAt(t *testing.T) {
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "x"}, before)
	d := drive(t, with(nil)).on(crooked{System: local.New(), unlooked: []files.Unlooked{{Path: "private", Err: os.ErrPermission}, {Path: "d/x", Err: os.ErrPermission}}})
	_, err := d.try("sync", folder, "s3://box")
	e := d.fails(err)
	require.Equal(t, action.CodeForbidden, e.Code)
	require.Contains(t, e.Message, "2 entries below "+folder+" cannot be looked at; the first is private")
	_, err = d.try("sync", folder, "s3://box", opts("exclude", []any{"private/*"}))
	require.Contains(t, d.fails(err).Message, "1 entry below "+folder+" cannot be looked at; the first is d/x")
	require.Equal(t, done(1, 1, 0, 0), d.do("sync", folder, "s3://box", opts("exclude", []any{"private/*", "d/*"})))
}
