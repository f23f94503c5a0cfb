package tester

import (
	"context"
	"time"

	"runbook/engine/action"
	"runbook/engine/module"
)

// moduleName is what a test file requires.
const moduleName = "test"

// Documented is the module of tests as data: it can be described, and not called.
func Documented() *module.Module { return testModule(&trial{}) }

// testModule is what a test file requires as "test".
func testModule(t *trial) *module.Module {
	return &module.Module{
		Name: moduleName,
		Doc: "Tests of a runbook, in NAME_test.lua beside NAME.lua. Each test has a simulated site of its own, but for those of a library.\n" +
			"The site can be read with the modules that runbooks use: kubernetes.get and others. Only the runbook acts on it.",
		Funcs: append(declarations(t), append(runFuncs(t), checkFuncs(t)...)...),
	}
}

var scenarioParam = module.Param{Name: "scenario", Kind: module.String, Doc: "name of a scenario, as run --scenario takes it"}

// settings are how a runbook is run.
func settings(more ...module.Param) []module.Param {
	return append([]module.Param{
		{Name: "params", Kind: module.Object, Doc: "parameters by name"},
		{Name: "answers", Kind: module.Object, Doc: "what a person answers to confirm and ask, by question (* for any text) or parameter; a confirmation that is not here is answered yes. A dry run is given the answers to ask, and assumes yes"},
	}, more...)
}

var (
	consentParam = module.Param{
		Name: "consent", Kind: module.String, Default: "yes", Enum: []string{"yes", "no", "stop"},
		Doc: "what a person says to each action above routine risk: yes; no to it alone; no, and end the run",
	}
	assumeParam = module.Param{Name: "assume", Kind: module.Strings, Doc: `names of waits to rehearse as not coming true, as --assume NAME=timeout takes them`}
)

func declarations(t *trial) []module.Func {
	return []module.Func{
		{
			Name: "case", Doc: "Declares a test. It fails if it runs nothing or checks nothing.",
			Params: []module.Param{
				{Name: "name", Kind: module.String, Required: true, Doc: "what holds, as a sentence"},
				{Name: "site", Kind: module.Object, Required: true, Fields: []module.Param{
					scenarioParam,
					{Name: "world", Kind: module.Object, Doc: "a site in the schema of scenario files, which may extend a scenario"},
				}},
				{Name: "body", Kind: module.Function, Required: true},
			},
			Examples: []string{`test.case("restarts failing pods", { scenario = "crashloop" }, function()
  local run = test.run { params = { replicas = 4 } }
  test.expect(run, { verdict = "healthy", actions = {
    "kubernetes.delete pods/web-*",
    "kubernetes.scale deployments/web replicas=4",
  } })
end)`},
			Control: func(ctx context.Context, a module.Args) (any, error) { return nil, t.declare(ctx, a) },
		},
		{
			Name: "unit",
			Doc: "Declares a test of a library: NAME_test.lua beside NAME.lua, which a runbook requires. It fails if it checks nothing.\n" +
				"It runs no runbook and has no site. What the library shows, logs or gives as its verdict is kept for shown. Time passes only by\n" +
				"what the library waits for and by advance, people answer what answer says, and what is left to on_exit is done at the end.",
			Params: []module.Param{
				{Name: "name", Kind: module.String, Required: true, Doc: "what holds, as a sentence"},
				{Name: "body", Kind: module.Function, Required: true},
			},
			Examples: []string{`test.unit("sizes are powers of 1024", function()
  test.equal(require("units").bytes(1536), "1.5 KiB")
end)`},
			Control: func(ctx context.Context, a module.Args) (any, error) { return nil, t.declareUnit(ctx, a) },
		},
		{
			Name: "scenario",
			Doc: "Says how the check that a dry run and a real run do the same runs the runbook in a scenario.\n" +
				"Each scenario beside the runbook is checked that way without being named here.",
			Params: []module.Param{
				{Name: "name", Kind: module.String, Required: true, Doc: "of the scenario; * for each that is not named by itself"},
				{Name: "how", Kind: module.Object, Required: true, Fields: settings(assumeParam, consentParam,
					module.Param{Name: "skip", Kind: module.String, Doc: "the reason for which it is not checked"})},
			},
			Examples: []string{`test.scenario("oom", { assume = { "deployments/web" } })`},
			Control:  func(ctx context.Context, a module.Args) (any, error) { return nil, t.declareScenario(ctx, a) },
		},
		{
			Name: "skip", Doc: "Ends the test without a result. It is shown as skipped.",
			Params:  []module.Param{{Name: "reason", Kind: module.String, Required: true}},
			Control: func(_ context.Context, a module.Args) (any, error) { return nil, t.skip(a.String("reason")) },
		},
	}
}

