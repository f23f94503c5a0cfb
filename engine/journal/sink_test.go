package journal

import (
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
