package journal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/action"
)

const testID = "20261123-232200-x7k2"

func newFile(t testing.TB, d disk) *File {
	t.Helper()
	f, err := create(d, filepath.Join(t.TempDir(), "state", "runs"), testID)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, f.Close()) })
	require.NoError(t, f.Write(runRecord()))
	return f
}

func TestEveryKindOfRecordSurvivesARoundTrip(t *testing.T) {
	f := newFile(t, realDisk{})
	var wrote []*Record
	for _, r := range oneOfEachKind() {
		require.NoError(t, f.Write(r))
		wrote = append(wrote, r)
	}
	require.NoError(t, f.Close())
	read, torn, err := Read(f.Dir().Journal())
	require.NoError(t, err)
	assert.False(t, torn)
	assert.Equal(t, wrote, read[1:])
}

func TestAJournalIsForItsOwnerAlone(t *testing.T) {
	f := newFile(t, realDisk{})
	require.NoError(t, f.Write(readRecord(json.RawMessage(`"`+strings.Repeat("x", resultLimit)+`"`))))
	for path, mode := range map[string]os.FileMode{
		string(f.Dir()):                        0o700 | os.ModeDir,
		filepath.Dir(string(f.Dir())):          0o700 | os.ModeDir,
		f.Dir().Journal():                      0o600,
		filepath.Join(string(f.Dir()), "lock"): 0o600,
		f.Dir().file("results"):                0o700 | os.ModeDir,
		f.Dir().file("results/2.json"):         0o600,
	} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, mode, info.Mode(), path)
	}
}

// Whatever is written in whatever order: when Write of a durable record returns, a crash of the machine leaves it, all that
// stands before it, and its result.
func TestWhatWriteReturnedForSurvivesACrash(t *testing.T) {
	base := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		d := newCrashDisk()
		home, err := os.MkdirTemp(base, "home")
		require.NoError(t, err)
		f, err := create(d, home, testID)
		require.NoError(t, err)
		defer f.Close() //nolint:errcheck // what it wrote is looked at on the disk, after a crash
		require.NoError(t, f.Write(runRecord()))
		for range rapid.IntRange(1, 8).Draw(t, "records") {
			r := rapid.SampledFrom(oneOfEachKind()).Draw(t, "record")
			if r.Outcome != nil && rapid.Bool().Draw(t, "large") {
				r.Outcome.Value = []json.RawMessage{json.RawMessage(`"` + strings.Repeat("y", resultLimit) + `"`)}
			}
			require.NoError(t, f.Write(r))
			if durable(r.Kind) {
				assertSurvives(t, d, home, r)
			}
		}
	})
}

func assertSurvives(t *rapid.T, d *crashDisk, home string, r *Record) {
	dir := DirOf(d.crash(t, home), testID)
	left, torn, err := Read(dir.Journal())
	require.NoError(t, err)
	require.False(t, torn)
	require.Equal(t, r.Seq, int64(len(left)), "every record up to the durable one is there")
	last := left[len(left)-1]
	require.Equal(t, r.Kind, last.Kind)
	if last.Outcome != nil {
		_, err := LoadResult(dir, &last.Outcome.Returned)
		require.NoError(t, err)
	}
}

func TestOnlyWhatMustBeDurableIsSynced(t *testing.T) {
	d := newCrashDisk()
	f := newFile(t, d)
	for _, r := range oneOfEachKind() {
		before := len(d.syncs)
		require.NoError(t, f.Write(r))
		assert.Equal(t, durable(r.Kind), len(d.syncs) > before, "kind %s", r.Kind)
	}
}

// A run that only looks waits for no disk, and its folder is made durable once, with the first record that has to be.
func TestWhatOnlyLooksIsNotSynced(t *testing.T) {
	d := newCrashDisk()
	f := newFile(t, d)
	require.NoError(t, f.Write(readRecord(nil)))
	require.Empty(t, d.syncs)
	require.NoError(t, f.Write(intentRecord()))
	require.NoError(t, f.Write(intentRecord()))
	dir := f.Dir()
	require.Equal(t, []string{dir.Journal(), string(dir), filepath.Dir(string(dir)), dir.Journal()}, d.syncs)
	d.syncs = nil
	f = newFile(t, d)
	require.NoError(t, f.Write(&Record{Kind: KindEnd, End: &End{}}))
	require.NoError(t, f.Close())
	require.Empty(t, d.syncs)
}