var runResult = module.Result{Type: "table", Doc: "the run as data: exit, status, verdict, reason, error, actions, shown, warnings, assumed, steps, elapsed, outbox (the messages that arrived at the site's receivers, each with receiver, kind, title, text, to, event, key, severity, labels, body); for expect and same"}

func runFuncs(t *trial) []module.Func {
	how := func(more ...module.Param) module.Param {
		return module.Param{Name: "how", Kind: module.Object, Fields: settings(more...)}
	}
	return []module.Func{
		{
			Name: "run", Doc: "Runs the runbook for real in the test's site. Another run finds what this one left.",
			Params: []module.Param{how(consentParam)}, Returns: runResult, Examples: []string{`test.run()`},
			Control: func(ctx context.Context, a module.Args) (any, error) { return t.run(ctx, a) },
		},
		{
			Name: "dry", Doc: "Rehearses the runbook, as run --dry-run does.",
			Params: []module.Param{how(assumeParam)}, Returns: runResult, Examples: []string{`test.dry { params = { replicas = 4 } }`},
			Control: func(ctx context.Context, a module.Args) (any, error) { return t.dry(ctx, a) },
		},
		{
			Name: "plan", Doc: "Rehearses the runbook and makes a plan, as run --dry-run --out does.",
			Params: []module.Param{how()}, Returns: runResult, Examples: []string{`test.apply(test.plan())`},
			Control: func(ctx context.Context, a module.Args) (any, error) { return t.planned(ctx, a) },
		},
		{
			Name: "apply", Doc: "Applies a plan to the site as it is now.",
			Params: []module.Param{
				{Name: "plan", Kind: module.Object, Required: true, Doc: "what plan returned"},
				{Name: "how", Kind: module.Object, Fields: []module.Param{{Name: "answers", Kind: module.Object, Doc: "what a person answers to ask"}}},
			},
			Returns: runResult,
			Control: func(ctx context.Context, a module.Args) (any, error) { return t.apply(ctx, a) },
		},
		{
			Name: "advance", Doc: "Lets time pass in the site, or in the test of a library.",
			Params:   []module.Param{{Name: "duration", Kind: module.Duration, Required: true}},
			Examples: []string{`test.advance("10m")`},
			Control:  func(ctx context.Context, a module.Args) (any, error) { return nil, t.advance(ctx, a) },
		},
		{
			Name: "answer", Doc: "Says what people answer from now on to a library in a test.unit. A confirmation that is not here is answered yes.",
			Params:   []module.Param{{Name: "answers", Kind: module.Object, Required: true, Doc: "by question (* for any text) or parameter"}},
			Examples: []string{`test.answer { ["Is it?"] = false, backup = "done" }`},
			Control:  func(_ context.Context, a module.Args) (any, error) { return nil, t.answer(a) },
		},
		{
			Name: "change", Doc: "Makes something happen in the site now, or later, as the timeline of a scenario does.",
			Params: []module.Param{{Name: "event", Kind: module.Object, Required: true, Doc: "one of become, apply, patch, delete and fault, as in a scenario's timeline"}},
			Examples: []string{
				`test.change { become = "crash-loop", pods = "app=web", count = 1 }`,
				`test.change { fault = { on = "delete pods", answer = "403" } }`,
			},
			Control: func(ctx context.Context, a module.Args) (any, error) { return nil, t.change(ctx, a) },
		},
	}
}

// texts is an expectation that takes one text or several.
func texts(name, doc string) module.Param {
	return module.Param{Name: name, Kind: module.Any, Doc: doc}
}

