package tester

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/catalog"
	"runbook/engine/module"
	"runbook/engine/watchdog"
	"runbook/engine/world/scenario"
)

// What a test may check holds where it does.
func TestWhatHolds(t *testing.T) {
	for name, body := range map[string]string{
		"actions in order":     `test.expect(test.run(), { actions = { "plant.start pumps/a", "plant.start pumps/b" } })`,
		"with patterns":        `test.expect(test.run(), { actions = { "plant.* pumps/*", "* pumps/b in hall speed=3" } })`,
		"payload":              `test.expect(test.run(), { actions = { 'plant.start pumps/a note="for a"', 'plant.start note="for *" speed=3' } })`,
		"as tables":            `test.expect(test.run(), { actions = { { action = "plant.start", branch = "", status = "done", attempts = 1 }, "plant.start" } })`,
		"parameters":           `test.expect(test.run { params = { speed = 7 } }, { includes = { "plant.start pumps/b speed=7" } })`,
		"order":                `test.expect(test.run(), { order = { "plant.start pumps/a", "plant.start pumps/b" }, never = { "plant.page", "plant.start pumps/c" } })`,
		"messages":             `test.expect(test.run(), { shows = { "2 broken", "all run" }, shows_match = "[0-9] broken", shows_no = "error" })`,
		"the verdict":          `test.expect(test.run(), { verdict = "healthy", reason = "all", exit = 0, status = "ok", error = false })`,
		"steps":                `test.expect(test.run(), { steps = { Look = "ok", Start = "ok" } })`,
		"time":                 `test.expect(test.run(), { took = "20s", took_at_least = "20s", took_at_most = "1m" })`,
		"a dry run":            `local r = test.dry() test.expect(r, { actions = { "plant.start pumps/a", "plant.start" }, assumed = "plant.wait pumps/a*", took = 0 }) test.equal(plant.broken(), { "a", "b" })`,
		"dry equals real":      `test.same(test.dry(), test.run())`,
		"a second run":         `test.run() test.expect(test.run(), { actions = {}, steps = { Start = "skipped" }, shows = "nothing is broken", verdict = "healthy" })`,
		"the site afterwards":  `test.equal(plant.broken(), { "a", "b" }) test.run() test.equal(plant.broken(), {})`,
		"time passes":          `test.run() test.change { delete = "pump/z" } test.equal(plant.broken(), { "z" }) plant.wait("a") test.advance("10m") test.expect(test.run(), { actions = { "plant.start pumps/z" } })`,
		"the clock":            `local time = require "time" local at = time.now() test.advance("90s") test.equal(time.now() - at, 90) test.run()`,
		"a plan":               `test.expect(test.apply(test.plan()), { actions = { "plant.start pumps/a", "plant.start pumps/b" }, exit = 0 })`,
		"a stale plan":         `local p = test.plan() test.change { delete = "pump/A" } test.expect(test.apply(p), { status = "drift", exit = 4, actions = {}, error = { code = "drift", target = "pumps/A in hall", step = "Start", line = "pumps.lua:1" } })`,
		"a planned other turn": `test.change { delete = "pump/dead1" } test.expect(test.apply(test.plan()), { order = { "plant.start pumps/dead1", "plant.page pumps/boss" }, verdict = "down" })`,
		"a timeout":            `test.expect(test.dry { assume = { "pumps/a" } }, { includes = { "plant.page pumps/boss" }, verdict = "down" })`,
		"no consent":           `test.expect(test.run { consent = "no" }, { exit = 3, status = "declined" })`,
		"stopped":              `test.expect(test.run { consent = "stop" }, { status = "declined", steps = { Wait = "not begun" } })`,
		"retries":              `test.change { fault = { on = "plant", answer = "503", times = 2 } } test.expect(test.run(), { attempts = { ["plant.start pumps/a"] = 3, ["plant.broken"] = 1 }, took_at_least = "20s" })`,
		"an error":             `test.change { fault = { on = "plant", answer = "503", times = 99 } } test.expect(test.run(), { status = "failed", exit = 1, error = { code = "throttled", message = "too many" }, met = { "throttled" } }) test.expect(test.run(), { error = "too many", actions = { { action = "plant.start pumps/a", status = "failed", attempts = 5 } } })`,
		"plain Lua":            `local r = test.run() test.that(r.exit == 0 and r.verdict == "healthy" and #r.actions == 2 and r.actions[1].args.speed == 3, "it is data") test.equal(r.steps.Start, "ok") test.equal(r.elapsed, 20)`,
		"refused attempts":     `test.change { delete = "pump/forbidden" } test.expect(test.run(), { actions = { "plant.start", "plant.start" }, met = { "forbidden" }, error = "you may not start it" })`,
		"as wanted already":    `test.change { delete = "pump/idle" } test.expect(test.dry(), { never = { "plant.start pumps/idle" } })`,
	} {
		t.Run(name, func(t *testing.T) {
			r := one(t, body)
			assert.Equal(t, Passed, r.Status, said(r))
		})
	}
}