func TestAnActionsLargeResultIsOnDiskBeforeItsOutcome(t *testing.T) {
	d := newCrashDisk()
	f := newFile(t, d)
	require.NoError(t, f.Write(intentRecord()))
	d.syncs = nil
	r := &Record{Kind: KindOutcome, Outcome: &Outcome{Status: Done, Returned: Returned{Value: strings.Repeat("z", resultLimit)}}}
	require.NoError(t, f.Write(r))
	dir := f.Dir()
	assert.Equal(t, []string{dir.file("results/3.json"), dir.file("results"), string(dir), dir.Journal()}, d.syncs)
	assert.Empty(t, r.Outcome.Ref, "the caller's record keeps its own outcome")
}

func TestAFullDiskStopsTheJournalForGood(t *testing.T) {
	for name, fault := range map[string]struct {
		err  error
		hint string
	}{
		"full":      {syscall.ENOSPC, "free space on that file system; what was done so far is in "},
		"read-only": {syscall.EROFS, "make that folder writable or set XDG_STATE_HOME to one that is"},
		"broken":    {syscall.EIO, "check that file system"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newCrashDisk()
			f := newFile(t, d)
			d.budget, d.fault = 40, fault.err
			first := f.Write(intentRecord())
			require.ErrorIs(t, first, fault.err)
			var e *action.Error
			require.ErrorAs(t, first, &e)
			assert.Contains(t, e.Message, f.Dir().Journal())
			assert.Contains(t, e.Hint, fault.hint)
			d.budget = -1
			assert.Equal(t, first, f.Write(intentRecord()), "space that came back does not mend the gap")
			require.NoError(t, f.Close())
			read, torn, err := Read(f.Dir().Journal())
			require.NoError(t, err)
			assert.True(t, torn)
			assert.Len(t, read, 1)
		})
	}
}

func TestALargeResultThatDoesNotFitFailsTheRecord(t *testing.T) {
	d := newCrashDisk()
	f := newFile(t, d)
	d.budget, d.fault = resultLimit+10, syscall.ENOSPC
	err := f.Write(readRecord(json.RawMessage(`"` + strings.Repeat("x", 2*resultLimit) + `"`)))
	require.ErrorIs(t, err, syscall.ENOSPC)
	assert.ErrorContains(t, err, "results/2.json")
}

func TestAFailedSyncIsNotTriedAgain(t *testing.T) {
	d := newCrashDisk()
	f := newFile(t, d)
	d.syncTrap = syscall.EIO
	require.ErrorIs(t, f.Write(intentRecord()), syscall.EIO)
	d.syncTrap = nil
	assert.ErrorIs(t, f.Write(readRecord(nil)), syscall.EIO)
}

// Nothing is sent that a journal without a name would forget.
func TestARemovedJournalStopsTheRun(t *testing.T) {
	f, err := Create(t.TempDir(), testID)
	require.NoError(t, err)
	require.NoError(t, f.Write(intentRecord()))
	require.NoError(t, os.RemoveAll(string(f.Dir())))
	for range 2 {
		err = f.Write(intentRecord())
		require.ErrorContains(t, err, "journal.jsonl was removed; the run stops here, because what it does next could not be remembered")
	}
	require.NoError(t, f.Close())
}

