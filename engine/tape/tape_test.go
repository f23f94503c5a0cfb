package tape

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/journal"
)

func ask(kind journal.Kind, name string) Call { return Call{Kind: kind, Name: name, Where: "x.lua:3"} }

func next(t *testing.T, tape *Tape, c Call) *journal.Record {
	t.Helper()
	r, err := tape.Next(c)
	require.NoError(t, err)
	return r
}

func TestATapeAnswersInOrderAndIsLiveBehindItsEnd(t *testing.T) {
	records := journalOf(step(1), read("a"), show(), host("time.now"), answer("why?"), in("b", read("c")))
	tape := New(records)
	assert.Equal(t, records[2], next(t, tape, ask(journal.KindRead, "a")))
	assert.Equal(t, records[4], next(t, tape, ask(journal.KindHost, "time.now")), "past what was told")
	assert.True(t, tape.Left(""))
	assert.Equal(t, records[5], next(t, tape, ask(journal.KindAnswer, "why?")))
	assert.False(t, tape.Left(""))
	assert.True(t, tape.Live())
	assert.Nil(t, next(t, tape, ask(journal.KindRead, "a")))
	assert.Equal(t, records[6], next(t, tape, Call{Branch: "b", Kind: journal.KindRead, Name: "c"}), "another branch has its own")
	assert.Nil(t, next(t, new(Tape), ask(journal.KindRead, "a")))
}

func TestAnotherCallIsADivergence(t *testing.T) {
	recorded := read("One / test.look x")
	recorded.Call.Where = "x.lua:2"
	for name, c := range map[string]struct {
		record  *journal.Record
		call    Call
		message string
	}{
		"another operation": {
			recorded, ask(journal.KindRead, "One / test.look y"),
			"the script went another way than recorded at x.lua:3:\n- read One / test.look x  (x.lua:2)\n+ read One / test.look y",
		},
		"another kind": {recorded, ask(journal.KindIntent, "One / test.look x"), "- read One / test.look x  (x.lua:2)\n+ intent One / test.look x"},
		"a value":      {recorded, ask(journal.KindHost, "time.now"), "+ time.now"},
		"a question":   {answer("why?"), ask(journal.KindAnswer, "how?"), "- an answer to \"why?\"\n+ an answer to \"how?\""},
		"consent":      {consent("x", true), ask(journal.KindOutcome, "x"), "- consent to x\n+ the outcome of x"},
		"the end":      {show(), ask(journal.KindWait, "w"), "the recording ends here: it has nothing for wait w at x.lua:3"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := New([]*journal.Record{c.record}).Closed().Next(c.call)
			var divergence *Divergence
			require.ErrorAs(t, err, &divergence)
			assert.Contains(t, err.Error(), c.message)
		})
	}
}

func TestAClosedTapeIsAllThereIs(t *testing.T) {
	tape := New(journalOf(in("a", read("x")))).Closed()
	assert.False(t, tape.Live())
	group := ask(journal.KindHost, "parallel")
	assert.Nil(t, next(t, tape, group), "a group whose branches are recorded, but not its end")
	assert.NotNil(t, next(t, tape, Call{Branch: "a", Kind: journal.KindRead, Name: "x"}))
	_, err := tape.Next(group)
	require.Error(t, err)
	assert.True(t, tape.Stop(), "there is nothing to be live")
}

func TestWhatNeedNotHaveBeenAsked(t *testing.T) {
	tape := New(journalOf(read("a"), wait("w", 3)))
	assert.Nil(t, tape.Maybe(ask(journal.KindConsent, "a")))
	assert.NotNil(t, tape.Ahead(ask(journal.KindWait, "w")))
	assert.Nil(t, tape.Ahead(ask(journal.KindWait, "v")))
	assert.Nil(t, tape.Ahead(Call{Branch: "b", Kind: journal.KindWait, Name: "w"}))
	assert.NotNil(t, tape.Maybe(ask(journal.KindRead, "a")), "it was not moved")
	assert.NotNil(t, next(t, tape, ask(journal.KindWait, "w")))
	assert.Nil(t, tape.Ahead(ask(journal.KindWait, "w")), "it is behind")
}

