package tester

import (
	"context"
	"slices"

	"runbook/engine/action"
	"runbook/engine/module"
	"runbook/engine/script"
)

// A program is what a test file declares.
type program struct {
	cases     []declared
	scenarios map[string]automatic // by name
}

// declared is one test as it was declared.
type declared struct {
	name  string
	place place
	body  module.Callback
	unit  bool // of a library: it runs no runbook
}

// library tells whether the file tests a library instead of a runbook.
func (p program) library() bool { return len(p.cases) > 0 && p.cases[0].unit }

// automatic says how a scenario is checked without Lua.
type automatic struct {
	how   settingsOf
	skip  string
	where script.Position
}

func (t *trial) declare(ctx context.Context, a module.Args) error {
	d := declared{name: a.String("name"), body: a["body"].(module.Callback)}
	d.place = place{name: a.String("scenario"), where: script.FrameOf(ctx).Where}
	if world, given := a["world"]; given {
		table, ok := world.(map[string]any)
		if !ok {
			return action.Errorf(action.CodeInvalid, "test.case: the world must be a table written in the test")
		}
		d.place.world = table
	}
	_, extends := d.place.world["extends"]
	switch {
	case d.place.name == "" && d.place.world == nil:
		return action.Errorf(action.CodeInvalid, "test.case: a test needs a site").Try(`{ scenario = "healthy" }, or { world = { … } } in the schema of scenario files`)
	case d.place.name != "" && extends:
		return action.Errorf(action.CodeInvalid, "test.case: the world extends the scenario %s: leave out its extends", d.place.name)
	}
	return t.add("test.case", d)
}

// declareUnit takes up a test of a library.
func (t *trial) declareUnit(ctx context.Context, a module.Args) error {
	return t.add("test.unit", declared{
		name: a.String("name"), body: a["body"].(module.Callback), place: place{where: script.FrameOf(ctx).Where}, unit: true,
	})
}

// add takes up a test. A file tests one thing: what a runbook did is no matter of its library's tests.
func (t *trial) add(function string, d declared) error {
	switch {
	case d.name == "":
		return action.Errorf(action.CodeInvalid, "%s: a test needs a name that says what holds", function)
	case slices.ContainsFunc(t.program.cases, func(other declared) bool { return other.name == d.name }):
		return action.Errorf(action.CodeInvalid, "%s: two tests are named %q", function, d.name)
	case len(t.program.cases) > 0 && t.program.library() != d.unit, d.unit && len(t.program.scenarios) > 0:
		return action.Errorf(action.CodeInvalid, "%s: a file tests a runbook, with test.case, or a library, with test.unit", function)
	}
	t.program.cases = append(t.program.cases, d)
	return nil
}

func (t *trial) declareScenario(ctx context.Context, a module.Args) error {
	name := a.String("name")
	if t.program.library() {
		return action.Errorf(action.CodeInvalid, "test.scenario: a library has no scenarios")
	}
	if _, twice := t.program.scenarios[name]; twice {
		return action.Errorf(action.CodeInvalid, "test.scenario: %s is declared twice", name)
	}
	how, err := settingsFrom(a)
	if err != nil {
		return err
	}
	if t.program.scenarios == nil {
		t.program.scenarios = map[string]automatic{}
	}
	t.program.scenarios[name] = automatic{how: how, skip: a.String("skip"), where: script.FrameOf(ctx).Where}
	return nil
}

// every stands for each scenario that is not named by itself.
const every = "*"

// of is how a scenario is checked.
func (p program) of(scenario string) automatic {
	if how, named := p.scenarios[scenario]; named {
		return how
	}
	return p.scenarios[every]
}
