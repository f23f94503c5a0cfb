package s3

import (
	"context"
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

func TestRoom(t *testing.T) {
	const block, mega = files.BlockSize, 1 << 20
	fresh := func(size int64) *transfer { return &transfer{item: item{size: size}} }
	over := func(size, used int64, links int) *transfer {
		return &transfer{item: item{size: size}, over: &item{entry: files.Entry{Used: used, Links: links}}}
	}
	many := func(n int, one func() *transfer) (out []*transfer) {
		for range n {
			out = append(out, one())
		}
		return out
	}
	for name, c := range map[string]struct {
		copies  []*transfer
		missing []string
		begun   int64
		want    room
	}{
		"nothing":               {want: room{}},
		"small files":           {copies: []*transfer{fresh(1), fresh(0), fresh(block + 1)}, want: room{3 * block, 3}},
		"folders":               {copies: []*transfer{fresh(1)}, missing: []string{"/a", "/a/b"}, want: room{3 * block, 2 + 1}},
		"what replaces another": {copies: []*transfer{over(mega, mega, 1)}, want: room{mega, 1}},
		"what is smaller":       {copies: []*transfer{over(block, mega, 1)}, want: room{block, 1}},
		"what is larger":        {copies: []*transfer{over(3*mega, mega, 1)}, want: room{3 * mega, 1}},
		"what has another name": {copies: []*transfer{over(mega, mega, 2)}, want: room{mega, 1}},
		"many that replace":     {copies: many(1000, func() *transfer { return over(mega, mega, 1) }), want: room{(1 + largeAtOnce + mostFailures) * mega, 1 + largeAtOnce + mostFailures}},
		"many of another name":  {copies: many(1000, func() *transfer { return over(mega, mega, 2) }), want: room{1000 * mega, 1 + largeAtOnce + mostFailures}},
		"what is begun":         {copies: []*transfer{fresh(3 * mega)}, begun: 2 * mega, want: room{mega, 1}},
		"what is done":          {copies: []*transfer{{done: true, item: item{size: mega}}, fresh(1)}, want: room{block, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			j := &job{copies: c.copies, missing: c.missing}
			require.Equal(t, c.want, j.room(1, c.begun))
		})
	}
}

// A tight system has a disk with so much left.
type tight struct {
	*local.Files
	free, inodes int64
}

func (f tight) Disk(_ context.Context, path string) (files.Disk, error) {
	if _, err := os.Stat(path); err != nil {
		return files.Disk{}, files.Failed("look at", path, err)
	}
	return files.Disk{Mount: "/", Total: 1 << 40, Free: f.free, Inodes: 1000, InodesFree: f.inodes}, nil
}

// Folders take room as files do, and what replaces something takes it only as long as both are there.
func TestWhatASyncNeeds(t *testing.T) {
	d := drive(t, with(map[string]string{"a/b/1": "x", "a/c/2": "x"}))
	folder := filepath.Join(t.TempDir(), "new")
	for _, c := range []struct {
		free, inodes int64
		says         string
	}{
		{6*files.BlockSize - 1, 100, "it takes 24 KiB, and 24 KiB are free on /"}, // two files, the folder, and three in it
		{6 * files.BlockSize, 5, "it takes 6 files and folders more, and / has room for 5 (inodes)"},
	} {
		_, err := d.on(tight{local.New(), c.free, c.inodes}).try("sync", "s3://box", folder)
		e := d.fails(err)
		require.Equal(t, action.CodeRejected, e.Code)
		require.Contains(t, e.Message, c.says)
		require.NoDirExists(t, folder)
	}
	require.Equal(t, done(2, 2, 0, 0), d.on(tight{local.New(), 6 * files.BlockSize, 6}).do("sync", "s3://box", folder))
}

// What a copy that broke off has is not taken again.
func TestWhatACopyNeeds(t *testing.T) {
	d, text := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 1})
	path := filepath.Join(t.TempDir(), "big")
	whole := files.Taken(int64(len(text)))
	d.on(tight{local.New(), whole, 100})
	a, predicted := d.predicted("copy", "s3://box/big", path)
	_, err := a.Apply(t.Context(), predicted)
	require.True(t, d.fails(err).Retryable)
	d.on(tight{local.New(), whole - 3*partSize, 100})
	require.Equal(t, true, d.do("copy", "s3://box/big", path).(object)["verified"])
	written, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, hashOfText(text), hashOfText(string(written)))
	require.NoError(t, os.Remove(path))
	_, err = d.try("copy", "s3://box/big", path)
	require.True(t, strings.HasPrefix(d.fails(err).Message, "cannot copy to "))
}