// What a test may check fails where it does not hold, and says what is the case.
func TestWhatDoesNotHold(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		says []string
	}{
		"another action": {`test.expect(test.run(), { actions = { "plant.start pumps/a", "plant.start pumps/c" } })`, []string{
			"the actions are not as expected", "at runbooks/pumps/pumps_test.lua:4: test.expect(test.run()",
			" plant.start pumps/a\n-plant.start pumps/c\n+plant.start pumps/b in hall speed=3 note=\"for b\"", "| run 1: ok, exit 0, after 20s, verdict healthy: all run",
		}},
		"one too many":      {`test.expect(test.run(), { actions = { "plant.start pumps/b" } })`, []string{"+plant.start pumps/a in hall", " plant.start pumps/b"}},
		"none":              {`test.expect(test.run(), { actions = {} })`, []string{"-(none)", "+plant.start pumps/a"}},
		"none at all":       {`test.run() test.expect(test.run(), { actions = { "plant.start" } })`, []string{"-plant.start\n+(none)"}},
		"the other order":   {`test.expect(test.run(), { order = { "plant.start pumps/b", "plant.start pumps/a" } })`, []string{`"plant.start pumps/a" does not come after "plant.start pumps/b"`}},
		"never":             {`test.expect(test.run(), { never = { "plant.start pumps/*" } })`, []string{"and never was to be: plant.start pumps/a in hall"}},
		"several at once":   {`test.expect(test.run(), { verdict = "down", exit = 11, took = "1h", steps = { Look = "failed" } })`, []string{"the verdict is healthy, not down", "the exit code is 0, not 11", "took 20s, not 1h", `step "Look" ended ok, not failed`}},
		"messages":          {`test.expect(test.run(), { shows = "3 broken", shows_no = "2 broken" })`, []string{`does not show "3 broken"`, `shows "2 broken", and was not to`, "it shows:\n  2 broken"}},
		"an error":          {`test.expect(test.run(), { error = "boom" })`, []string{"did not fail, and was to"}},
		"dry is not real":   {`local d = test.dry() test.change { delete = "pump/z" } test.same(d, test.run())`, []string{"dry 1 and run 2 do not do the same", "+Start / plant.start plant/pumps/hall/z"}},
		"a value":           {`test.run() test.equal(plant.broken(), { "x" }, "what is broken")`, []string{"what is broken is not as expected", `-  "x"`}},
		"a number":          {`test.equal(#test.run().actions, 3, "the number of actions")`, []string{"the number of actions is 2, not 3"}},
		"a condition":       {`test.that(test.run().exit == 5, "it was to be 5")`, []string{"it was to be 5"}},
		"caught":            {`pcall(test.that, test.run().exit == 5, "it was to be 5")`, []string{"it was to be 5"}},
		"runs nothing":      {`test.that(true, "x")`, []string{"the test runs nothing", "try: run the runbook"}},
		"checks nothing":    {`test.run()`, []string{"the test checks nothing"}},
		"expects nothing":   {`test.expect(test.run(), {})`, []string{"test.expect expects nothing"}},
		"assumes nothing":   {`test.expect(test.dry(), { assumed = {} })`, []string{"the run assumed "}},
		"shows anything":    {`test.expect(test.run(), { shows = "", exit = 0 })`, []string{"shows is empty, which holds for every run"}},
		"never nothing":     {`test.expect(test.run(), { never = {}, exit = 0 })`, []string{"never is empty, which holds for every run"}},
		"tried in vain":     {`test.expect(test.run(), { attempts = { ["plant.start pumps/a"] = 0 } })`, []string{`"plant.start pumps/a" was sent 1 times, not 0`}},
		"a misspelt verb":   {`test.expect(test.run(), { actions = { "plant.strat pumps/a" } })`, []string{`there is no verb plant.strat; did you mean "plant.start"?`}},
		"half a verb":       {`test.expect(test.run(), { actions = { "start pumps/a" } })`, []string{`"start pumps/a" is no action: there is no verb start; did you mean "plant.start"?`}},
		"a misspelt option": {`test.expect(test.run(), { action = {} })`, []string{`test.expect has no option "action"; did you mean "actions"?`}},
		"a misspelt step":   {`test.expect(test.run(), { steps = { Loook = "ok" } })`, []string{`the runbook has no step "Loook"; did you mean "Look"?`}},
		"a parameter":       {`test.run { params = { sped = 1 } }`, []string{`pumps has no parameter "sped"; did you mean "speed"?`, "pumps_test.lua:4"}},
		"no data":           {`test.run { answers = { how = print } }`, []string{`the name "print" is not defined`}},
		"acting":            {`plant.start("a")`, []string{"plant.start would change the site, and only the runbook does", "try: run it with test.run"}},
		"not a run":         {`test.expect({}, { exit = 0 })`, []string{"run must be what test.run"}},
		"not a plan":        {`test.apply(test.dry())`, []string{"test.apply takes what test.plan returned, not what test.dry did"}},
		"a bad change":      {`test.change { beome = "oom" }`, []string{"beome"}},
		"an error in Lua":   {`local x = nil + 1`, []string{"at runbooks/pumps/pumps_test.lua:4"}},
		"declaring":         {`test.case("x", { scenario = "two" }, function() end)`, []string{"test.case declares, and cannot be called in a test"}},
		"wrong argument":    {`test.expect(test.run(), { actions = { "plant.start pumps/a nonsense" } })`, []string{"arguments are NAME=VALUE"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := one(t, c.body)
			assert.Equal(t, Failed, r.Status)
			for _, part := range c.says {
				assert.Contains(t, said(r), part)
			}
		})
	}
}

