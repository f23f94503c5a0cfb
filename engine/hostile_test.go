package engine

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/gate"
	"runbook/engine/journal"
)

// Each of these was once wrong: found by an adversarial reading.

func TestNothingGoesOnAfterAQuestionThatNobodyAnswered(t *testing.T) {
	for _, question := range []string{`ask("target")`, `confirm("sure?")`} {
		b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, params = { target = { ask = "Which?" } }, steps = {
  step("one", function() `+question+` end),
  step("two", function() valve.turn("a") end),
} }`, Real(silent{}))
		result := b.run(t)
		assert.Equal(t, ExitDeclined, result.Exit)
		assert.Empty(t, b.valve.turned)
		assert.Len(t, b.records.of(journal.KindStep), 1)
	}
}

// silent consents, but answers no question.
type silent struct{ Nobody }

func (silent) Consent(ctx context.Context, r *journal.Record) (gate.Decision, string, error) {
	return Yes{}.Consent(ctx, r)
}

func TestAScriptCannotFeignADecline(t *testing.T) {
	b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, steps = {
  step("one", function() error({ code = "declined", message = "no" }) end),
  step("two", function() valve.turn("a") end),
} }`, carryOut())
	b.run(t)
	assert.Empty(t, b.valve.turned)
}

func TestASkipDoesNotHideAnotherBranchsFailure(t *testing.T) {
	b := newBench(t, `return runbook { summary = "s", steps = { step("one", function()
  parallel({ 1, 2 }, function(n)
    if n == 2 then skip("nothing to do") end
    sleep("1s")
    error("really failed")
  end)
end) } }`, dry())
	result := b.run(t)
	assert.Equal(t, ExitFailed, result.Exit)
	assert.Equal(t, "really failed", b.records.end().Error.Message)
}

func TestOddErrorsAreErrors(t *testing.T) {
	const none, noneInTable = "the script raised an error without a message", "the script raised a table without a message"
	for thrown, message := range map[string]string{
		`nil`: none, `json.null`: none, `true`: none, `function() end`: none, `{}`: noneInTable, `setmetatable({}, { __error = json.null })`: noneInTable,
	} {
		b := newBench(t, `local json = require "json"
return runbook { summary = "s", steps = { step("one", function() error(`+thrown+`) end) } }`, dry())
		result := b.run(t)
		assert.Equal(t, ExitFailed, result.Exit, thrown)
		assert.Equal(t, message, b.records.end().Error.Message, thrown)
	}
}

func TestARefusalInACleanUpCounts(t *testing.T) {
	b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", steps = { step("one", function()
  on_exit(function() pcall(valve.turn, "a") log("went on") end)
end) } }`, carryOut())
	result := b.run(t)
	assert.Equal(t, ExitDeclined, result.Exit)
	assert.Empty(t, b.valve.turned)
	assert.Empty(t, b.records.of(journal.KindShow))
}

func TestAFaultWhileSendingIsUncertainAndEndsTheRun(t *testing.T) {
	b := newBench(t, `local valve = require "valve"
return runbook { summary = "s", may = { "valve.turn" }, steps = { step("one", function()
  pcall(valve.turn, "a")
  log("went on")
end) } }`, carryOut())
	b.valve.hook = func() error { panic("boom") }
	result := b.run(t)
	assert.Equal(t, ExitFailed, result.Exit)
	outcomes := b.records.of(journal.KindOutcome)
	require.Len(t, outcomes, 1)
	assert.Equal(t, journal.Uncertain, outcomes[0].Outcome.Status)
	assert.Empty(t, b.records.of(journal.KindShow))
}

func TestASecretParameterThatIsWrongIsNotPrinted(t *testing.T) {
	b := newBench(t, `return runbook { summary = "s", params = { pw = { secret = true, pattern = "[a-z]+" } }, steps = { step("one", function() end) } }`, dry())
	t.Setenv("PW", "SUPERSECRET!")
	b.cfg.Given = map[string]string{"pw": "${env:PW}"}
	_, err := Run(t.Context(), b.cfg)
	require.Error(t, err)
	assert.Equal(t, "the value of the secret parameter pw is not allowed: string, matching [a-z]+", Explain(err).Message)
}

func TestACopyOfATableThatContainsItselfIsAnError(t *testing.T) {
	b := newBench(t, `return runbook { summary = "s", steps = { step("one", function() local t = {} t.t = t copy(t) end) } }`, dry())
	b.run(t)
	assert.Contains(t, b.records.end().Error.Message, "contains itself")
}
