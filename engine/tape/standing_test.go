package tape

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine/journal"
)

// line is a record in a few words.
func line(r *journal.Record) string {
	text := string(r.Kind)
	switch {
	case r.Step != nil:
		text += fmt.Sprint(" ", r.Step.Number)
	case r.Key != "":
		text += " " + r.Key
	}
	if r.Recalled {
		text += " again"
	}
	return text
}

func numbered(records ...*journal.Record) []*journal.Record {
	for i, r := range records {
		r.Seq = int64(i + 1)
	}
	return records
}

func stepOf(n int) *journal.Record {
	return &journal.Record{Kind: journal.KindStep, Step: &journal.Step{Number: n}}
}

func of(kind journal.Kind, key string) *journal.Record { return &journal.Record{Kind: kind, Key: key} }

func resume(dropped, kept []int64) *journal.Record {
	return &journal.Record{Kind: journal.KindResume, Resume: &journal.Resume{Dropped: dropped, Kept: kept}}
}

func TestStanding(t *testing.T) {
	for name, c := range map[string]struct {
		records []*journal.Record
		want    []string
	}{
		"not resumed": {
			numbered(of(journal.KindRun, ""), stepOf(1), of(journal.KindIntent, "a"), of(journal.KindEnd, "")),
			[]string{"run", "step 1", "intent a", "end"},
		},
		"an end that others follow": {
			numbered(of(journal.KindRun, ""), of(journal.KindEnd, ""), stepOf(1)),
			[]string{"run", "step 1"},
		},
		"dropped, and live": {
			numbered(of(journal.KindRun, ""), stepOf(1), of(journal.KindIntent, "a"), of(journal.KindOutcome, "a"), of(journal.KindEnd, ""),
				resume([]int64{3, 4}, nil), of(journal.KindIntent, "a"), of(journal.KindEnd, "")),
			[]string{"run", "resume", "step 1 again", "intent a", "end"},
		},
		"kept where its step is begun anew": {
			numbered(of(journal.KindRun, ""), stepOf(1), stepOf(2), of(journal.KindIntent, "a"), stepOf(3), of(journal.KindIntent, "b"),
				resume([]int64{3, 5}, []int64{4, 6}), stepOf(2), of(journal.KindRead, "r"), of(journal.KindEnd, "")),
			[]string{"run", "resume", "step 1 again", "step 2", "intent a again", "read r", "intent b again", "end"},
		},
		"twice": {
			numbered(of(journal.KindRun, ""), stepOf(1), of(journal.KindIntent, "a"), resume([]int64{2}, []int64{3}), stepOf(1), of(journal.KindRead, "r"),
				resume([]int64{6}, nil), of(journal.KindWarning, ""), of(journal.KindRead, "r"), of(journal.KindWarning, "")),
			[]string{"run", "resume", "resume", "warning", "step 1 again", "intent a again", "read r", "warning"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range Standing(c.records) {
				got = append(got, line(r))
			}
			assert.Equal(t, strings.Join(c.want, "\n"), strings.Join(got, "\n"))
		})
	}
}
