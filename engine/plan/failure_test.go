package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// What is planned for a failure is approved once it has come, beside what is planned otherwise, and no more once the same action was
// asked for again.
func TestWhatIsPlannedForAFailure(t *testing.T) {
	a, other := again(intent("", "a", 1), 1), intent("x", "other", 1)
	planned := func() *Matcher {
		return written(t, t.TempDir(), []*journal.Record{a, intent("", "b", 1), intent("", "c", 1), other},
			Turn{Turn: journal.Turn{Name: "start at f:1", Choice: "failed"}, Actions: []*journal.Record{a, intent("", "instead", 1), intent("", "c", 1)}},
		).Matcher()
	}
	asked := func(m *Matcher, r *journal.Record) *action.Error {
		_, err := ask(m, r)
		return err
	}
	fails := func(m *Matcher, r *journal.Record) {
		require.Nil(t, asked(m, r))
		m.Undone("", r.Key)
		m.Failed(r.Key, "start at f:1")
	}
	t.Run("both courses", func(t *testing.T) {
		m := planned()
		require.NotNil(t, asked(m, intent("", "instead", 1)), "nothing failed")
		fails(m, a)
		require.Nil(t, asked(m, intent("", "instead", 1)))
		require.Nil(t, asked(m, other), "of another branch")
		require.Nil(t, asked(m, intent("", "c", 1)))
		require.NotNil(t, asked(m, intent("", "b", 1)), "it comes before c")
		require.NotNil(t, asked(m, intent("", "instead", 1)), "it came")
		assert.Equal(t, []string{"b"}, names(m.Missed()))
	})
	t.Run("tried again", func(t *testing.T) {
		m := planned()
		fails(m, a)
		fails(m, again(a, 2))
		require.Nil(t, asked(m, again(a, 3)))
		require.NotNil(t, asked(m, intent("", "instead", 1)), "it did not fail after all")
		require.Nil(t, asked(m, intent("", "b", 1)))
	})
	t.Run("as other courses have it", func(t *testing.T) {
		m := planned()
		require.Nil(t, asked(m, other))
		assert.Empty(t, m.Others("x"), "nothing failed")
		fails(m, a)
		require.Nil(t, asked(m, intent("", "c", 1)))
		assert.Equal(t, []string{"c"}, names(m.Others("")))
		m = planned()
		fails(m, a)
		require.Nil(t, asked(m, intent("", "instead", 1)))
		assert.Empty(t, m.Others(""), "it is planned for the failure alone")
	})
	t.Run("no course", func(t *testing.T) {
		m := planned()
		require.Nil(t, asked(m, intent("", "b", 1)))
		m.Failed(intent("", "b", 1).Key, "start at f:2")
		err := asked(m, intent("", "instead", 1))
		require.NotNil(t, err)
		assert.Contains(t, err.Message, "; before that start at f:2 failed, and the plan has no course for that; it was not sent")
		m.Failed(a.Key, "start at f:1")
		m.besides = append(m.besides, journal.Turn{Name: "w", Choice: "timeout"})
		err = asked(m, intent("", "stranger", 1))
		require.NotNil(t, err)
		assert.Contains(t, err.Message, "and not together: w did not come true in time, start at f:1 failed; it was not sent")
	})
}
