package tape

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// Numbers are those of the records, of which the first of the run is number 1.
func TestWhatEndedTheRunIsAskedForAgain(t *testing.T) {
	for name, c := range map[string]struct {
		records []*journal.Record
		dropped []int64
	}{
		"nothing, where it was killed between two calls": {
			[]*journal.Record{step(1), read("a"), intent("b"), outcome("b", journal.Done)}, nil,
		},
		"the last failure": {
			[]*journal.Record{step(1), read("a"), failedRead("b"), stepEnd(1, journal.Failed), end(journal.Failed, 1)}, []int64{4, 5},
		},
		"all failures at the end, with what was told between them": {
			[]*journal.Record{step(1), read("a"), failedRead("b"), show(), failedRead("c"), end(journal.Failed, 1)}, []int64{4, 5, 6},
		},
		"no failure that a call followed": {
			[]*journal.Record{step(1), failedRead("a"), read("b"), failedRead("c"), end(journal.Failed, 1)}, []int64{5},
		},
		"no failure of a step that ended well": {
			[]*journal.Record{step(1), failedRead("a"), stepEnd(1, journal.OK), step(2), failedRead("b"), end(journal.Failed, 2)}, []int64{6},
		},
		"no failure of a step that was skipped": {
			[]*journal.Record{step(1), failedRead("a"), stepEnd(1, journal.Skipped), end(journal.Interrupted, 0)}, nil,
		},
		"a failure of a step that was declined, but not of the one before": {
			[]*journal.Record{step(1), failedRead("a"), stepEnd(1, journal.OK), step(2), consent("b", false), stepEnd(2, journal.Declined), end(journal.Declined, 2)},
			[]int64{6, 7},
		},
		"an action that did not happen, with its consent": {
			[]*journal.Record{step(1), consent("a", true), intent("a"), outcome("a", journal.NotDone), end(journal.Failed, 1)}, []int64{3, 4, 5},
		},
		"the outcome of an action of which nobody knows": {
			[]*journal.Record{step(1), consent("a", true), intent("a"), outcome("a", journal.Uncertain), end(journal.Failed, 1)}, []int64{5},
		},
		"consent to what was not written down": {
			[]*journal.Record{step(1), read("a"), consent("b", true)}, []int64{4},
		},
		"nothing of an action that was sent": {
			[]*journal.Record{step(1), consent("a", true), intent("a")}, nil,
		},
		"a result that is gone": {
			[]*journal.Record{step(1), read("a"), lost(read("b"))}, []int64{4},
		},
		"failures in branches of a group under way": {
			[]*journal.Record{step(1), in("a", read("a")), in("a", failedRead("b")), in("c", read("d")), in("c > e", failedRead("f"))}, []int64{4, 6},
		},
		"a group that an error ended, and that error": {
			[]*journal.Record{step(1), in("a", read("a")), in("b", failedRead("b")), stopped(), stepEnd(1, journal.Failed), end(journal.Failed, 1)}, []int64{4, 5, 6},
		},
		"no failure before a group of which anything stays": {
			[]*journal.Record{step(1), failedRead("a"), in("b", read("b")), in("b", failedRead("c")), stopped(), end(journal.Failed, 1)}, []int64{5, 6},
		},
		"a failure before a group of which nothing stays": {
			[]*journal.Record{step(1), read("z"), failedRead("a"), in("b", failedRead("c")), stopped(), end(journal.Failed, 1)}, []int64{4, 5, 6},
		},
		"no failure in a group that came to its end": {
			[]*journal.Record{step(1), in("a", failedRead("a")), host("parallel"), failedRead("b"), end(journal.Failed, 1)}, []int64{5},
		},
		"not what an earlier resume left out": {
			[]*journal.Record{step(1), failedRead("a"), end(journal.Failed, 1), resumed([]int64{3}, nil), read("a"), failedRead("b")}, []int64{7},
		},
		"a clean-up that failed after steps that went well": {
			[]*journal.Record{step(1), stepEnd(1, journal.OK), step(2), stepEnd(2, journal.OK), cleanUps(), read("a"), failedRead("b"), end(journal.Failed, 2)}, []int64{8},
		},
		"the clean-ups of an interrupted run, which looked only": {
			[]*journal.Record{step(1), read("a"), stepEnd(1, journal.Interrupted), cleanUps(), read("b"), show(), end(journal.Interrupted, 1)}, []int64{5, 6, 7, 4},
		},
		"clean-ups whose actions changed nothing": {
			[]*journal.Record{step(1), cleanUps(), unchanged(intent("a")), outcome("a", journal.Unchanged), intent("b"), outcome("b", journal.NotDone), end(journal.Interrupted, 1)},
			[]int64{3, 4, 5, 6, 7},
		},
		"nothing of clean-ups in which it was killed": {
			[]*journal.Record{step(1), stepEnd(1, journal.Failed), cleanUps(), intent("a"), outcome("a", journal.Done)}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			selected, err := Select(journalOf(c.records...), 0)
			require.NoError(t, err)
			assert.ElementsMatch(t, c.dropped, selected.Resume.Dropped)
			assert.Empty(t, selected.Resume.Kept)
		})
	}
}

