package journal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func summaryOf(d Dir) (*Summary, error) {
	head, err := Head(d)
	if err != nil {
		return nil, err
	}
	return Summarize(d, head)
}

func at(after time.Duration, r Record) *Record {
	r.Time = noon.Add(after)
	return &r
}

func action3() *Record {
	r := intentRecord()
	r.Intent.Number = 3
	return r
}

func TestASummarySaysHowARunStands(t *testing.T) {
	verdict := at(time.Second, Record{Kind: KindVerdict, Verdict: &Verdict{State: "down", Reason: "r"}})
	healed := at(2*time.Second, Record{Kind: KindVerdict, Verdict: &Verdict{State: "healthy"}})
	end := at(3*time.Second, Record{Kind: KindEnd, End: &End{Status: Interrupted, Exit: 130, Actions: 7, Elapsed: time.Hour}})
	for name, c := range map[string]struct {
		records []*Record
		want    Summary
	}{
		"only begun":         {nil, Summary{Status: Died}},
		"ended":              {[]*Record{intentRecord(), end}, Summary{Status: Interrupted, End: end.End, Actions: 7, Elapsed: time.Hour}},
		"the last verdict":   {[]*Record{verdict, healed, end}, Summary{Status: Interrupted, End: end.End, Verdict: healed.Verdict, Actions: 7, Elapsed: time.Hour}},
		"died in an action":  {[]*Record{verdict, intentRecord(), action3()}, Summary{Status: Died, Verdict: verdict.Verdict, Actions: 2}},
		"resumed, then died": {[]*Record{end, intentRecord(), verdict}, Summary{Status: Died, Verdict: verdict.Verdict, Actions: 1, Elapsed: time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			d := store(t, t.TempDir(), testID, c.records...)
			s, err := summaryOf(d)
			require.NoError(t, err)
			assert.Equal(t, "compiler-down", s.Run.Runbook)
			assert.Equal(t, d, s.Dir)
			assert.Equal(t, noon, s.Began)
			c.want.Dir, c.want.Began, c.want.Run, c.want.highest = s.Dir, s.Began, s.Run, s.highest
			assert.Equal(t, &c.want, s)
		})
	}
}

func TestASummaryTellsARunningRunFromADeadOne(t *testing.T) {
	f := begun(t, t.TempDir(), testID, intentRecord())
	s, err := summaryOf(f.Dir())
	require.NoError(t, err)
	assert.Equal(t, Underway, s.Status)
	require.NoError(t, f.Close())
	s, err = summaryOf(f.Dir())
	require.NoError(t, err)
	assert.Equal(t, Died, s.Status)
}

func TestASummaryOfATornJournal(t *testing.T) {
	d := store(t, t.TempDir(), testID, intentRecord(), at(0, Record{Kind: KindEnd, End: &End{Status: OK}}))
	text, err := os.ReadFile(d.Journal())
	require.NoError(t, err)
	for cut := 1; cut < 40; cut++ {
		require.NoError(t, os.WriteFile(d.Journal(), text[:len(text)-cut], 0o600))
		s, err := summaryOf(d)
		require.NoError(t, err)
		require.Equal(t, Died, s.Status, cut)
		require.Equal(t, 1, s.Actions)
	}
}

// The marks of kinds stand where tellsMore looks for them, and not in what records carry.
func TestOnlyIntentsAndVerdictsAreDecoded(t *testing.T) {
	for i, line := range written(t) {
		kind := append([]*Record{runRecord()}, oneOfEachKind()[1:]...)[i].Kind
		assert.Equal(t, kind == KindIntent || kind == KindVerdict, tellsMore([]byte(line)), kind)
	}
}

func TestALongJournalIsNotReadAsAWhole(t *testing.T) {
	early := at(0, Record{Kind: KindVerdict, Verdict: &Verdict{State: "down"}})
	records := []*Record{early, intentRecord()}
	for range tailBudget/resultLimit + 8 {
		records = append(records, readRecord(json.RawMessage(`"`+strings.Repeat("x", resultLimit-2)+`"`)))
	}
	d := store(t, t.TempDir(), testID, append(records, action3())...)
	s, err := summaryOf(d)
	require.NoError(t, err)
	assert.Nil(t, s.Verdict)
	assert.Equal(t, 3, s.Actions, "the number of the last says how many there were")
}

func TestALastRecordBeyondTheBudgetIsNoEnd(t *testing.T) {
	long := intentRecord()
	long.Intent.Changes[0].Diff = strings.Repeat("d", tailBudget)
	s, err := summaryOf(store(t, t.TempDir(), testID, long))
	require.NoError(t, err)
	assert.Equal(t, Died, s.Status)
}

func TestASummarySaysWhyThereIsNone(t *testing.T) {
	for name, c := range map[string]struct {
		old, with, want string
	}{
		"first line":  {`{"seq":1`, `{"seq":x`, ":1: not a journal"},
		"new format":  {`"format":1`, `"format":9`, ":1: written by runbook 0.1.0 in record format 9"},
		"last line":   {`{"seq":2`, `{"seq":x`, "journal.jsonl: its last line is not a record"},
		"no such":     {`"kind":"end"`, `"kind":"omen"`, `its last line is a record of the unknown kind "omen"`},
		"lost a part": {`"kind":"end"`, `"kind":"show"`, `its last line is a record of kind "show" lacks`},
	} {
		t.Run(name, func(t *testing.T) {
			d := store(t, t.TempDir(), testID, at(0, Record{Kind: KindEnd, End: &End{Status: OK}}))
			damage(t, d, c.old, c.with)
			_, err := summaryOf(d)
			assert.ErrorContains(t, err, c.want)
		})
	}
}

func TestAnEmptyDirectoryIsNoRun(t *testing.T) {
	base := t.TempDir()
	_, err := Head(DirOf(base, testID))
	assert.ErrorIs(t, err, os.ErrNotExist)
	f, err := Create(base, testID)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	_, err = Head(f.Dir())
	assert.ErrorContains(t, err, "holds no record")
}

func TestARunIsBeginningOnlyWithoutARecord(t *testing.T) {
	base := t.TempDir()
	assert.False(t, Beginning(DirOf(base, testID), noon), "there is no such run")
	f, err := Create(base, testID)
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	require.NoError(t, os.Chtimes(string(f.Dir()), time.Time{}, noon))
	assert.True(t, Beginning(f.Dir(), noon.Add(beginTime-1)))
	assert.False(t, Beginning(f.Dir(), noon.Add(beginTime)), "it died before it began")
	require.NoError(t, f.Write(runRecord()))
	assert.False(t, Beginning(f.Dir(), noon))
}

func BenchmarkSummariesOfAThousandRuns(b *testing.B) {
	base := b.TempDir()
	text := strings.Join(written(b), "")
	for i := range 1000 {
		d := DirOf(base, fmt.Sprintf("20261123-%06d-aaaa", i))
		require.NoError(b, os.MkdirAll(string(d), 0o700))
		require.NoError(b, os.WriteFile(d.Journal(), []byte(text), 0o600))
		require.NoError(b, os.WriteFile(filepath.Join(string(d), "lock"), nil, 0o600))
	}
	for b.Loop() {
		runs, err := Runs(base)
		require.NoError(b, err)
		for _, d := range runs {
			_, err := summaryOf(d)
			require.NoError(b, err)
		}
	}
}