func TestWhereATestTakesPlace(t *testing.T) {
	for name, c := range map[string]struct{ site, body string }{
		"what is never sent":    {`{ scenario = "two" }`, `test.expect(test.run(), { attempts = { ["plant.page plant/*"] = 0 } })`},
		"a scenario":            {`{ scenario = "dead" }`, `test.expect(test.run(), { actions = { "plant.start pumps/dead1", "plant.page" } })`},
		"a world":               {`{ world = { kubernetes = { user = "x" } } }`, `test.expect(test.run(), { actions = { "plant.start pumps/x" } })`},
		"a world that extends":  {`{ world = { extends = "two", clock = "2026-01-01T00:00:00Z" } }`, `test.expect(test.run(), { actions = { "plant.start pumps/a", "plant.start pumps/b" } }) test.equal(require("time").format(require("time").now(), "date"), "2026-01-01")`},
		"a world over scenario": {`{ scenario = "two", world = { faults = { { on = "plant", answer = "503", times = 1 } } } }`, `test.expect(test.run(), { attempts = { ["plant.start pumps/a"] = 2 } })`},
	} {
		t.Run(name, func(t *testing.T) {
			r := oneIn(t, c.site, c.body)
			assert.Equal(t, Passed, r.Status, said(r))
		})
	}
	for site, says := range map[string]string{
		`{}`:                           "a test needs a site",
		`{ scenario = "twoo" }`:        `there is no scenario "twoo"; did you mean "two"?`,
		`{ world = { sumary = "x" } }`: "sumary",
		`{ scenario = "two", world = { extends = "dead" } }`:  "leave out its extends",
		`{ scenarios = "two" }`:                               `did you mean "scenario"?`,
		`{ world = { kubernetes = { behaviour = { {} } } } }`: "behaviour",
		`{ world = { clock = function() end } }`:              "is not data",
	} {
		cfg := hall()
		suite := tried(t, cfg, shelf{
			"pumps.lua": pumps, "scenarios/two.yaml": "kubernetes: {user: a b}\n",
			"pumps_test.lua": "local test = require 'test'\ntest.case('it holds', " + site + ", function() test.run() end)\n",
		})
		var all []string
		for _, r := range suite.Tests {
			all = append(all, said(r))
		}
		assert.Contains(t, strings.Join(all, "\n"), says, site)
	}
}

