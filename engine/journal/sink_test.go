package journal

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is kept in memory is what was written then, whatever becomes of the record later.
func TestMemoryKeepsWhatWasWritten(t *testing.T) {
	m := &Memory{}
	r := &Record{Kind: KindStep, Branch: "a"}
	require.NoError(t, m.Write(r))
	r.Branch = "b"
	require.NoError(t, m.Write(r))
	require.Equal(t, []string{"a", "b"}, []string{m.Records[0].Branch, m.Records[1].Branch})
	require.Equal(t, []int64{1, 2}, []int64{m.Records[0].Seq, m.Records[1].Seq})
}

// broken keeps nothing.
type broken struct{ error }

func (b broken) Write(*Record) error { return b.error }

// Where the journal fails a person is told all the same what has happened, and nothing as about to be sent.
func TestWhatNoJournalKeepsIsToldAPerson(t *testing.T) {
	full := errors.New("no space left on device")
	screen := &Memory{}
	sink := Tee(broken{full}, screen)
	for _, kind := range []Kind{KindIntent, KindOutcome, KindEnd} {
		require.ErrorIs(t, sink.Write(&Record{Kind: kind}), full)
	}
	require.Len(t, screen.Records, 2)
	require.Equal(t, []Kind{KindOutcome, KindEnd}, []Kind{screen.Records[0].Kind, screen.Records[1].Kind})
}
