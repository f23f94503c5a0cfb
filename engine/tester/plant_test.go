package tester

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/clock"
	"runbook/engine/module"
	"runbook/engine/world/outbox"
	"runbook/engine/world/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// plant is a simulated site with pumps. Those that the scenario's user names are broken; started, one runs 20 seconds later, unless its
// name begins with "dead". Each fault of the scenario makes that many starts fail, for the moment or for good.
type plant struct {
	clock    *clock.Virtual
	scenario *scenario.Scenario
	rewound  int
	mu       sync.Mutex
	broken   map[string]bool
	runs     map[string]time.Time // from when on
	faults   []scenario.Fault
	closed   bool
	sent     []string
	used     []Use
	seen     func(*plant)
	hang     func() // of a function of the module that heeds nothing; nil for a module without it
}

func openPlant(s *scenario.Scenario) *plant {
	p := &plant{clock: clock.NewVirtual(s.Starts()), broken: map[string]bool{}, runs: map[string]time.Time{}, faults: slices.Clone(s.Faults), scenario: s}
	for name := range strings.FieldsSeq(s.Kubernetes.User) {
		p.broken[name] = true
	}
	return p
}

func (p *plant) Clock() *clock.Virtual       { return p.clock }
func (p *plant) Identity() map[string]string { return map[string]string{"plant": "simulated"} }

// Outbox is empty: pumps tell nobody.
func (*plant) Outbox() []outbox.Message { return nil }

// Rewind takes the plant back to how the scenario has it.
func (p *plant) Rewind() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	again := openPlant(p.scenario)
	p.clock, p.broken, p.runs, p.faults = again.clock, again.broken, again.runs, again.faults
	p.rewound++
	return nil
}

func (p *plant) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if p.seen != nil {
		p.seen(p)
	}
	return nil
}

// Change breaks the pump that an event deletes.
func (p *plant) Change(_ context.Context, e scenario.Event) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e.Fault != nil {
		p.faults = append(p.faults, *e.Fault)
		return nil
	}
	_, name, _ := strings.Cut(e.Delete, "/")
	p.broken[name] = true
	delete(p.runs, name)
	return nil
}

func (p *plant) Library(_ context.Context, u Use) engine.Library {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.used = append(p.used, u)
	return engine.Library{Modules: []*module.Module{p.module()}}
}

func (p *plant) module() *module.Module {
	name := module.Param{Name: "name", Kind: module.String, Required: true}
	options := module.Param{Name: "options", Kind: module.Object, Fields: []module.Param{
		{Name: "speed", Kind: module.Integer, Default: int64(1)}, {Name: "note", Kind: module.String},
	}}
	m := &module.Module{Name: "plant", Funcs: []module.Func{
		{Name: "broken", Read: func(module.Args) (action.Read, error) { return &brokenPumps{p}, nil }},
		{Name: "start", Params: []module.Param{name, options}, Risk: action.Disruptive, Act: func(a module.Args) (action.Action, error) {
			speed, _ := a.Int("speed")
			return &start{p, "plant.start", a.String("name"), speed, a.String("note")}, nil
		}},
		{Name: "page", Params: []module.Param{name}, Act: func(a module.Args) (action.Action, error) {
			return &start{p, "plant.page", a.String("name"), 0, ""}, nil
		}},
		{Name: "wait", Params: []module.Param{name}, Wait: func(a module.Args) (action.Wait, error) { return &running{p, a.String("name")}, nil }},
	}}
	if p.hang != nil {
		m.Funcs = append(m.Funcs, module.Func{Name: "hang", Control: func(context.Context, module.Args) (any, error) {
			p.hang()
			return nil, nil
		}})
	}
	return m
}

func pump(name string) action.Target {
	return action.Target{System: "plant", Kind: "pumps", Scope: "hall", Name: name}
}

type brokenPumps struct{ *plant }

func (r *brokenPumps) Describe() action.Description {
	return action.Description{Verb: "plant.broken", Target: action.Target{System: "plant", Kind: "pumps"}}
}