// Each branch of parallel is compared by itself: in its order, whatever the others do.
func TestBranches(t *testing.T) {
	book := strings.Replace(pumps, `for _, name in ipairs(run.broken) do plant.start(name, { speed = run.params.speed, note = "for " .. name }) end`,
		`parallel(run.broken, function(name)
        plant.start(name)
        if name == "b" then sleep(1) end
        plant.page(name)
      end)`, 1)
	for actions, status := range map[string]Status{
		`"plant.start pumps/a", "plant.page pumps/a", "plant.start pumps/b", "plant.page pumps/b"`:                                                  Passed,
		`"plant.start pumps/b", "plant.start pumps/a", "plant.page pumps/b", "plant.page pumps/a"`:                                                  Passed,
		`"plant.start", "plant.page", "plant.start", "plant.page"`:                                                                                  Passed,
		`"plant.start", "plant.start", "plant.page", "plant.page"`:                                                                                  Passed,
		`{ action = "plant.start", branch = "b" }, { action = "plant.page", branch = "b" }, "plant.start", { action = "plant.page", branch = "a" }`: Passed,
		`"plant.page pumps/a", "plant.start pumps/a", "plant.start pumps/b", "plant.page pumps/b"`:                                                  Failed,
		`"plant.page", "plant.page", "plant.start", "plant.start"`:                                                                                  Failed,
		`{ action = "plant.start pumps/a", branch = "b" }, "plant.page pumps/a", "plant.start pumps/b", "plant.page pumps/b"`:                       Failed,
	} {
		suite := tried(t, hall(), shelf{
			"pumps.lua": book,
			"pumps_test.lua": "local test = require 'test'\ntest.case('it holds', { world = { kubernetes = { user = 'a b' } } }, function()\n" +
				"local r = test.run() test.expect(r, { actions = {" + actions + "} }) test.same(test.dry(), test.dry()) end)",
		})
		assert.Equal(t, status, suite.Tests[0].Status, said(suite.Tests[0]))
	}
}

// What people are asked is answered by the test.
func TestPeople(t *testing.T) {
	asking := strings.Replace(pumps, `log(#run.broken .. " broken")`, `log(#run.broken .. " broken")
      log("how: " .. ask("how"))
      if not confirm("Start them now?") then fail("not now") end`, 1)
	for body, status := range map[string]Status{
		`test.expect(test.run { answers = { how = "hard" } }, { shows = "how: hard", exit = 0 })`:                                         Passed,
		`test.expect(test.run { answers = { ["How*"] = "gently", ["Start*"] = false } }, { error = "not now", actions = {} })`:            Passed,
		`test.expect(test.run { params = { how = "hard" } }, { shows = "how: hard" })`:                                                    Passed,
		`test.expect(test.run(), { exit = 3, error = { message = 'the test has no answer to "How?"', hint = "answers = { how = … }" } })`: Passed,
		`test.expect(test.run { answers = { how = "badly" } }, { error = "must be one of gently, hard" })`:                                Passed,
		`test.expect(test.run { answers = { how = "hard", ["Start*"] = "maybe" } }, { error = "something else than true or false" })`:     Passed,
		`test.expect(test.dry { answers = { how = "hard" } }, { shows = "how: hard", assumed = "Start them now?" })`:                      Passed,
		`test.expect(test.dry(), { shows = "how: gently", assumed = { "How?", "Start*" } })`:                                              Passed,
		`test.expect(test.dry { answers = { how = "hard" } }, { assumed = "How?" })`:                                                      Failed,
		`test.expect(test.apply(test.plan { answers = { how = "hard" } }), { shows = "how: hard", exit = 0 })`:                            Passed,
		`test.expect(test.apply(test.plan(), { answers = { how = "hard" } }), { shows = "how: hard", exit = 0 })`:                         Passed,
		`test.run { answers = { "hard" } }`: Failed,
	} {
		suite := tried(t, hall(), shelf{"pumps.lua": asking, "pumps_test.lua": "local test = require 'test'\n" +
			"test.case('it holds', { world = { kubernetes = { user = 'a b' } } }, function()\n" + body + "\nend)"})
		assert.Equal(t, status, suite.Tests[0].Status, body+"\n"+said(suite.Tests[0]))
	}
}

