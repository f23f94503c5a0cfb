package s3

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/files"
	"runbook/engine/files/intended"
	"runbook/engine/files/local"
	"runbook/engine/machine"
	"runbook/engine/overlay"
	"runbook/engine/world/scenario"
)

// before is older than what is in the simulated store, later is newer.
var (
	before = began.Add(-48 * time.Hour)
	later  = began.Add(-time.Hour)
)

func done(copied, bytes, removed, unchanged int) object {
	return object{"copied": float64(copied), "bytes": float64(bytes), "removed": float64(removed), "unchanged": float64(unchanged), "unverified": 0.0}
}

func TestSyncDown(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1", "p/d/b c+ä": "22", "p/same": "333", "p/newer": "4444", "p/size": "55555", "p/mark/": "", "px": "no"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"same": "xxx", "size": "5", "extra": "stays"}, later)
	write(t, folder, map[string]string{"newer": "xxxx"}, before)
	require.Equal(t, done(4, 12, 0, 1), d.do("sync", "s3://box/p", folder))
	want := map[string]string{"a": "1", "d/b c+ä": "22", "same": "xxx", "newer": "4444", "size": "55555", "extra": "stays"}
	require.Equal(t, want, tree(t, folder))
	require.Equal(t, done(0, 0, 0, 5), d.do("sync", "s3://box/p/", folder), "it is the same now")
	require.Equal(t, done(0, 0, 1, 5), d.do("sync", "s3://box/p/", folder, opts("delete", true)))
	delete(want, "extra")
	require.Equal(t, want, tree(t, folder))
	require.Empty(t, d.sent.writes())
}

func TestSyncUp(t *testing.T) {
	d := drive(t, with(map[string]string{"p/same": "333", "p/older": "4444", "p/size": "55555", "p/extra": "x", "other": "stays"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"same": "xxx", "size": "5", "d/new": "22"}, before)
	write(t, folder, map[string]string{"older": "xxxx"}, later)
	require.NoError(t, os.Symlink("new", folder+"/d/link"))
	a := d.action("sync", folder, "s3://box/p", opts("delete", true))
	predicted, err := a.Predict(t.Context(), nobody)
	require.NoError(t, err)
	require.Equal(t, "copies 3 files, 7 B; removes 1 file, 1 B; leaves 1 as they are", predicted.Note)
	require.Equal(t, []string{"1 symbolic link in " + folder + " is not copied", "would remove s3://box/p/extra, 1 B"}, predicted.Warnings)
	require.Equal(t, done(3, 7, 1, 1), d.do("sync", folder, "s3://box/p", opts("delete", true)))
	require.Equal(t, []string{"other", "p/d/new", "p/older", "p/same", "p/size"}, keys(d.read("list", "s3://box")))
	require.Equal(t, "xxxx", d.read("get", "s3://box/p/older"))
}

func TestSyncWithin(t *testing.T) {
	d := drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{
		"box":   {Objects: []scenario.StoredObject{{Key: "p/a", Content: "1"}, {Key: "p/b", Content: "2"}}},
		"other": {Objects: []scenario.StoredObject{{Key: "q/c", Content: "3"}}},
	}})
	require.Equal(t, done(2, 2, 1, 0), d.do("sync", "s3://box/p", "s3://other/q", opts("delete", true)))
	require.Equal(t, []string{"q/a", "q/b"}, keys(d.read("list", "s3://other")))
	f, args := d.bind("sync", "s3://box/p", "s3://box/p/q")
	_, err := f.Act(args)
	require.ErrorContains(t, d.fails(err), "one of s3://box/p/ and s3://box/p/q/ is inside of the other")
	f, args = d.bind("sync", "s3://box/p", "/", opts("delete", true))
	_, err = f.Act(args)
	require.ErrorContains(t, d.fails(err), "delete in / would remove all of the machine")
}

