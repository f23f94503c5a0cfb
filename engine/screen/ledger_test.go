package screen

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// What is listed as run was run: not where a pod is only intended, nor where there was none.
func TestTheCommandsOfALedgerAreThoseThatRan(t *testing.T) {
	read := func(o *journal.Outcome, words ...any) *journal.Record {
		return &journal.Record{Kind: journal.KindRead, Outcome: o, Call: &journal.Call{Identity: []action.Arg{{Name: "argv", Value: words}}}}
	}
	l := newLedger()
	for _, r := range []*journal.Record{
		read(&journal.Outcome{Status: journal.Done, Returned: journal.Returned{Value: map[string]any{"stdout": "x"}}}, "df", "-h"),
		read(&journal.Outcome{Status: journal.Done, Returned: journal.Returned{Result: json.RawMessage(`{"stdout":"x"}`)}}, "ls", "a b"),
		read(&journal.Outcome{Status: journal.NotDone, Error: &journal.Error{Code: action.CodeCommand}}, "false"),
		read(&journal.Outcome{Status: journal.Done, Returned: journal.Returned{Value: map[string]any{"assumed": true}}}, "uptime"),
		read(&journal.Outcome{Status: journal.Done, Returned: journal.Returned{Result: json.RawMessage(`{"assumed":true}`)}}, "uptime"),
		read(&journal.Outcome{Status: journal.NotDone, Error: &journal.Error{Code: action.CodeNotFound}}, "uptime"),
	} {
		l.note(r)
	}
	assert.Equal(t, []string{"df -h", `ls "a b"`, "false"}, l.commands.order)
	for _, on := range []string{"localhost", "rack-1"} {
		r := read(&journal.Outcome{Status: journal.Done}, "df")
		r.Call.Target = action.Target{System: "host", Kind: "commands", Scope: on, Name: "df"}
		l.note(r)
	}
	assert.Equal(t, []string{"df", "df (on rack-1)"}, l.commands.order[3:])

	device := action.Target{System: "device", Kind: "devices"}
	for _, code := range []action.Code{action.CodeNotFound, action.CodeRefused} {
		r := read(&journal.Outcome{Status: journal.NotDone, Error: &journal.Error{Code: code}}, "tool", string(code))
		r.Call.Target = device
		l.note(r)
	}
	list := &journal.Record{Kind: journal.KindRead, Outcome: &journal.Outcome{Status: journal.Done}, Call: &journal.Call{Target: device}}
	for _, on := range []string{"rack-1", "localhost"} {
		list.Call.Identity = append(list.Call.Identity, action.Arg{Name: action.ArgvOn(on), Value: []string{"tool", "--list"}})
	}
	l.note(list)
	assert.Equal(t, []string{"tool not_found", "tool --list (on rack-1)", "tool --list"}, l.commands.order[5:], "what a tool does not know it was asked")
}
