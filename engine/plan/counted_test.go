package plan

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"runbook/engine/journal"
)

func TestWhatMustComeIsNotCountedWithWhatMayRepeat(t *testing.T) {
	numbered := func(n int) string { return fmt.Sprintf("%s #%d", key("", describe("team", 1)), n) }
	may := func(n int) *journal.Record { r := message("", "team", n); r.Key = numbered(n); return r }
	must := may(3)
	must.Intent.Repeatable = false
	for _, times := range []int{0, 2, 7} {
		m := written(t, t.TempDir(), []*journal.Record{may(1), may(2), intent("", "a", 1), must}).Matcher()
		for n := range times {
			_, err := ask(m, may(n+1))
			assert.Nil(t, err)
		}
		_, err := ask(m, intent("", "a", 1))
		assert.Nil(t, err)
		_, err = m.Approve("", numbered(times+1), "", describe("team", 1))
		assert.Nil(t, err, "times %d", times)
		assert.Empty(t, names(m.Missed()))
	}
}

func TestWhatDidNotHappenMayBeLeftOut(t *testing.T) {
	nth := func(n int) *journal.Record {
		r := intent("", "x", 1)
		r.Key = fmt.Sprintf("%s #%d", key("", describe("x", 1)), n)
		return r
	}
	b := intent("", "b", 1)
	m := written(t, t.TempDir(), []*journal.Record{nth(1), b, nth(2)}).Matcher()
	_, err := ask(m, nth(1))
	assert.Nil(t, err)
	m.Undone("", nth(1).Key)
	_, err = ask(m, b)
	assert.Nil(t, err)
	_, err = ask(m, nth(2))
	assert.Nil(t, err)
}
