package screen

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// Most clean-ups have nothing to say, such as that of a checklist that was shown already: a heading with nothing below it says less still.
func TestTheCleanUpHasAHeadingWhereItShowsSomething(t *testing.T) {
	cleanUp := &journal.Record{Kind: journal.KindStep, Step: &journal.Step{Number: 2, Name: "clean-up", CleanUp: true}}
	end := &journal.Record{Kind: journal.KindEnd, End: &journal.End{Status: journal.OK}}
	for name, live := range map[string]bool{"in a pipe": false, "on a terminal": true} {
		t.Run(name, func(t *testing.T) {
			shown := func(records ...*journal.Record) string {
				var out bytes.Buffer
				text := NewText(&out, Options{Look: Look{Live: live, Width: func() int { return 80 }}})
				for _, r := range records {
					require.NoError(t, text.Write(r))
				}
				require.NoError(t, text.Close())
				return out.String()
			}
			begun := newTape(journal.RealRun).step(1, "One").records
			quiet := append(append([]*journal.Record{}, begun...), cleanUp, end)
			assert.NotContains(t, shown(quiet...), "[clean-up]\n")
			telling := append(append([]*journal.Record{}, begun...), cleanUp,
				&journal.Record{Kind: journal.KindWarning, Warning: &journal.Warning{Text: "a clean-up failed"}}, end)
			assert.Contains(t, shown(telling...), "[clean-up]\n  warning: a clean-up failed\n")
		})
	}
}
