package screen

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// killedRehearsal is a dry run whose process died.
func killedRehearsal() *tape {
	t := newTape(journal.DryRun)
	return t.step(2, "Restart failed pods").act(deletion(1, "photon-compiler-7d9f8b6c5-x2x4z").intended())
}

func TestABrokenOffRunSaysWhyAndWhatToType(t *testing.T) {
	byPath := killedRehearsal()
	byPath.records[0].Run.Source, byPath.records[0].Run.Path = "file", "./mine.lua"
	for name, c := range map[string]struct {
		tape *tape
		why  Break
		want string
	}{
		"died": {killed(), Died, `
DIED: the process of this run went away without a last word
  Changed:  1  delete pods/photon-compiler-7d9f8b6c5-x2x4z
  Unknown:  2  delete pods/photon-compiler-7d9f8b6c5-m8k2p: in flight when it died: it may have been done or not
  Next:     runbook resume 20261123-0312-k7
`},
		"running": {killed(), Unfinished, `
STILL RUNNING: this is how far it is
  Changed:  1  delete pods/photon-compiler-7d9f8b6c5-x2x4z
  Pending:  2  delete pods/photon-compiler-7d9f8b6c5-m8k2p: under way
  Next:     runbook runs show 20261123-0312-k7
`},
		"unreadable": {killed(), Unreadable, `
UNREADABLE: the record of this run cannot be read beyond this
  Changed:  1  delete pods/photon-compiler-7d9f8b6c5-x2x4z
  Unknown:  2  delete pods/photon-compiler-7d9f8b6c5-m8k2p: what came of it cannot be read
  Next:     look at what is unknown before anything else
            runbook run compiler-down --dry-run, with the same parameters, shows what is left to do
`},
		"dry run": {killedRehearsal(), Died, `
DRY RUN DIED: the process of this run went away without a last word
  Changed:  nothing (DRY RUN); 1 action intended (delete 1 pod) before this
  Next:     runbook run compiler-down --dry-run
`},
		"script": {byPath, Died, "  Next:     runbook run ./mine.lua --dry-run\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			text := NewText(&out, Options{})
			text.EndsWith(c.why)
			play(t, text, c.tape.records)
			assert.True(t, strings.HasSuffix(out.String(), c.want), out.String())
		})
	}
}

func TestAnEndedRunNeedsNoReason(t *testing.T) {
	var plain, told bytes.Buffer
	play(t, NewText(&plain, Options{}), rehearsal().records)
	text := NewText(&told, Options{})
	text.EndsWith(Died)
	play(t, text, rehearsal().records)
	assert.Equal(t, plain.String(), told.String())
}

func TestNarrowLeavesOutWhatIsExpendable(t *testing.T) {
	all := []string{"id", "who", "site"}
	rows := [][]string{{"12345678", "ann@host", "prod"}, {"12345679", "b", "p"}}
	for width, want := range map[int][]string{
		0: all, 80: all, 26: all, 25: {"id", "site"}, 15: {"id", "site"}, 14: {"id"}, 3: {"id"},
	} {
		gotColumns, gotRows := Narrow(Look{Width: columns(width)}, all, rows, "who", "nothing", "site")
		assert.Equal(t, want, gotColumns, width)
		require.Len(t, gotRows[1], len(want))
		assert.Equal(t, "12345679", gotRows[1][0])
	}
	assert.Equal(t, "ann@host", rows[0][1], "the caller's rows stay")
}

// stored are the records as they are read back from a journal.
func stored(t *testing.T, records []*journal.Record) []*journal.Record {
	t.Helper()
	read := make([]*journal.Record, len(records))
	for i, r := range records {
		var line bytes.Buffer
		require.NoError(t, journal.EncodeResult(&line, r))
		read[i] = new(journal.Record)
		require.NoError(t, json.Unmarshal(line.Bytes(), read[i]))
	}
	return read
}

func TestAStoredRunShowsWhatTheLiveOneDid(t *testing.T) {
	for name, tape := range map[string]*tape{
		"rehearsal": rehearsal(), "failed rehearsal": failedRehearsal(), "forbidden": forbidden(), "branches": branches(), "bumpy": bumpy(),
		"killed": killed(),
	} {
		t.Run(name, func(t *testing.T) {
			var liveText, storedText, liveDocument, storedDocument bytes.Buffer
			play(t, NewText(&liveText, Options{}), tape.records)
			play(t, NewText(&storedText, Options{}), stored(t, tape.records))
			assert.Equal(t, liveText.String(), storedText.String())
			play(t, NewDocument(&liveDocument), tape.records)
			play(t, NewDocument(&storedDocument), stored(t, tape.records))
			assert.Equal(t, liveDocument.String(), storedDocument.String())
		})
	}
}

func TestAWarningIsOneHarmlessLine(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Warning(&out, Look{Color: true}, "a\nb\x1b[2J"))
	assert.Equal(t, "\x1b[33mwarning: a b␛[2J\x1b[0m\n", out.String())
}