// expectations are what expect checks, each if it is given.
var expectations = []module.Param{
	{Name: "actions", Kind: module.List, Doc: "exactly what the run did or intends: in this order within a branch of parallel, in any order across branches. " +
		"Each is \"VERB TARGET [in NAMESPACE] [ARGUMENT=VALUE ...]\", with * for any text; what is left out may be anything. Or a table: " +
		"{ action = \"...\", branch = \"...\", status = \"done\", attempts = 2 }"},
	{Name: "includes", Kind: module.List, Doc: "actions that are there, among others, in any order"},
	{Name: "order", Kind: module.List, Doc: "actions that are there, among others, one after the other"},
	{Name: "never", Kind: module.List, Doc: "actions of which there is none"},
	texts("shows", "a text, or several, that is part of what the run shows: log, show, tables, warnings, the verdict's reason"),
	texts("shows_match", "the same with regular expressions (RE2)"),
	texts("shows_no", "a text, or several, that is part of nothing that the run shows"),
	{Name: "verdict", Kind: module.String, Enum: []string{"healthy", "degraded", "down", "unknown", "none"}},
	texts("reason", "a text that is part of the verdict's reason"),
	{Name: "exit", Kind: module.Integer, Doc: "the exit code"},
	{Name: "status", Kind: module.String, Doc: "how the run ended: ok, failed, declined, refused, drift"},
	{Name: "error", Kind: module.Any, Doc: "a text that is part of the error's message; or a table with code, message, target, hint, step and line, each a text that is part of it; or false for none"},
	{Name: "steps", Kind: module.Object, Doc: "how steps ended, by name: ok, skipped, failed, or not begun"},
	{Name: "sent", Kind: module.List, Doc: "exactly the messages that arrived at the site's receivers, in order: each the name of the receiver, or a table of texts with * for any, by receiver, " +
		"kind, title, text, to, event, key, severity; {} for none"},
	texts("assumed", "names of what the dry run assumed; {} for nothing"),
	{Name: "attempts", Kind: module.Object, Doc: "how often calls were sent, reads included, by a pattern as for actions"},
	{Name: "met", Kind: module.Strings, Doc: "codes of errors that calls of the run met, also where the script lived with them: forbidden, conflict, timeout; {} for none"},
	{Name: "took", Kind: module.Duration, Doc: "how long the run took in the site's time, to the second"},
	{Name: "took_at_least", Kind: module.Duration},
	{Name: "took_at_most", Kind: module.Duration},
}

func checkFuncs(t *trial) []module.Func {
	run := module.Param{Name: "run", Kind: module.Object, Required: true, Doc: "what run, dry, plan or apply returned"}
	return []module.Func{
		{
			Name: "expect", Doc: "Checks what a run did. Whatever is not as expected is shown, and ends the test.",
			Params:   []module.Param{run, {Name: "expected", Kind: module.Object, Required: true, Fields: expectations}},
			Examples: []string{`test.expect(run, { actions = {}, verdict = "healthy", shows = "none failing" })`},
			Control:  func(ctx context.Context, a module.Args) (any, error) { return nil, t.expect(ctx, a) },
		},
		{
			Name: "same", Doc: "Checks that two runs did the same, action by action in each branch, as a dry run and a real run have to. " +
				"Of messages whose failure ends nothing it does not matter how often they come, as for a plan.",
			Params:   []module.Param{run, {Name: "other", Kind: module.Object, Required: true}},
			Examples: []string{`test.same(test.dry(), test.run())`},
			Control:  func(ctx context.Context, a module.Args) (any, error) { return nil, t.same(ctx, a) },
		},
		{
			Name: "shown", Doc: "Tells what the library showed so far in a test.unit.",
			Returns: module.Result{
				Type: "table[]", Doc: "what was shown, as -o json has it: form, title, rows, checks and others; of a verdict the form is verdict",
			},
			Examples: []string{`test.equal(test.shown()[1].form, "table")`},
			Control:  func(context.Context, module.Args) (any, error) { return t.shown() },
		},
		{
			Name: "equal", Doc: "Checks that a value is another one, tables and objects by what is in them.",
			Params: []module.Param{
				{Name: "actual", Kind: module.Any}, {Name: "expected", Kind: module.Any},
				{Name: "what", Kind: module.String, Doc: "what it is, for the message"},
			},
			Examples: []string{`test.equal(kubernetes.get("deployment/web").spec.replicas, 4)`},
			Control:  func(ctx context.Context, a module.Args) (any, error) { return nil, t.equal(ctx, a) },
		},
		{
			Name: "that", Doc: "Checks that a condition holds.",
			Params: []module.Param{
				{Name: "condition", Kind: module.Any}, {Name: "message", Kind: module.String, Required: true, Doc: "what is wrong if it does not"},
			},
			Errors:  []action.Code{action.CodeScript},
			Control: func(ctx context.Context, a module.Args) (any, error) { return nil, t.that(ctx, a) },
		},
	}
}

// seconds is a duration to the second: what a site does between two seconds is nobody's matter.
func seconds(d time.Duration) time.Duration { return d.Round(time.Second) }
