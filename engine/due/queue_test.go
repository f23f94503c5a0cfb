package due

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever is put down and dropped, the rest comes by time, and within one time in the order in which it was put down.
func TestWhatIsDueComesInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		began := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
		var q Queue[int]
		require.Nil(t, q.Next())
		var left []*Item[int]
		for n, seconds := range rapid.SliceOfN(rapid.IntRange(0, 3), 0, 20).Draw(t, "put") {
			it := q.Put(began.Add(time.Duration(seconds)*time.Second), n)
			if rapid.Bool().Draw(t, "drop") {
				q.Drop(it)
				q.Drop(it) // a second time does nothing
				require.False(t, it.Queued())
			} else {
				left = append(left, it)
			}
		}
		slices.SortStableFunc(left, func(a, b *Item[int]) int {
			return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.What, b.What))
		})
		for _, want := range left {
			require.Same(t, want, q.Next())
			require.Same(t, want, q.Take())
			require.False(t, want.Queued())
		}
		require.Nil(t, q.Next())
	})
}