func TestARecordThatCannotBeEncodedLeavesNoGap(t *testing.T) {
	f := newFile(t, realDisk{})
	require.ErrorContains(t, f.Write(&Record{Kind: KindOutcome, Outcome: &Outcome{Returned: Returned{Value: func() {}}}}), "json: unsupported type: func()")
	require.ErrorContains(t, f.Write(&Record{Kind: KindOutcome, Outcome: &Outcome{Returned: Returned{Result: json.RawMessage(`{`)}}}), "unexpected end of JSON input")
	require.ErrorContains(t, f.Write(&Record{Kind: KindIntent}), `kind "intent" lacks a part`)
	require.ErrorContains(t, f.Write(&Record{Kind: "guess"}), `unknown kind "guess"`)
	r := intentRecord()
	require.NoError(t, f.Write(r))
	assert.EqualValues(t, 2, r.Seq)
}

func TestConcurrentBranchesShareOneFile(t *testing.T) {
	const branches, each = 20, 10
	d := newCrashDisk()
	f := newFile(t, d)
	var wg sync.WaitGroup
	for b := range branches {
		wg.Go(func() {
			for range each {
				r := intentRecord()
				r.Branch = fmt.Sprint(b)
				assert.NoError(t, f.Write(r))
				assert.Contains(t, d.synced(f.Dir().Journal()), fmt.Sprintf(`{"seq":%d,`, r.Seq))
			}
		})
	}
	wg.Wait()
	require.NoError(t, f.Close())
	read, torn, err := Read(f.Dir().Journal())
	require.NoError(t, err)
	assert.False(t, torn)
	assert.Len(t, read, 1+branches*each)
}

// Nine intents that wait while one fsync is under way need one more, not nine.
func TestBranchesShareAnFsync(t *testing.T) {
	d := newCrashDisk()
	f := newFile(t, d)
	require.NoError(t, f.Write(intentRecord()))
	d.syncs = nil
	d.gate = make(chan struct{})
	var wg, appended sync.WaitGroup
	for range 10 {
		appended.Add(1)
		wg.Go(func() {
			seq, err := f.append(intentRecord())
			appended.Done()
			assert.NoError(t, err)
			assert.NoError(t, f.sync(seq))
		})
	}
	appended.Wait()
	close(d.gate)
	wg.Wait()
	assert.LessOrEqual(t, len(d.syncs), 2)
}

func TestCloseTwiceThenWrite(t *testing.T) {
	d := newCrashDisk()
	f := newFile(t, d)
	require.NoError(t, f.Write(intentRecord()))
	require.NoError(t, f.Write(readRecord(nil)))
	require.NoError(t, f.Close())
	assert.Equal(t, d.cached[f.Dir().Journal()], d.disk[f.Dir().Journal()], "Close makes the last read durable")
	require.NoError(t, f.Close())
	assert.ErrorContains(t, f.Write(readRecord(nil)), "has ended")
}

func TestCreateRefuses(t *testing.T) {
	base := t.TempDir()
	_, err := Create(base, "../elsewhere")
	assert.ErrorContains(t, err, "is not the id of a run")
	f, err := Create(base, testID)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = Create(base, testID)
	assert.ErrorIs(t, err, os.ErrExist)
	_, err = Create(filepath.Join(f.Dir().Journal(), "below"), testID)
	assert.ErrorContains(t, err, "nothing was done")
}

func BenchmarkWriteRead(b *testing.B) {
	f := newFile(b, realDisk{})
	r := readRecord(json.RawMessage(`{"kind":"Pod","metadata":{"name":"photon-compiler-0"}}`))
	for b.Loop() {
		if err := f.Write(r); err != nil {
			b.Fatal(err)
		}
	}
}

// The plan that a run applies survives a crash from the moment on from which the run may be resumed.
func TestAPlanIsKeptDurably(t *testing.T) {
	d := newCrashDisk()
	f := newFile(t, d)
	require.NoError(t, f.AttachPlan([]byte("the plan")))
	assert.Equal(t, "the plan", d.synced(f.Dir().Plan()))
	assert.True(t, d.named[f.Dir().Plan()], "its name too")

	d.budget, d.fault = 3, syscall.ENOSPC
	err := f.AttachPlan([]byte("another"))
	require.ErrorIs(t, err, syscall.ENOSPC)
	assert.ErrorContains(t, err, "nothing was done")
}