func (r *brokenPumps) Read(_ context.Context, view action.View) (any, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := []string{}
	for name := range r.broken {
		if since, started := r.runs[name]; started && !since.After(r.clock.Now()) {
			continue
		}
		if o, _ := view.Lay(pump(name), nil); o == nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out, nil
}

type start struct {
	*plant
	verb, name string
	speed      int64
	note       string
}

func (a *start) Describe() action.Description {
	return action.Description{
		Verb: a.verb, Target: pump(a.name), Risk: action.Disruptive,
		Identity: []action.Arg{{Name: "speed", Value: a.speed}}, Payload: []action.Arg{{Name: "note", Value: a.note}},
	}
}

func (a *start) Predict(context.Context, action.View) (action.Prediction, error) {
	if a.name == "forbidden" {
		return action.Prediction{}, action.Errorf(action.CodeForbidden, "you may not start it").On(pump(a.name))
	}
	return action.Prediction{
		Label: action.Simulated, Unchanged: a.name == "idle",
		Changes: []action.Change{{Target: pump(a.name), After: map[string]any{"on": true}}},
	}, nil
}

func (a *start) Apply(context.Context, action.Prediction) (action.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range a.faults {
		if f := &a.faults[i]; f.Times > 0 {
			f.Times--
			return action.Result{}, action.Errorf(action.CodeThrottled, "too many starts").Again()
		}
	}
	a.sent = append(a.sent, a.verb+" "+a.name)
	if !strings.HasPrefix(a.name, "dead") && a.verb == "plant.start" {
		a.runs[a.name] = a.clock.Now().Add(20 * time.Second)
	}
	return action.Result{}, nil
}

func (a *start) Settle(context.Context, action.Intent) (action.Settlement, error) {
	return action.Unknown, nil
}

type running struct {
	*plant
	name string
}

func (w *running) Describe() action.Description {
	return action.Description{Verb: "plant.wait", Target: pump(w.name)}
}

func (w *running) Check(context.Context, action.View) (action.Progress, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	since, started := w.runs[w.name]
	return action.Progress{Met: started && !since.After(w.clock.Now()), Detail: "it stands"}, nil
}

func (w *running) Assume(context.Context, action.View) ([]action.Change, error) { return nil, nil }

func (w *running) Pace() action.Pace {
	return action.Pace{Every: 5 * time.Second, Timeout: time.Minute}
}

// pumps is a runbook for the plant.
const pumps = `--- Pumps down.
local plant = require "plant"

return runbook {
  summary = "Start broken pumps",
  may = { "plant.start", "plant.page" },
  params = { speed = { type = "integer", default = 3 }, how = { ask = "How?", enum = { "gently", "hard" } } },
  steps = {
    step("Look", function(run)
      run.broken = plant.broken()
      log(#run.broken .. " broken")
    end),
    step("Start", function(run)
      if #run.broken == 0 then skip("nothing is broken") end
      for _, name in ipairs(run.broken) do plant.start(name, { speed = run.params.speed, note = "for " .. name }) end
    end),
    step("Wait", function(run)
      for _, name in ipairs(run.broken) do
        local _, err = try(plant.wait, name)
        if err then
          plant.page("boss")
          verdict("down", err.message)
          return
        end
      end
      verdict("healthy", "all run")
    end),
  },
}
`

// shelf is a runbook's folder.
type shelf map[string]string

func (s shelf) entry(name string) *catalog.Entry {
	folder := fstest.MapFS{}
	for file, text := range s {
		folder[file] = &fstest.MapFile{Data: []byte(text)}
	}
	return &catalog.Entry{Name: name, Origin: "project", Path: "runbooks/" + name + "/" + name + ".lua", Folder: folder, File: name + ".lua"}
}

// hall is what the tests of a runbook in the plant are run with.
func hall() Config {
	declared := (&plant{}).module()
	return Config{
		Library: engine.Library{Modules: []*module.Module{declared}}, Workers: 4, Version: "dev",
		Shelves: func(e *catalog.Entry) scenario.Shelves {
			own, err := OwnShelf(e)
			if err != nil {
				panic(err)
			}
			return scenario.Shelves{Folders: []scenario.Shelf{own}}
		},
		Open: func(_ context.Context, s *scenario.Scenario) (Site, error) { return openPlant(s), nil },
	}
}

// tried runs the tests of one runbook.
func tried(t *testing.T, cfg Config, files shelf) *Suite {
	t.Helper()
	book, err := BookOf(files.entry("pumps"))
	require.NoError(t, err)
	var suite *Suite
	require.NoError(t, Run(t.Context(), cfg, []Book{book}, func(s *Suite) error { suite = s; return nil }))
	return suite
}

// one runs a single test with that body, in a plant with two broken pumps, and returns what came of it.
func one(t *testing.T, body string) Result {
	t.Helper()
	return oneIn(t, `{ world = { kubernetes = { user = "a b" } } }`, body)
}

func oneIn(t *testing.T, site, body string) Result {
	t.Helper()
	cfg := hall()
	cfg.Only = regexp.MustCompile("/it holds$")
	text := "local test = require \"test\"\nlocal plant = require \"plant\"\ntest.case(\"it holds\", " + site + ", function()\n" + body + "\nend)\n"
	suite := tried(t, cfg, shelf{
		"pumps.lua": pumps, "pumps_test.lua": text,
		"scenarios/two.yaml": "kubernetes: {user: a b}\n", "scenarios/dead.yaml": "kubernetes: {user: dead1}\n",
	})
	require.Len(t, suite.Tests, 1, "%+v", suite)
	return suite.Tests[0]
}

// said is all that is told of a test.
func said(r Result) string {
	return fmt.Sprintf("%s %s\n%s", r.Status, r.Reason, strings.Join(r.Lines(true), "\n"))
}
