package tester

import (
	"context"
	"maps"
	"slices"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/script"
)

// settingsOf is how a runbook is run in a test.
type settingsOf struct {
	params  map[string]string // as they would be typed
	answers map[string]any    // by question or parameter
	consent string
	assume  []string
}

func settingsFrom(a module.Args) (settingsOf, error) {
	s := settingsOf{params: map[string]string{}, consent: a.String("consent"), assume: a.Strings("assume")}
	params, err := table(a, "params")
	if err != nil {
		return s, err
	}
	for name, value := range params {
		s.params[name] = script.Typed(value)
	}
	s.answers, err = table(a, "answers")
	return s, err
}

// table is an argument that a test wrote as a table with names.
func table(a module.Args, name string) (map[string]any, error) {
	switch v := a[name].(type) {
	case nil:
		return nil, nil
	case map[string]any:
		return v, nil
	}
	return nil, action.Errorf(action.CodeInvalid, "%s must be a table written in the test", name)
}

// byTest is who answers in a test, as records have it.
const byTest = "test"

// people answer as a test says.
type people struct {
	answers map[string]any
	consent string
}

// Present is the test.
func (people) Present() bool { return true }

// Answers is the test.
func (people) Answers() bool { return true }

// Consent says what the test says to everything.
func (p people) Consent(context.Context, *journal.Record) (gate.Decision, string, error) {
	switch p.consent {
	case "no":
		return gate.No, byTest, nil
	case "stop":
		return gate.Quit, byTest, nil
	}
	return gate.AllRun, byTest, nil
}

// Settled is asked in a run that is resumed, and a test resumes none.
func (people) Settled(context.Context, *journal.Record, error) (action.Settlement, string, error) {
	return action.Unknown, byTest, nil
}

// Confirm answers yes where the test says nothing.
func (p people) Confirm(_ context.Context, question string) (engine.Reply, error) {
	answer, given := p.answer(question)
	if !given {
		return engine.Reply{Value: true, By: byTest}, nil
	}
	yes, ok := answer.(bool)
	if !ok {
		return engine.Reply{}, action.Errorf(action.CodeInvalid, "the test answers %q with something else than true or false", question)
	}
	return engine.Reply{Value: yes, By: byTest}, nil
}

// Ask answers only what the test says.
func (p people) Ask(_ context.Context, param *script.Param) (engine.Reply, error) {
	answer, given := p.answer(param.Name, param.Ask)
	if !given {
		return engine.Reply{}, action.Errorf(action.CodeDeclined, "the test has no answer to %q", param.Ask).
			Try("answers = { %s = … }  (%s)", param.Name, param.Rule())
	}
	value, err := param.Parse(script.Typed(answer))
	return engine.Reply{Value: value, By: byTest}, err
}

// answer is what the test says to one of these.
func (p people) answer(asked ...string) (any, bool) {
	for _, question := range asked {
		if answer, given := p.answers[question]; given {
			return answer, true
		}
	}
	for _, pattern := range slices.Sorted(maps.Keys(p.answers)) {
		for _, question := range asked {
			if fits(pattern, question) {
				return p.answers[pattern], true
			}
		}
	}
	return nil, false
}