// A plan is rehearsed again for each assumption: in a site as it began, or, once a test did something to it, as it is.
func TestPlansInTheSiteAsItIs(t *testing.T) {
	for body, rewound := range map[string]int{
		`test.apply(test.plan())`: 2,
		`test.change { delete = "pump/dead1" } test.expect(test.apply(test.plan()), { actions = { "plant.start", "plant.start", "plant.start pumps/dead1", "plant.page" } })`: 0,
		`test.run() test.equal(plant.broken(), {}) test.plan() test.equal(plant.broken(), {})`:                                                                                0,
	} {
		cfg := hall()
		cfg.Only = regexp.MustCompile("it holds")
		var opened *plant
		cfg.Open = func(_ context.Context, s *scenario.Scenario) (Site, error) {
			opened = openPlant(s)
			return opened, nil
		}
		suite := tried(t, cfg, shelf{"pumps.lua": pumps, "pumps_test.lua": "local test, plant = require 'test', require 'plant'\n" +
			"test.case('it holds', { world = { kubernetes = { user = 'a b' } } }, function()\n" + body + "\ntest.that(true, 'x') end)"})
		assert.Equal(t, Passed, suite.Tests[0].Status, said(suite.Tests[0]))
		assert.Equal(t, rewound, opened.rewound, body)
	}
}

const scenarioTests = `local test = require "test"
test.scenario("dead", { assume = { "plant.wait pumps/dead1 in hall" } })
test.scenario("other", { skip = "not yet" })
`

func TestEveryScenarioIsChecked(t *testing.T) {
	suite := tried(t, hall(), shelf{
		"pumps.lua": pumps, "pumps_test.lua": scenarioTests,
		"scenarios/two.yaml": "kubernetes: {user: a b}\n", "scenarios/calm.yaml": "read_only: true\n", "scenarios/dead.yaml": "kubernetes: {user: dead1}\n",
		"scenarios/idle.yaml": "extends: calm\nread_only: false\n", "scenarios/other.yaml": "kubernetes: {user: x}\n", "scenarios/acts.yaml": "kubernetes: {user: x}\nread_only: true\n",
	})
	status := map[string]Status{}
	all := ""
	for _, r := range suite.Tests {
		status[r.Name] = r.Status
		all += r.Name + ": " + said(r) + "\n"
	}
	assert.Equal(t, map[string]Status{
		"dry = real in two": Passed, "dry = real in calm": Passed, "dry = real in dead": Passed, "dry = real in other": Skipped,
		"dry = real in acts": Failed, "dry = real in idle": Failed, "may: every entry is used": Passed,
	}, status, all)
	assert.Contains(t, all, "the scenario says read_only, and the run acts: plant.start pumps/x")
	assert.Contains(t, all, "nothing is done in this scenario")
	assert.Equal(t, "runbooks/pumps/pumps_test.lua", suite.Path)

	// Without a word about the wait that does not come true, what is to be said is said. An entry that nobody uses fails.
	unused := strings.Replace(pumps, `"plant.page" }`, `"plant.page", "plant.start tanks" }`, 1)
	suite = tried(t, hall(), shelf{"pumps.lua": unused, "scenarios/dead.yaml": "kubernetes: {user: dead1}\n"})
	require.Len(t, suite.Tests, 2)
	first := said(suite.Tests[0])
	assert.Contains(t, first, "the real run does not do what the dry run said")
	assert.Contains(t, first, `test.scenario("dead", { assume = { "plant.wait pumps/dead1 in hall" } })`)
	assert.Contains(t, first, "+Wait / plant.page plant/pumps/hall/boss")
	assert.Contains(t, said(suite.Tests[1]), "may: plant.start tanks is used by no scenario")
	assert.Equal(t, "runbooks/pumps/pumps.lua", suite.Path)

	suite = tried(t, hall(), shelf{"pumps.lua": strings.Replace(pumps, "default = 3", "required = true", 1), "scenarios/two.yaml": "kubernetes: {user: a}\n"})
	assert.Contains(t, said(suite.Tests[0]), `test.scenario("two", { params = { … } })`)
	suite = tried(t, hall(), shelf{"pumps.lua": pumps, "pumps_test.lua": scenarioTests})
	assert.Contains(t, said(suite.Tests[0])+said(suite.Tests[1]), `test.scenario names "dead", which is no scenario beside the runbook`)
}