func TestAStepThatIsBegunAnew(t *testing.T) {
	first := []*journal.Record{step(1), read("a"), stepEnd(1, journal.OK)} // 2, 3, 4
	for name, c := range map[string]struct {
		records       []*journal.Record // from number 5
		dropped, kept []int64
	}{
		"looks again": {
			[]*journal.Record{step(2), read("b"), show(), failedRead("c"), end(journal.Failed, 2)}, []int64{5, 6, 7, 8}, nil,
		},
		"does nothing twice that would do harm": {
			[]*journal.Record{step(2), intent("b"), outcome("b", journal.Done)}, []int64{5}, []int64{6, 7},
		},
		"does again what twice is once": {
			[]*journal.Record{step(2), idempotent(intent("b")), outcome("b", journal.Done)}, []int64{5, 6, 7}, nil,
		},
		"does what did not happen": {
			[]*journal.Record{step(2), intent("b"), outcome("b", journal.NotDone)}, []int64{5, 6, 7}, nil,
		},
		"looks again at what was so already": {
			[]*journal.Record{step(2), unchanged(intent("b")), outcome("b", journal.Unchanged), unchanged(intent("c"))}, []int64{5, 6, 7, 8}, nil,
		},
		"settles what may have happened": {
			[]*journal.Record{step(2), intent("b"), outcome("b", journal.Uncertain), intent("c"), idempotent(intent("d"))}, []int64{5, 7}, []int64{6, 8, 9},
		},
		"asks a target that several actions were on": {
			[]*journal.Record{step(2), on("x", idempotent(intent("b"))), outcome("b", journal.Done), on("x", intent("c")), outcome("c", journal.Done)},
			[]int64{5, 6, 7, 9}, []int64{8},
		},
		"asks a target that a clean-up was on": {
			[]*journal.Record{step(2), on("x", intent("b")), outcome("b", journal.Done), cleanUps(), on("x", idempotent(intent("c"))), outcome("c", journal.Done), end(journal.Failed, 2)},
			[]int64{5, 7, 8, 9, 10}, []int64{6},
		},
		"is asked about anew": {
			[]*journal.Record{step(2), consent("b", true), intent("b"), outcome("b", journal.Done), in("c", answer("why?"))}, []int64{5, 6, 9}, []int64{7, 8},
		},
	} {
		t.Run(name, func(t *testing.T) {
			selected, err := Select(journalOf(append(first, c.records...)...), 2)
			require.NoError(t, err)
			assert.ElementsMatch(t, c.dropped, selected.Resume.Dropped)
			assert.ElementsMatch(t, c.kept, selected.Resume.Kept)
			assert.Equal(t, 2, selected.Resume.FromStep)
			assert.Len(t, selected.Records, 3)
		})
	}
}

func TestWhatIsNotResumed(t *testing.T) {
	for name, c := range map[string]struct {
		records  []*journal.Record
		fromStep int
		message  string
	}{
		"a run that came to its end":       {[]*journal.Record{step(1), end(journal.OK, 0)}, 0, "run r came to its end"},
		"from a step that was not reached": {[]*journal.Record{step(1)}, 2, "run r did not reach step 2: it came to step 1 of 2"},
		"what its own script ended":        {[]*journal.Record{step(1), read("a"), stepEnd(1, journal.Failed), end(journal.Failed, 1)}, 0, "was ended by its own script in step 1"},
		"behind clean-ups that changed things": {
			[]*journal.Record{step(1), failedRead("a"), cleanUps(), intent("b"), outcome("b", journal.Done), end(journal.Failed, 1)}, 0,
			"the clean-ups of run r have changed things since (test.do things/b)",
		},
		"behind clean-ups that may have": {
			[]*journal.Record{step(1), cleanUps(), intent("b"), end(journal.Interrupted, 1)}, 0, "the clean-ups of run r have changed things since",
		},
		"without a result that later calls rest on": {
			[]*journal.Record{step(1), lost(read("a")), read("b")}, 0, "a result of run r did not survive the death of the machine (test.do things/a in step 1)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Select(journalOf(c.records...), c.fromStep)
			require.ErrorContains(t, err, c.message)
		})
	}
	_, err := Select([]*journal.Record{step(1)}, 0)
	require.ErrorContains(t, err, "this is not the journal of a run")
}

// What was kept by one resume is kept by the next, and what was dropped stays dropped.
func TestASelectionIsMadeOfEarlierOnes(t *testing.T) {
	records := journalOf(step(1), intent("a"), outcome("a", journal.Done), failedRead("b"), end(journal.Failed, 1),
		resumed([]int64{2, 5}, []int64{3, 4}), step(1), failedRead("b"), end(journal.Failed, 1))
	selected, err := Select(records, 0)
	require.NoError(t, err)
	assert.Equal(t, []int64{9}, selected.Resume.Dropped)
	assert.Empty(t, selected.Resume.Kept, "it was said before")
	assert.Equal(t, records[2:4], selected.Kept)
	assert.Equal(t, records[7:8], selected.Records)

	whole := Whole(records)
	assert.Equal(t, records[2:4], whole.Kept)
	assert.Equal(t, records[7:9], whole.Records, "a replay hears failures too")
}
