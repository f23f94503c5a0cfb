package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/redact"
	"runbook/engine/tape"
)

// hidden is a bench whose records pass the redactor, as those of the program do, with secret parameters.
func hidden(t *testing.T, text string, secrets map[string]string) *bench {
	t.Helper()
	b := newBench(t, text, carryOut())
	b.cfg.Given = map[string]string{}
	for name, value := range secrets {
		t.Setenv("SECRET_"+name, value)
		b.cfg.Given[name] = "${env:SECRET_" + name + "}"
	}
	open := b.cfg.Open
	b.cfg.Open = func() (journal.Sink, error) {
		sink, err := open()
		return b.cfg.Redactor.Sink(sink), err
	}
	return b
}

const branchBySecret = `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, params = { one = { secret = true }, two = { secret = true } },
steps = { step("go", function(run)
  parallel({ run.params.one, run.params.two, "three" }, { limit = 1 }, function(name) valve.turn("v " .. name) end)
  valve.turn("last")
end) } }`

var bothSecrets = map[string]string{"one": "first-Secret-1", "two": "second-Secret-2"}

// Two branches that were named by secrets had one name once these were hidden, and in a resumed run none of their actions was found:
// they were done again.
func TestBranchesThatAreNamedBySecretsAreResumed(t *testing.T) {
	b := hidden(t, branchBySecret, bothSecrets)
	b.valve.hook = func() error {
		if len(b.valve.turned) == 3 {
			return errors.New("out of order")
		}
		return nil
	}
	assert.Equal(t, ExitFailed, b.run(t).Exit)
	var branches []string
	for _, r := range b.records.of(journal.KindIntent) {
		branches = append(branches, r.Branch)
	}
	assert.Equal(t, []string{"#1", "#2", "three", ""}, branches)

	var past []*journal.Record
	for i, r := range b.records.all {
		r.Seq = int64(i + 1)
		past = append(past, &r)
	}
	selected, err := tape.Select(past, 0)
	require.NoError(t, err)
	again := hidden(t, branchBySecret, bothSecrets)
	again.cfg.Past = PastOf(past, selected)
	assert.Equal(t, ExitDone, again.run(t).Exit)
	assert.Equal(t, []string{"last"}, again.valve.turned)
}

func TestASecretThatCannotBeHiddenIsTold(t *testing.T) {
	b := hidden(t, `return runbook { summary = "s", params = { pin = { secret = true }, pw = { secret = true } }, steps = { step("one", function() end) } }`,
		map[string]string{"pin": "1234", "pw": "long enough"})
	b.run(t)
	warnings := b.records.of(journal.KindWarning)
	require.Len(t, warnings, 1)
	assert.Equal(t, "the secret pin is too short to be hidden where the script shows it", warnings[0].Warning.Text)
}

// A number is written in more ways than it was typed.
func TestASecretNumberIsHidden(t *testing.T) {
	b := hidden(t, `return runbook { summary = "s", params = { pin = { secret = true, type = "integer" } },
steps = { step("one", function(run) log("it is " .. run.params.pin) log({ pin = run.params.pin }) end) } }`, map[string]string{"pin": "0012345678"})
	b.run(t)
	shown := b.records.of(journal.KindShow)
	assert.Equal(t, "it is [secret]", shown[0].Show.Text)
	assert.JSONEq(t, `{"pin":"[secret]"}`, shown[1].Show.Text)
}

// curious remembers what it was asked.
type curious struct {
	Nobody
	intent *journal.Record
	cause  error
}

func (c *curious) Settled(_ context.Context, intent *journal.Record, cause error) (action.Settlement, string, error) {
	c.intent, c.cause = intent, cause
	return action.Done, "terminal", nil
}

func (c *curious) Consent(_ context.Context, r *journal.Record) (gate.Decision, string, error) {
	c.intent = r
	return gate.Yes, "terminal", nil
}

func TestWhoIsAskedSeesNoSecret(t *testing.T) {
	r := redact.New()
	r.Add("hunter2hunter2")
	intent := &journal.Record{Call: &journal.Call{Verb: "v", Target: action.Target{Name: "of hunter2hunter2"}}, Intent: &journal.Intent{}}
	people := &curious{}
	cause := action.Errorf(action.CodeForbidden, "hunter2hunter2 may not")
	_, _, err := discreet{people, r}.Settled(t.Context(), intent, cause)
	require.NoError(t, err)
	assert.Equal(t, "of [secret]", people.intent.Call.Target.Name)
	assert.Equal(t, "[secret] may not", people.cause.Error())
	assert.Equal(t, action.CodeForbidden, action.CodeOf(people.cause), "it is still the same error")
	_, _, err = discreet{people, r}.Consent(t.Context(), intent)
	require.NoError(t, err)
	assert.Equal(t, "of [secret]", people.intent.Call.Target.Name)
	assert.Equal(t, "of hunter2hunter2", intent.Call.Target.Name, "the record itself stays")
}