func TestThatNoErrorWasMet(t *testing.T) {
	r := oneIn(t, `{ scenario = "dead" }`, `test.expect(test.run(), { met = {} })`)
	assert.Equal(t, Failed, r.Status)
	assert.Contains(t, said(r), "calls met errors, and were to meet none: timeout")
	r = oneIn(t, `{ scenario = "two" }`, `test.expect(test.run(), { met = {} })`)
	assert.Equal(t, Passed, r.Status, said(r))
}

func TestWhatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		files shelf
		says  []string
	}{
		"the script":   {shelf{"pumps.lua": "return runbok {}", "pumps_test.lua": ""}, []string{"the runbook loads", `"runbok" is not defined; did you mean "runbook"?`, "pumps.lua:1"}},
		"the tests":    {shelf{"pumps.lua": pumps, "pumps_test.lua": "local x = = 4"}, []string{"the test file loads", "pumps_test.lua:1"}},
		"a loop":       {shelf{"pumps.lua": pumps, "pumps_test.lua": "while true do end"}, []string{"the test file loads", "took longer than 200ms", "pumps_test.lua:1"}},
		"twice":        {shelf{"pumps.lua": pumps, "pumps_test.lua": "local t = require 'test' for i = 1, 2 do t.case('a', { scenario = 'x' }, function() end) end"}, []string{`two tests are named "a"`}},
		"too early":    {shelf{"pumps.lua": pumps, "pumps_test.lua": "require('test').run()"}, []string{"test.run cannot be called while the tests are declared"}},
		"reads early":  {shelf{"pumps.lua": pumps, "pumps_test.lua": "require('plant').broken()"}, []string{"plant.broken cannot be called while the tests are declared"}},
		"the scenario": {shelf{"pumps.lua": pumps, "scenarios/bad.yaml": "summary: [a\n"}, []string{"scenarios/bad.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := hall()
			cfg.Limits.Time = 200 * time.Millisecond
			suite := tried(t, cfg, c.files)
			require.NotEmpty(t, suite.Tests)
			assert.Equal(t, Failed, suite.Tests[0].Status)
			assert.NotContains(t, said(suite.Tests[0]), "say in the test file how it is run", "that is no help here")
			if strings.HasPrefix(suite.Tests[0].Name, "the test file") {
				assert.Len(t, suite.Tests, 1, "nobody can tell what of may is used")
			}
			for _, part := range c.says {
				assert.Contains(t, suite.Tests[0].Name+"\n"+said(suite.Tests[0]), part)
			}
		})
	}
}

// A test that does not end is a test that failed.
func TestEndlessLoops(t *testing.T) {
	cfg := hall()
	cfg.Limits = watchdog.Limits{Time: 300 * time.Millisecond}
	looping := strings.Replace(pumps, "log(#run", "while run.params.speed == 9 do end\n      log(#run", 1)
	suite := tried(t, cfg, shelf{"pumps.lua": looping, "pumps_test.lua": `local test = require "test"
test.case("the test loops", { world = { kubernetes = { user = "a" } } }, function() while true do end end)
test.case("the runbook loops", { world = { kubernetes = { user = "a" } } }, function() test.run { params = { speed = 9 } } end)
test.case("it catches", { world = { kubernetes = { user = "a" } } }, function() while true do pcall(test.run, { params = { speed = 9 } }) end end)
test.case("another holds", { world = { kubernetes = { user = "a" } } }, function() test.expect(test.run(), { exit = 0 }) end)
`})
	require.Len(t, suite.Tests, 5)
	for i, part := range []string{"pumps_test.lua:2", "pumps_test.lua:3", "pumps_test.lua:4"} {
		assert.Equal(t, Failed, suite.Tests[i].Status)
		assert.Contains(t, said(suite.Tests[i]), "the test was ended: the run took longer than 300ms")
		assert.Contains(t, said(suite.Tests[i]), part)
	}
	assert.Contains(t, said(suite.Tests[1]), "at runbooks/pumps/pumps.lua:11: while run.params.speed == 9 do end")
	assert.Equal(t, Passed, suite.Tests[3].Status, said(suite.Tests[3]))
}