func TestSyncOfSome(t *testing.T) {
	d := drive(t, with(map[string]string{"a.bin": "1", "a.tmp": "1", "d/b.bin": "1", "d/old.bin": "1"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"mine.tmp": "x", "gone.bin": "x", "keep.bin.old": "x"}, later)
	d.do("sync", "s3://box", folder, opts("include", []any{"*.bin"}, "exclude", []any{"*old*"}, "delete", true))
	require.Equal(t, []string{"a.bin", "d/b.bin", "keep.bin.old", "mine.tmp"}, slices.Sorted(maps.Keys(tree(t, folder))),
		"what is left out is neither copied nor removed")
}

func TestSyncBySizeAlone(t *testing.T) {
	d := drive(t, with(map[string]string{"a": "12345"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"a": "xxxxx"}, before)
	require.Equal(t, done(0, 0, 0, 1), d.do("sync", "s3://box", folder, opts("size_only", true)))
	require.Equal(t, done(1, 5, 0, 0), d.do("sync", "s3://box", folder))
}

// A source that is empty by mistake does not empty the other end.
func TestSyncOfNothingRemovesNothing(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"precious": "x"}, later)
	_, err := d.try("sync", "s3://box/misspelt", folder, opts("delete", true))
	e := d.fails(err)
	require.Equal(t, action.CodeRejected, e.Code)
	require.Contains(t, e.Message, "there is nothing to copy from, and everything would be removed: 1 file")
	require.Equal(t, map[string]string{"precious": "x"}, tree(t, folder))
	require.Equal(t, done(0, 0, 0, 0), d.do("sync", "s3://box/misspelt", folder))
	_, err = d.try("sync", folder+"/none", "s3://box/p")
	require.Equal(t, action.CodeNotFound, d.fails(err).Code)
}

func TestKeysThatAreNoFiles(t *testing.T) {
	for key, want := range map[string]string{
		"../x": "can be no file", "a/../../x": "can be no file", "a//b": "can be no file", "/x": "can be no file", "a/./b": "can be no file", "..": "can be no file",
	} {
		d := drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{"box": {Objects: []scenario.StoredObject{{Key: "p/" + key, Content: "x"}}}}})
		folder := t.TempDir()
		_, err := d.try("sync", "s3://box/p", folder+"/inner")
		require.ErrorContains(t, d.fails(err), want, key)
		require.Empty(t, tree(t, folder))
	}
	d := drive(t, with(map[string]string{"p/a": "1", "p/a/b": "2"}))
	_, err := d.try("sync", "s3://box/p", t.TempDir())
	require.ErrorContains(t, d.fails(err), `"a" would be a file, and for "a/b" a folder`)
}

func TestSyncWantsRoom(t *testing.T) {
	d := drive(t, scenario.S3{Buckets: map[string]scenario.Bucket{"box": {Objects: []scenario.StoredObject{{Key: "{n}", Count: 10, Size: 4e12}}}}})
	folder := t.TempDir()
	_, err := d.try("sync", "s3://box", folder+"/not/there/yet")
	e := d.fails(err)
	require.Equal(t, action.CodeRejected, e.Code)
	require.Regexp(t, "it takes 36 TiB, and .* are free on ", e.Message)
	require.Empty(t, tree(t, folder))
}

// A dry run sees what a sync would have copied and removed, and sends nothing that writes.
func TestSyncIsRehearsed(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1", "p/b": "2"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"extra": "x"}, later)
	state := overlay.New()
	p := d.rehearse(state, "sync", "s3://box/p", folder, opts("delete", true))
	require.Equal(t, done(2, 2, 1, 0), p.Value)
	require.Empty(t, p.Warnings)
	require.Len(t, p.Changes, 2, "what is written, and what is removed")
	copied, removed := p.Changes[0].After.(object), p.Changes[1].Before.(object)
	require.Equal(t, folder, copied["in"])
	require.ElementsMatch(t, []string{"a", "b"}, slices.Collect(maps.Keys(copied["files"].(object))))
	require.Regexp(t, "^1 B, changed 20", removed["files"].(object)["extra"])
	var paths []string
	seen := intended.Over(local.New(), state, machine.Local)
	_, err := seen.Walk(t.Context(), folder, files.Filter{}, func(some []files.Entry) error {
		for _, e := range some {
			paths = append(paths, e.Path)
		}
		return nil
	})
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"a", "b"}, paths, "whoever looks at the files sees it")
	again, err := d.action("sync", "s3://box/p", folder, opts("delete", true)).Predict(t.Context(), state)
	require.NoError(t, err)
	require.True(t, again.Unchanged)
	up := d.rehearse(state, "sync", folder, "s3://box/q")
	require.Equal(t, done(2, 2, 0, 0), up.Value)
	list, err := d.see(state, "list", "s3://box")
	require.NoError(t, err)
	require.Equal(t, []string{"p/a", "p/b", "q/a", "q/b"}, keys(list))
	require.Equal(t, map[string]string{"extra": "x"}, tree(t, folder))
	require.Empty(t, d.sent.writes())
}

// What a plan goes by tells another set from the one that was planned.
func TestEvidenceOfASync(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1"}))
	folder := t.TempDir()
	evidence := func() map[string]any {
		p, err := d.action("sync", "s3://box/p", folder, opts("delete", true)).Predict(t.Context(), nobody)
		require.NoError(t, err)
		return p.Evidence.Old
	}
	first := evidence()
	require.Equal(t, first, evidence())
	write(t, folder, map[string]string{"extra": "x"}, later)
	second := evidence()
	require.NotEqual(t, first["removals"], second["removals"])
	require.Equal(t, first["copies"], second["copies"])
	d.do("put", "s3://box/p/a", "2")
	require.NotEqual(t, second["copies"], evidence()["copies"])
}

