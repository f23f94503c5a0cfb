package s3

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/world/scenario"
)

// storedBig is a bucket with an object of five parts, of which the store has a checksum, and what is in it.
func storedBig(t *testing.T, faults ...scenario.Fault) (d *driver, text string) {
	t.Helper()
	folder, text := bigFile(t)
	for i := range faults {
		faults[i].On = "get objects"
	}
	d = drive(t, with(nil), faults...).oneByOne()
	d.do("sync", folder, "s3://box")
	return d, text
}

// A download in parts goes on where it broke, in this run and in the next one, and each byte is read once.
func TestADownloadInPartsGoesOn(t *testing.T) {
	d, text := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 2})
	folder := t.TempDir()
	a, predicted := d.predicted("sync", "s3://box", folder)
	_, err := a.Apply(t.Context(), predicted)
	e := d.fails(err)
	require.True(t, e.Retryable)
	require.Equal(t, "what was read of big is kept: the next attempt goes on with it", e.Partly)
	left, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.True(t, files.IsDraft(left[0].Name()))
	_, err = a.Apply(t.Context(), predicted)
	require.True(t, d.fails(err).Retryable)
	next := d.action("sync", "s3://box", folder, opts("delete", true)) // of another process
	predicted, err = next.Predict(t.Context(), nobody)
	require.NoError(t, err)
	require.Contains(t, predicted.Warnings[0], "in "+folder+" there is 1 unfinished download, 24 MiB: a sync")
	_, err = next.Apply(t.Context(), predicted)
	require.NoError(t, err)
	require.Equal(t, 5+2, count(d.sent.all, "GET /box/big"))
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
	require.Len(t, tree(t, folder), 1)
}

// What is left is taken for no more than it is: a draft that was torn is noticed, and the object read anew.
func TestADraftThatIsTorn(t *testing.T) {
	d, text := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 1})
	folder := t.TempDir()
	a, predicted := d.predicted("sync", "s3://box", folder)
	_, err := a.Apply(t.Context(), predicted)
	require.Error(t, err)
	draft, err := filepath.Glob(folder + "/.runbook-*")
	require.NoError(t, err)
	require.Len(t, draft, 1)
	f, err := os.OpenFile(draft[0], os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteAt(make([]byte, 4096), 1<<20)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = a.Apply(t.Context(), predicted)
	e := d.fails(err)
	require.Contains(t, e.Message, "what came is not what is stored")
	require.True(t, e.Retryable)
	require.Empty(t, tree(t, folder))
	_, err = a.Apply(t.Context(), predicted)
	require.NoError(t, err)
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
}

// The draft of an object that is another one by now is not gone on with, and does not stay; nor do those of runs that died.
func TestDraftsThatNobodyTakesUp(t *testing.T) {
	d, _ := storedBig(t, scenario.Fault{Answer: "503", Skip: 3, Times: 1})
	folder := t.TempDir()
	_, err := d.action("sync", "s3://box", folder).Apply(t.Context(), action.Prediction{})
	require.Error(t, err)
	write(t, folder, map[string]string{files.DraftName(): "half"}, time.Now())
	d.do("put", "s3://box/big", "small by now")
	require.Equal(t, done(1, 12, 0, 0), d.do("sync", "s3://box", folder))
	require.Equal(t, map[string]string{"big": "small by now"}, tree(t, folder))
}

// Two syncs of the same to the same place at once: each file is whole, and nothing is left.
func TestTwoSyncsAtOnce(t *testing.T) {
	d, text := storedBig(t)
	folder := t.TempDir()
	a, first := d.predicted("sync", "s3://box", folder)
	b, second := d.predicted("sync", "s3://box", folder)
	failed := make(chan error, 2)
	go func() { _, err := a.Apply(t.Context(), first); failed <- err }()
	go func() { _, err := b.Apply(t.Context(), second); failed <- err }()
	for range 2 {
		if err := <-failed; err != nil {
			require.Equal(t, action.CodeConflict, action.CodeOf(err), err)
		}
	}
	require.Len(t, tree(t, folder), 1)
	require.Equal(t, hashOfText(text), hashOfText(tree(t, folder)["big"]))
}