func TestStopping(t *testing.T) {
	ctx, stop := context.WithCancelCause(t.Context())
	cfg := hall()
	cfg.Workers = 1
	why := errors.New("Ctrl-C")
	cfg.Open = func(_ context.Context, s *scenario.Scenario) (Site, error) {
		stop(why)
		return openPlant(s), nil
	}
	book, err := BookOf(shelf{"pumps.lua": pumps, "scenarios/a.yaml": "kubernetes: {user: a}\n", "scenarios/b.yaml": "kubernetes: {user: b}\n"}.entry("pumps"))
	require.NoError(t, err)
	var suite *Suite
	require.ErrorIs(t, Run(ctx, cfg, []Book{book}, func(s *Suite) error { suite = s; return nil }), why)
	assert.Equal(t, 2, suite.Count(Stopped))
}

func TestOnlySome(t *testing.T) {
	files := shelf{"pumps.lua": pumps, "pumps_test.lua": `local test = require "test"
test.case("one", { scenario = "two" }, function() test.expect(test.run(), { exit = 0 }) end)
test.case("other", { scenario = "two" }, function() test.skip("flaky") end)
`, "scenarios/two.yaml": "kubernetes: {user: a}\n"}
	for expr, want := range map[string]string{"": "passed skipped passed failed", "one": "passed", "^pumps/o": "passed skipped", "dry = real": "passed", "^one$": ""} {
		cfg := hall()
		if expr != "" {
			cfg.Only = regexp.MustCompile(expr)
		}
		var got []string
		for _, r := range tried(t, cfg, files).Tests {
			got = append(got, string(r.Status))
		}
		assert.Equal(t, want, strings.Join(got, " "), expr)
	}
}

// Chance is the same in every run, in each of the turns of a plan, and whatever else runs meanwhile.
func TestChance(t *testing.T) {
	book := strings.Replace(pumps, "run.broken = plant.broken()", "run.broken = { 'p' .. math.random(1000000), 'p' .. math.random(1000000) }", 1)
	suite := tried(t, hall(), shelf{"pumps.lua": book, "scenarios/two.yaml": "kubernetes: {user: a}\n", "pumps_test.lua": `local test = require "test"
test.case("plan", { scenario = "two" }, function() test.expect(test.apply(test.plan()), { exit = 0 }) end)
test.case("twice", { scenario = "two" }, function() test.same(test.run(), test.run()) end)
`})
	for _, r := range suite.Tests[:3] {
		assert.Equal(t, Passed, r.Status, said(r))
	}
}

// Every test has a site, and variables, of its own, and every site is closed.
func TestTestsAreIsolated(t *testing.T) {
	cfg := hall()
	var opened []*plant
	lock := make(chan struct{}, 1)
	cfg.Open = func(_ context.Context, s *scenario.Scenario) (Site, error) {
		lock <- struct{}{}
		defer func() { <-lock }()
		p := openPlant(s)
		opened = append(opened, p)
		return p, nil
	}
	body := `{ scenario = "two" }, function()
  counter = (rawget(_G, "counter") or 0) + 1
  test.equal(counter, 1)
  test.expect(test.run(), { actions = { "plant.start", "plant.start" } })
  test.dry()
end)
`
	suite := tried(t, cfg, shelf{"pumps.lua": pumps, "scenarios/two.yaml": "kubernetes: {user: a b}\n", "pumps_test.lua": `local test = require "test"
test.case("one", ` + body + `test.case("two", ` + body})
	for _, r := range suite.Tests[:3] {
		assert.Equal(t, Passed, r.Status, said(r))
	}
	require.Len(t, opened, 4)
	for _, p := range opened {
		assert.True(t, p.closed)
		for _, u := range p.used {
			assert.Equal(t, u.Rehearse, u.Run == "test-2" && len(p.sent) > 0 || len(p.sent) == 0, "%+v", p)
		}
	}
}

func TestCoverage(t *testing.T) {
	suite := tried(t, hall(), shelf{"pumps.lua": pumps, "scenarios/two.yaml": "kubernetes: {user: a b}\n"})
	run, all := suite.Covered()
	assert.Equal(t, []int{21, 22, 23}, suite.Lines[0].Missed, "%+v", suite.Lines)
	assert.Equal(t, "runbooks/pumps/pumps.lua", suite.Lines[0].File)
	assert.Equal(t, 3, all-run)
}

