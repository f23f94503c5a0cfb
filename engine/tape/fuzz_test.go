package tape

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// makers make a record of each kind, and of each way in which one may have gone.
var makers = []func(key string, number int) *journal.Record{
	func(_ string, n int) *journal.Record { return step(n) },
	func(_ string, n int) *journal.Record { return stepEnd(n, journal.OK) },
	func(_ string, n int) *journal.Record { return stepEnd(n, journal.Failed) },
	func(string, int) *journal.Record { return cleanUps() },
	func(key string, _ int) *journal.Record { return read(key) },
	func(key string, _ int) *journal.Record { return failedRead(key) },
	func(key string, _ int) *journal.Record { return lost(read(key)) },
	func(key string, n int) *journal.Record { return wait(key, n) },
	func(key string, _ int) *journal.Record { return intent(key) },
	func(key string, _ int) *journal.Record { return idempotent(intent(key)) },
	func(key string, _ int) *journal.Record { return unchanged(intent(key)) },
	func(key string, _ int) *journal.Record { return outcome(key, journal.Done) },
	func(key string, _ int) *journal.Record { return outcome(key, journal.NotDone) },
	func(key string, _ int) *journal.Record { return outcome(key, journal.Uncertain) },
	func(key string, _ int) *journal.Record { return outcome(key, journal.Unchanged) },
	func(key string, n int) *journal.Record { return consent(key, n > 0) },
	func(key string, _ int) *journal.Record { return host(key) },
	func(string, int) *journal.Record { return stopped() },
	func(key string, _ int) *journal.Record { return answer(key) },
	func(string, int) *journal.Record { return show() },
	func(_ string, n int) *journal.Record { return end(journal.Failed, n) },
	func(_ string, n int) *journal.Record { return end(journal.Interrupted, n) },
	func(string, int) *journal.Record { return end(journal.OK, 0) },
	func(string, int) *journal.Record { return journalOf()[0] },
	func(string, int) *journal.Record { return &journal.Record{Kind: "of a later version"} },
}

// recordsOf makes a journal of three bytes a record: what it is, where and about what, and a number.
func recordsOf(data []byte) []*journal.Record {
	records := journalOf()
	for len(data) >= 3 {
		what, where, number := int(data[0]), int(data[1]), int(data[2])
		data = data[3:]
		var r *journal.Record
		if what %= len(makers) + 1; what == len(makers) {
			r = resumed([]int64{int64(number), int64(where)}, []int64{int64(where % 7), int64(number % 11)})
		} else {
			r = makers[what]([]string{"a", "b", "c"}[where%3], number%4)
		}
		r.Branch = []string{"", "", "x", "y", "x > z"}[where/3%5]
		r.Seq = int64(len(records)) + 1
		records = append(records, r)
	}
	return records
}

// Whatever a journal holds, what is chosen of it is some of it, said so, and the same as what the next reader of the journal finds.
func FuzzSelect(f *testing.F) {
	f.Add([]byte("\x00\x00\x01\x04\x00\x00\x05\x01\x00"), byte(0))
	f.Add([]byte("\x00\x00\x01\x08\x06\x00\x0b\x06\x00\x11\x00\x00\x14\x00\x01"), byte(1))
	f.Add([]byte("\x00\x00\x01\x03\x00\x00\x08\x00\x00\x15\x00\x01\x19\x03\x04\x04\x00\x00"), byte(0))
	f.Fuzz(func(t *testing.T, data []byte, fromStep byte) {
		records := recordsOf(data[:min(len(data), 3*64)])
		for _, whole := range append(Whole(records).Records, Whole(records).Kept...) {
			require.Contains(t, records, whole)
		}
		selected, err := Select(records, int(fromStep%4))
		if err != nil {
			return
		}
		before := Whole(records)
		holds := append(slices.Clone(selected.Records), selected.Kept...)
		for _, r := range holds {
			require.True(t, slices.Contains(before.Records, r) || slices.Contains(before.Kept, r))
			require.NotContains(t, selected.Resume.Dropped, r.Seq)
		}
		require.Len(t, holds, len(before.Records)+len(before.Kept)-len(selected.Resume.Dropped))
		after := Whole(append(records, &journal.Record{Seq: int64(len(records)) + 1, Kind: journal.KindResume, Resume: &selected.Resume}))
		require.Equal(t, selected.Records, after.Records)
		require.ElementsMatch(t, selected.Kept, after.Kept)
		selected.Tape()
	})
}