func TestSyncSettles(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1"}))
	folder := t.TempDir()
	a := d.action("sync", "s3://box/p", folder)
	_, err := a.Predict(t.Context(), nobody)
	require.NoError(t, err)
	settled, err := a.Settle(t.Context(), action.Intent{})
	require.NoError(t, err)
	require.Equal(t, action.NotDone, settled)
	_, err = a.Apply(t.Context(), action.Prediction{})
	require.NoError(t, err)
	settled, err = a.Settle(t.Context(), action.Intent{})
	require.NoError(t, err)
	require.Equal(t, action.Done, settled)
}

// A run that died in the middle of a sync is taken up with what is left of it, which is no other sync than was consented to; what was put there since
// is none of it.
func TestASyncThatIsTakenUpAgain(t *testing.T) {
	for _, up := range []bool{false, true} {
		d := drive(t, with(map[string]string{"p/a": "1", "p/b": "22", "p/c": "333"}))
		from, to := "s3://box/p", t.TempDir()
		if up {
			from, to = t.TempDir(), "s3://box/q"
			write(t, from, map[string]string{"a": "1", "b": "22", "c": "333"}, later)
		}
		_, predicted := d.predicted("sync", from, to)
		sent := action.Intent{Evidence: predicted.Evidence, Sent: began.Add(-time.Minute)}
		d.do("copy", from+"/a", to+"/a") // as far as the run came
		again := d.action("sync", from, to)
		answer, err := again.Settle(t.Context(), sent)
		require.NoError(t, err)
		require.Equal(t, action.NotDone, answer)
		rest, err := again.Predict(t.Context(), nobody)
		require.NoError(t, err)
		require.Equal(t, predicted.Evidence, rest.Evidence)
		result, err := again.Apply(t.Context(), rest)
		require.NoError(t, err)
		require.Equal(t, predicted.Value, result.Value)

		if up {
			write(t, from, map[string]string{"new": "1"}, began)
		} else {
			d.do("put", from+"/new", "1")
		}
		again = d.action("sync", from, to)
		_, err = again.Settle(t.Context(), sent)
		require.NoError(t, err)
		other, err := again.Predict(t.Context(), nobody)
		require.NoError(t, err)
		require.NotEqual(t, predicted.Evidence, other.Evidence)
	}
}

// What somebody changed at the other end since is no part of the sync that was consented to, even if it is less than what was copied.
func TestASyncThatIsTakenUpAgainAndWouldReplaceMore(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "333", "p/b": "22"}))
	folder := t.TempDir()
	d.do("copy", "s3://box/p/b", folder+"/b")
	_, predicted := d.predicted("sync", "s3://box/p", folder)
	sent := action.Intent{Evidence: predicted.Evidence, Sent: began}
	d.do("copy", "s3://box/p/a", folder+"/a")
	write(t, folder, map[string]string{"b": ""}, began.Add(time.Minute))
	again := d.action("sync", "s3://box/p", folder)
	_, err := again.Settle(t.Context(), sent)
	require.NoError(t, err)
	rest, err := again.Predict(t.Context(), nobody)
	require.NoError(t, err)
	require.NotEqual(t, action.Text(predicted.Evidence), action.Text(rest.Evidence))
}

// What would be removed has to be what would have been, to the name.
func TestASyncThatIsTakenUpAgainAndWouldRemoveMore(t *testing.T) {
	d := drive(t, with(map[string]string{"p/a": "1", "p/b": "22"}))
	folder := t.TempDir()
	write(t, folder, map[string]string{"old": "x"}, before)
	_, predicted := d.predicted("sync", "s3://box/p", folder, opts("delete", true))
	sent := action.Intent{Evidence: predicted.Evidence, Sent: began}
	d.do("copy", "s3://box/p/a", folder+"/a")
	for _, mine := range []bool{false, true} {
		if mine {
			write(t, folder, map[string]string{"mine": "x"}, before)
		}
		again := d.action("sync", "s3://box/p", folder, opts("delete", true))
		_, err := again.Settle(t.Context(), sent)
		require.NoError(t, err)
		rest, err := again.Predict(t.Context(), nobody)
		require.NoError(t, err)
		require.Equal(t, !mine, action.Text(predicted.Evidence) == action.Text(rest.Evidence))
	}
}