func TestBooks(t *testing.T) {
	script, ok := ScriptOf("a/b/compiler-down_test.lua")
	assert.True(t, ok)
	assert.Equal(t, "a/b/compiler-down.lua", script)
	for _, other := range []string{"a/x.lua", "a/_test.lua", "_test.lua"} {
		_, ok := ScriptOf(other)
		assert.False(t, ok, other)
	}
	for of, want := range map[string]string{"./x.lua": "./x_test.lua", "x.lua": "x_test.lua", "a/x.lua": "a/x_test.lua", "/x.lua": "/x_test.lua"} {
		assert.Equal(t, want, Book{Entry: &catalog.Entry{Path: of}, Tests: "x_test.lua"}.path())
	}
}

// A test that heeds nothing is left behind, and the others go on.
func TestATestThatHangs(t *testing.T) {
	release := make(chan struct{})
	gone := make(chan struct{})
	cfg := hall()
	cfg.Workers, cfg.Limits.Time = 1, 100*time.Millisecond
	var opened atomic.Int64
	cfg.Open = func(_ context.Context, s *scenario.Scenario) (Site, error) {
		if opened.Add(1) == 1 {
			<-release
			defer close(gone)
		}
		return openPlant(s), nil
	}
	body := `{ scenario = "two" }, function() test.expect(test.run(), { exit = 0 }) end)
`
	suite := tried(t, cfg, shelf{"pumps.lua": pumps, "scenarios/two.yaml": "kubernetes: {user: a}\n", "pumps_test.lua": `local test = require "test"
test.case("one", ` + body + `test.case("two", ` + body})
	close(release)
	<-gone
	assert.Equal(t, 2, suite.Count(Failed), "the hanging one, and the entry of may that none used")
	for _, r := range suite.Tests {
		if r.Status == Failed && r.Name != "may: every entry is used" {
			assert.Contains(t, said(r), "the test was ended: the run took longer than 100ms")
			assert.Contains(t, said(r), "it did not end, and was left behind")
		}
	}
}

// A fault of a site is a test that failed, and the site is closed all the same.
func TestAFaultInATest(t *testing.T) {
	cfg := hall()
	cfg.Open = func(context.Context, *scenario.Scenario) (Site, error) { return nil, errors.New("no room for a site") }
	suite := tried(t, cfg, shelf{"pumps.lua": pumps, "scenarios/two.yaml": "kubernetes: {user: a}\n"})
	assert.Contains(t, said(suite.Tests[0]), "no room for a site")
	cfg.Open = func(context.Context, *scenario.Scenario) (Site, error) { panic("boom") }
	suite = tried(t, cfg, shelf{"pumps.lua": pumps, "scenarios/two.yaml": "kubernetes: {user: a}\n"})
	assert.Contains(t, said(suite.Tests[0]), "a fault in the test: boom")
}

// BenchmarkTest is what a test costs beside its site: two runs, with their scripts loaded.
func BenchmarkTest(b *testing.B) {
	cfg := hall()
	cfg.Workers = 1
	book, err := BookOf(shelf{"pumps.lua": pumps, "scenarios/two.yaml": "kubernetes: {user: a b}\n"}.entry("pumps"))
	require.NoError(b, err)
	for b.Loop() {
		require.NoError(b, Run(b.Context(), cfg, []Book{book}, func(*Suite) error { return nil }))
	}
}

// A call of a module that heeds nothing is as little able to hold up the others.
func TestARunThatHangs(t *testing.T) {
	release, gone := make(chan struct{}), make(chan struct{})
	cfg := hall()
	cfg.Limits.Time = 100 * time.Millisecond
	declared := cfg.Library.Modules[0]
	declared.Funcs = append(declared.Funcs, module.Func{Name: "hang", Control: func(context.Context, module.Args) (any, error) { return nil, nil }})
	cfg.Open = func(_ context.Context, s *scenario.Scenario) (Site, error) {
		p := openPlant(s)
		p.hang = func() { <-release }
		p.seen = func(*plant) { close(gone) }
		return p, nil
	}
	suite := tried(t, cfg, shelf{
		"pumps.lua":          strings.Replace(pumps, "run.broken = plant.broken()", "plant.hang()\n      run.broken = {}", 1),
		"scenarios/two.yaml": "kubernetes: {user: a}\n",
	})
	close(release)
	<-gone
	assert.Contains(t, said(suite.Tests[0]), "it did not end, and was left behind")
}