// What a script tells, it gets nothing for: it may tell other things than it told then.
func TestWhatWasTold(t *testing.T) {
	tape := New(journalOf(step(1), show(), read("a"), show()))
	assert.Nil(t, tape.Telling("", journal.KindVerdict), "it was not told then")
	assert.NotNil(t, tape.Telling("", journal.KindStep))
	assert.Nil(t, tape.Telling("", journal.KindStep), "once")
	assert.NotNil(t, tape.Telling("", journal.KindShow))
	assert.Nil(t, tape.Telling("", journal.KindShow), "a call comes before it")
	next(t, tape, ask(journal.KindRead, "a"))
	assert.NotNil(t, tape.Telling("", journal.KindShow))
	assert.Nil(t, tape.Telling("", journal.KindShow), "behind the end")
	assert.Nil(t, tape.Telling("b", journal.KindShow))
}

func TestWhatHadBegun(t *testing.T) {
	tape := New(journalOf(in("a > b", read("x")), in("c", show())))
	assert.True(t, tape.Begun("a"), "inside of it")
	assert.True(t, tape.Begun("a > b"))
	assert.False(t, tape.Begun("a > bb"))
	assert.False(t, tape.Begun("c"), "nothing that it asked for")
	assert.False(t, tape.Begun("d"))
	next(t, tape, Call{Branch: "a > b", Kind: journal.KindRead, Name: "x"})
	assert.False(t, tape.Begun("a"))
}

func TestKeptActionsAnswerWhereverTheyCome(t *testing.T) {
	tape := Selection{Records: journalOf(step(1)), Kept: []*journal.Record{intent("a"), outcome("a", journal.Done), intent("b")}}.Tape()
	assert.Nil(t, next(t, tape, ask(journal.KindRead, "a")))
	for range 2 {
		b, err := tape.Next(Call{Branch: "elsewhere", Kind: journal.KindIntent, Name: "b"})
		require.NoError(t, err)
		if b == nil {
			break
		}
		assert.Equal(t, "b", b.Key)
	}
	assert.NotNil(t, next(t, tape, ask(journal.KindIntent, "a")))
	assert.NotNil(t, next(t, tape, ask(journal.KindOutcome, "a")))
	assert.Nil(t, next(t, tape, ask(journal.KindIntent, "a")), "each once")
}

func TestStop(t *testing.T) {
	for name, c := range map[string]struct {
		heard   int
		stopped bool
		left    bool
	}{
		"before clean-ups that are still to come": {0, false, true},
		"where they begin":                        {1, true, true},
		"behind their beginning":                  {2, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			tape := Selection{Records: journalOf(read("a"), cleanUps(), read("b"), read("c")), Kept: []*journal.Record{intent("k")}}.Tape()
			for _, key := range []string{"a", "b"}[:c.heard] {
				next(t, tape, ask(journal.KindRead, key))
			}
			assert.Equal(t, c.stopped, tape.Stop())
			assert.Equal(t, c.left, tape.Left(""))
			assert.Equal(t, c.left, next(t, tape, ask(journal.KindIntent, "k")) != nil)
		})
	}
}

// However branches come one after another, each hears its own calls in order, and any other call is a divergence, as often as it is
// asked for.
func TestBranchesHearWhatTheyAskedFor(t *testing.T) {
	branches := []string{"", "a", "a > b", "c"}
	rapid.Check(t, func(t *rapid.T) {
		var records []*journal.Record
		calls := map[string][]*journal.Record{}
		for i := range rapid.IntRange(0, 20).Draw(t, "records") {
			r := in(rapid.SampledFrom(branches).Draw(t, "branch"), rapid.SampledFrom([]func(string) *journal.Record{
				read, host, answer, intent, func(string) *journal.Record { return show() },
			}).Draw(t, "kind")(fmt.Sprintf("k%d", i%5)))
			records = append(records, r)
			if r.Kind != journal.KindShow {
				calls[r.Branch] = append(calls[r.Branch], r)
			}
		}
		tape := New(records).Closed()
		for range 2 * len(records) {
			branch := rapid.SampledFrom(branches).Draw(t, "asks")
			kind, asked := journal.KindRead, "never recorded"
			right := rapid.Bool().Draw(t, "right") && len(calls[branch]) > 0
			if right {
				kind, asked = calls[branch][0].Kind, name(calls[branch][0])
			}
			got, err := tape.Next(Call{Branch: branch, Kind: kind, Name: asked})
			if !right {
				var divergence *Divergence
				require.ErrorAs(t, err, &divergence)
				continue
			}
			require.NoError(t, err)
			require.Same(t, calls[branch][0], got)
			calls[branch] = calls[branch][1:]
			require.Equal(t, len(calls[branch]) > 0, tape.Left(branch))
		}
	})
}
