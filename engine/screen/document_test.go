package screen

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

func TestDocuments(t *testing.T) {
	for name, tape := range map[string]*tape{
		"dry-run": rehearsal(), "failure": forbidden(), "branches": branches(), "killed": killed(), "hostile": hostile(), "charts": charts(),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			play(t, NewDocument(&out), tape.records)
			require.True(t, json.Valid(out.Bytes()))
			golden(t, name+".json", out.Bytes())
		})
	}
}

func TestADocumentWithoutARun(t *testing.T) {
	var out bytes.Buffer
	d := NewDocument(&out)
	play(t, d, []*journal.Record{{Kind: journal.KindEnd, End: &journal.End{
		Status: journal.Failed, Exit: 64, Error: &journal.Error{Code: action.CodeInvalid, Message: "there is no parameter relicas"},
	}}})
	report := decode(t, out.Bytes())
	require.Equal(t, 64, report.Exit)
	require.Equal(t, "there is no parameter relicas", report.Error.Message)
	require.NotContains(t, out.String(), `"steps": null`)
}

func TestADocumentIsWrittenOnce(t *testing.T) {
	var out bytes.Buffer
	d := NewDocument(&out)
	play(t, d, rehearsal().records)
	size := out.Len()
	require.NoError(t, d.Close())
	require.Equal(t, size, out.Len())
}

func TestWhatHappensBeforeTheFirstStepIsKept(t *testing.T) {
	var out bytes.Buffer
	play(t, NewDocument(&out), newTape(journal.RealRun).read("", "kubernetes.list", pod("")).act(message(1).done()).records)
	report := decode(t, out.Bytes())
	require.Equal(t, Incomplete, report.Status)
	require.Equal(t, 0, report.Steps[0].Number)
	require.Equal(t, 1, report.Steps[0].Reads)
	require.Len(t, report.Steps[0].Actions, 1)
	require.Equal(t, NotReached, report.Steps[1].Status)
}

// decode reads a document strictly: what it holds is what Report documents.
func decode(t *testing.T, document []byte) Report {
	t.Helper()
	var report Report
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&report))
	return report
}
