package journal

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// aged is a run that was last written to so long before noon.
func aged(t testing.TB, base, id string, age time.Duration) Dir {
	t.Helper()
	d := store(t, base, id)
	touch(t, d, age)
	return d
}

func touch(t testing.TB, d Dir, age time.Duration) {
	t.Helper()
	require.NoError(t, os.Chtimes(d.Journal(), time.Time{}, noon.Add(-age)))
}

func ids(old []Old) []string {
	names := []string{}
	for _, o := range old {
		names = append(names, o.Dir.ID())
	}
	return names
}

const day = 24 * time.Hour

func TestPruneKeepsByCountAndAge(t *testing.T) {
	a, b, c := "20261101-000000-aaaa", "20261110-000000-bbbb", "20261120-000000-cccc"
	for name, c := range map[string]struct {
		keep Limits
		want []string
	}{
		"nothing is old":     {Limits{3, 30 * day}, []string{}},
		"by count":           {Limits{1, NoAge}, []string{b, a}},
		"by age":             {Limits{NoLimit, 15 * day}, []string{a}},
		"by both":            {Limits{2, 5 * day}, []string{b, a}},
		"none":               {Limits{0, NoAge}, []string{c, b, a}},
		"as old as the age":  {Limits{NoLimit, 22 * day}, []string{}},
		"the default limits": {DefaultLimits, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			base := t.TempDir()
			aged(t, base, a, 22*day)
			aged(t, base, b, 13*day)
			aged(t, base, "20261120-000000-cccc", 3*day)
			excess, err := Excess(base, c.keep, noon)
			require.NoError(t, err)
			assert.Equal(t, c.want, ids(excess))
			left, err := Runs(base)
			require.NoError(t, err)
			assert.Len(t, left, 3, "looking removes nothing")

			removed, err := Prune(base, c.keep, noon)
			require.NoError(t, err)
			assert.Equal(t, excess, removed)
			entries, err := os.ReadDir(base)
			require.NoError(t, err)
			assert.Len(t, entries, 3-len(removed), "and leaves nothing behind")
		})
	}
}

func TestARunThatWasResumedIsYoungAgain(t *testing.T) {
	base := t.TempDir()
	resumed := aged(t, base, "20261101-000000-aaaa", time.Hour)
	other := aged(t, base, "20261102-000000-bbbb", 2*time.Hour)
	removed, err := Prune(base, Limits{Newest: 1, Age: day}, noon)
	require.NoError(t, err)
	assert.Equal(t, []string{other.ID()}, ids(removed))
	assert.DirExists(t, string(resumed))
}

func TestARunInProgressIsNeverRemoved(t *testing.T) {
	base := t.TempDir()
	f := begun(t, base, testID)
	touch(t, f.Dir(), 365*day)
	for range 2 { // also by who saw it free before
		assert.Error(t, remove(f.Dir()))
		removed, err := Prune(base, Limits{}, noon)
		require.NoError(t, err)
		assert.Empty(t, removed)
	}
	require.NoError(t, f.Write(intentRecord()))
	require.NoError(t, f.Close())
	touch(t, f.Dir(), 365*day)
	removed, err := Prune(base, Limits{}, noon)
	require.NoError(t, err)
	assert.Len(t, removed, 1)
	_, err = Reopen(base, testID)
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestARunThatIsAboutToBeginStays(t *testing.T) {
	base := t.TempDir()
	d := DirOf(base, testID)
	require.NoError(t, os.Mkdir(string(d), 0o700))
	require.NoError(t, os.Chtimes(string(d), time.Time{}, noon))
	for after, want := range map[time.Duration]int{time.Second: 0, beginTime: 1} {
		old, err := Excess(base, Limits{}, noon.Add(after))
		require.NoError(t, err)
		assert.Len(t, old, want)
	}
}

func TestPruneFinishesWhatBrokeOff(t *testing.T) {
	base := t.TempDir()
	d := store(t, base, testID)
	require.NoError(t, os.Rename(string(d), d.grave()))
	runs, err := Runs(base)
	require.NoError(t, err)
	assert.Empty(t, runs, "half a run is none")
	require.NoError(t, os.WriteFile(filepath.Join(base, ".note"), nil, 0o600))
	removed, err := Prune(base, DefaultLimits, noon)
	require.NoError(t, err)
	assert.Empty(t, removed)
	assert.NoDirExists(t, d.grave())
	assert.FileExists(t, filepath.Join(base, ".note"))
}

func TestPruneCountsEveryFile(t *testing.T) {
	d := store(t, t.TempDir(), testID)
	info, err := os.Stat(d.Journal())
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(d.file("results"), 0o700))
	require.NoError(t, os.WriteFile(d.file("results/2.json"), make([]byte, 1000), 0o600))
	removed, err := Prune(filepath.Dir(string(d)), Limits{}, time.Now())
	require.NoError(t, err)
	require.Len(t, removed, 1)
	assert.Equal(t, info.Size()+1000, removed[0].Bytes)
}

// Any number of prunes and a run that begins do not get into each other's way: each old run is removed once.
func TestPrunesAtOnce(t *testing.T) {
	base := t.TempDir()
	for i := range 40 {
		aged(t, base, fmt.Sprintf("20261101-%06d-aaaa", i), 20*day)
	}
	f := begun(t, base, testID)
	touch(t, f.Dir(), 30*day)
	var wg sync.WaitGroup
	counts := make([]int, 4)
	for i := range counts {
		wg.Go(func() {
			removed, err := Prune(base, Limits{Newest: 10, Age: NoAge}, noon)
			assert.NoError(t, err)
			counts[i] = len(removed)
		})
	}
	wg.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	runs, err := Runs(base)
	require.NoError(t, err)
	assert.Len(t, runs, 41-total)
	assert.GreaterOrEqual(t, total, 30)
	assert.DirExists(t, string(f.Dir()))
}

func TestPruneSaysWhatItCannotRemove(t *testing.T) {
	base := t.TempDir()
	aged(t, base, testID, day)
	lock := DirOf(base, testID).lock()
	require.NoError(t, os.RemoveAll(lock))
	require.NoError(t, os.Mkdir(lock, 0o700)) // nobody can take that, not even root
	removed, err := Prune(base, Limits{}, noon)
	require.ErrorContains(t, err, "cannot remove the run "+testID)
	assert.Empty(t, removed)
	assert.DirExists(t, string(DirOf(base, testID)))
}
