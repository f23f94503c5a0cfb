package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/tape"
)

// plant is a module whose pumps can be started, each once, and can be looked at. It outlives the runs that change it.
type plant struct {
	mu      sync.Mutex
	started map[string]int
	looks   int
	unsure  bool             // settling never knows
	fail    map[string]error // of looking at a pump
}

func newPlant() *plant { return &plant{started: map[string]int{}, fail: map[string]error{}} }

func (p *plant) module() *module.Module {
	name := module.Param{Name: "name", Kind: module.String, Required: true}
	return &module.Module{Name: "plant", Funcs: []module.Func{
		{Name: "start", Params: []module.Param{name}, Act: func(a module.Args) (action.Action, error) {
			return &pump{p, a.String("name"), false}, nil
		}},
		{Name: "flush", Params: []module.Param{name}, Act: func(a module.Args) (action.Action, error) {
			return &pump{p, a.String("name"), true}, nil
		}},
		{Name: "running", Params: []module.Param{name}, Read: func(a module.Args) (action.Read, error) {
			return &pumpLook{p, a.String("name")}, nil
		}},
	}}
}

type pump struct {
	*plant
	name       string
	idempotent bool
}

func (a *pump) Describe() action.Description {
	verb := "plant.start"
	if a.idempotent {
		verb = "plant.flush"
	}
	return action.Description{Verb: verb, Target: action.Target{System: "plant", Kind: "pumps", Name: a.name}, Risk: action.Disruptive, Idempotent: a.idempotent}
}

func (a *pump) evidence() action.Evidence {
	return action.Evidence{UID: "pump-" + a.name, Old: map[string]any{"starts": a.started[a.name]}}
}

func (a *pump) Predict(context.Context, action.View) (action.Prediction, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return action.Prediction{Evidence: a.evidence(), Label: action.Simulated, Value: map[string]any{"was": int64(a.started[a.name])}}, nil
}

func (a *pump) Apply(_ context.Context, predicted action.Prediction) (action.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.started[a.name]++
	return action.Result{Value: predicted.Value}, nil
}

func (a *pump) Settle(_ context.Context, intent action.Intent) (action.Settlement, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.unsure:
		return action.Unknown, nil
	case fmt.Sprint(intent.Evidence.Old["starts"]) == fmt.Sprint(a.started[a.name]):
		return action.NotDone, nil
	}
	return action.Done, nil
}

type pumpLook struct {
	*plant
	name string
}

func (l *pumpLook) Describe() action.Description {
	return action.Description{Verb: "plant.running", Target: action.Target{System: "plant", Kind: "pumps", Name: l.name}}
}

func (l *pumpLook) Read(context.Context, action.View) (any, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	if err := l.fail[l.name]; err != nil {
		return nil, err
	}
	return map[string]any{"name": l.name, "starts": int64(l.started[l.name]), "looks": int64(l.looks)}, nil
}

// dying is a sink that keeps records as a journal would, and dies at one of them: before it is written, or right after.
type dying struct {
	mu      sync.Mutex
	records []*journal.Record
	at      int // number of the record at which it dies, 0 for never
	after   bool
	dead    bool
	kinds   []journal.Kind // as they were written, recalled ones included
	all     []*journal.Record
}

var errDied = errors.New("the process was killed")

func (d *dying) Write(r *journal.Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.dead {
		return errDied
	}
	d.kinds = append(d.kinds, r.Kind)
	seen := *r
	d.all = append(d.all, &seen)
	if r.Recalled {
		return nil
	}
	if d.at > 0 && len(d.records)+1 == d.at {
		d.dead = true
		if d.after {
			d.keep(r)
		}
		return errDied
	}
	d.keep(r)
	return nil
}

// keep stores what a reader of the journal would get.
func (d *dying) keep(r *journal.Record) {
	stored := *r
	for _, returned := range []**journal.Outcome{&stored.Outcome} {
		if *returned != nil {
			o := **returned
			o.Result, _ = json.Marshal(o.Value)
			*returned = &o
		}
	}
	if stored.Intent != nil {
		i := *stored.Intent
		i.Result, _ = json.Marshal(i.Value)
		stored.Intent = &i
	}
	stored.Seq = int64(len(d.records)) + 1
	text, err := json.Marshal(&stored)
	if err != nil {
		panic(err)
	}
	read := &journal.Record{}
	if err := json.Unmarshal(text, read); err != nil {
		panic(err)
	}
	d.records = append(d.records, read)
}

func (d *dying) shows() []string {
	var out []string
	for _, r := range d.records {
		if r.Kind == journal.KindShow {
			out = append(out, r.Branch+": "+r.Show.Text)
		}
	}
	return out
}

// tortuous uses everything whose result a resumed run has to get again.
const tortuous = `
local plant, time = require "plant", require "time"
return runbook {
  summary = "Start pumps", may = { "plant.start" },
  params = { zone = { ask = "which zone?", enum = { "north", "south" } } },
  steps = {
    step("Look", function(run)
      run.lucky = math.random(1000000)
      run.began = time.now()
      run.zone = ask("zone")
      run.first = plant.running("main")
    end),
    step("Start", function(run)
      plant.start("main")
      sleep(0.001)
      local seen = parallel({ "a", "b", "c" }, { limit = 2 }, function(name)
        local r = math.random()
        local before = plant.running(name).starts
        local was = plant.start(name .. tostring(run.zone)).was
        parallel({ "x", "y" }, function(inner) plant.start(name .. inner) end)
        return { r = r, before = before, was = was, after = plant.running(name .. tostring(run.zone)).starts }
      end)
      for _, s in ipairs(seen) do run.sum = (run.sum or 0) + s.r * 0 + s.before + s.was + s.after end
    end),
    step("Settle down", function(run)
      local n = 0
      wait_until({ name = "steady", every = 0.001, timeout = 5 }, function()
        n = n + 1
        plant.running("main")
        return n >= 3
      end)
      run.n = n
      local _, err = try(plant.running, "broken")
      run.code = err.code
      if confirm("finish?") then plant.start("last") end
    end),
    step("Tell", function(run)
      log(("%s %s %s %s"):format(run.zone, run.sum, run.n, run.code))
      verdict("healthy")
    end),
  },
}`

func (p *plant) bench(t *testing.T, text string, sink journal.Sink) Config {
	t.Helper()
	b := newBench(t, text, carryOut())
	b.cfg.Library.Modules = []*module.Module{p.module()}
	b.cfg.Open = func() (journal.Sink, error) { return sink, nil }
	b.cfg.Given = map[string]string{}
	return b.cfg
}

// resume makes a run of what is left of another one.
func resume(t *testing.T, cfg Config, records []*journal.Record, fromStep int) (Config, error) {
	t.Helper()
	selected, err := tape.Select(records, fromStep)
	if err != nil {
		return cfg, err
	}
	cfg.Past = PastOf(records, selected)
	return cfg, nil
}

// The heart of it: a run that is killed at any record, and resumed, comes to the same end with the same effects, none of them twice.
func TestARunKilledAtAnyRecordComesToTheSameEnd(t *testing.T) {
	uninterrupted := newPlant()
	uninterrupted.fail["broken"] = action.Errorf(action.CodeNotFound, "there is no such pump")
	whole := &dying{}
	cfg := uninterrupted.bench(t, tortuous, whole)
	cfg.Given["zone"] = "south"
	result, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, ExitDone, result.Exit)
	require.Len(t, uninterrupted.started, 11)

	for at := 1; at <= len(whole.records); at++ {
		for _, after := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %s after %v", at, whole.records[at-1].Kind, after), func(t *testing.T) {
				killAt(t, at, after, uninterrupted, whole)
			})
		}
	}
}

func killAt(t *testing.T, at int, after bool, uninterrupted *plant, whole *dying) {
	world := newPlant()
	world.fail = uninterrupted.fail
	first := &dying{at: at, after: after}
	cfg := world.bench(t, tortuous, first)
	cfg.Given["zone"] = "south"
	_, err := Run(t.Context(), cfg)
	if len(first.records) == 0 {
		require.Error(t, err, "a run that cannot be written down does not begin")
		assert.Empty(t, world.started)
		return
	}
	second := &dying{records: first.records}
	cfg = world.bench(t, tortuous, second)
	cfg.Given["zone"] = "south"
	cfg, err = resume(t, cfg, first.records, 0)
	if err != nil {
		require.Contains(t, err.Error(), "came to its end")
		return
	}
	result, err := Run(t.Context(), cfg)
	require.NoError(t, err)
	require.Equal(t, ExitDone, result.Exit, "%+v", second.records[len(second.records)-1].End)
	assert.Equal(t, uninterrupted.started, world.started, "the same effects, none twice")
	assert.Equal(t, whole.shows(), second.shows())
	assert.Equal(t, count(whole.records), count(second.records), "nothing is written down twice")
	assert.Equal(t, 11, result.Actions)
}

// count counts records by kind, without those that every attempt has for itself.
func count(records []*journal.Record) map[journal.Kind]int {
	out, seen := map[journal.Kind]int{}, map[string]bool{}
	for _, r := range records {
		if r.Kind == journal.KindRead {
			if seen[r.Key] {
				continue // what failed last is asked for again
			}
			seen[r.Key] = true
		}
		out[r.Kind]++
	}
	maps.DeleteFunc(out, func(k journal.Kind, _ int) bool {
		return k == journal.KindResume || k == journal.KindEnd || k == journal.KindConsent || k == journal.KindSource
	})
	return out
}

// attempt runs or resumes a script in the plant and returns its journal so far.
func (p *plant) attempt(t *testing.T, text string, so *dying, fromStep int) (*dying, Result, error) {
	t.Helper()
	next := &dying{}
	cfg := p.bench(t, text, next)
	if so != nil {
		next.records = so.records
		var err error
		if cfg, err = resume(t, cfg, so.records, fromStep); err != nil {
			return next, Result{}, err
		}
	}
	result, err := Run(t.Context(), cfg)
	return next, result, err
}

func (d *dying) end() *journal.End {
	for i := len(d.records) - 1; i >= 0; i-- {
		if d.records[i].Kind == journal.KindEnd {
			return d.records[i].End
		}
	}
	return nil
}

const failing = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start", "plant.flush" }, steps = {
  step("One", function(run) plant.start("a") run.a = plant.running("a").starts end),
  step("Two", function(run)
    plant.start("b")
    plant.flush("f")
    run.c = plant.running("c").starts
    log(("a %d, c %d"):format(run.a, run.c))
  end),
} }`

var unreachable = action.Errorf(action.CodeUnavailable, "no route to host")

func TestAFailedRunGoesOnAtTheCallThatFailed(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	first, result, err := p.attempt(t, failing, nil, 0)
	require.NoError(t, err)
	require.Equal(t, ExitFailed, result.Exit)
	again, result, err := p.attempt(t, failing, first, 0)
	require.NoError(t, err)
	require.Equal(t, ExitFailed, result.Exit, "it still fails")
	delete(p.fail, "c")
	last, result, err := p.attempt(t, failing, again, 0)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"a": 1, "b": 1, "f": 1}, p.started)
	assert.Equal(t, []string{": a 1, c 0"}, last.shows())
	_, _, err = p.attempt(t, failing, last, 0)
	require.ErrorContains(t, err, "came to its end")
}

// A step that is begun anew looks again, and does again what twice is once; what would do harm twice is not done again.
func TestFromStepLooksAgain(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	first, _, err := p.attempt(t, failing, nil, 0)
	require.NoError(t, err)
	delete(p.fail, "c")
	p.started["a"] = 7 // somebody else, meanwhile
	second, result, err := p.attempt(t, failing, first, 2)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"a": 7, "b": 1, "f": 2}, p.started)
	assert.Equal(t, []string{": a 1, c 0"}, second.shows(), "step one was not begun anew")
	_, _, err = p.attempt(t, failing, first, 3)
	require.ErrorContains(t, err, "did not reach step 3")

	third, result, err := p.attempt(t, failing, first, 1)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, []string{": a 7, c 0"}, third.shows()[len(third.shows())-1:])
	assert.Equal(t, 7, p.started["a"])
}

// What was done in a step that is begun anew was done, whether it is asked for again or not. It must not vanish from what is told.
func TestWhatIsDroppedAndWasDoneIsTold(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	first, _, err := p.attempt(t, failing, nil, 0)
	require.NoError(t, err)
	second, _, err := p.attempt(t, failing, first, 2)
	require.NoError(t, err)
	third, _, err := p.attempt(t, failing, second, 0)
	require.NoError(t, err)
	var warnings []string
	for _, r := range third.records {
		if r.Kind == journal.KindWarning {
			warnings = append(warnings, r.Warning.Text)
		}
	}
	assert.Equal(t, []string{"this was done before, in what is begun anew, and is done again where it is still asked for: plant.flush pumps/f"}, warnings)
}

// A run that is killed while a step is begun anew goes on there, and still does nothing twice.
func TestAResumeFromAStepCanBeKilledToo(t *testing.T) {
	for at := 0; at < 14; at++ {
		p := newPlant()
		p.fail["c"] = unreachable
		first, _, err := p.attempt(t, failing, nil, 0)
		require.NoError(t, err)
		delete(p.fail, "c")
		second := &dying{records: first.records, at: len(first.records) + 2 + at, after: true}
		cfg, err := resume(t, p.bench(t, failing, second), first.records, 2)
		require.NoError(t, err)
		_, err = Run(t.Context(), cfg)
		require.NoError(t, err)
		_, result, err := p.attempt(t, failing, second, 0)
		if err == nil {
			assert.Equal(t, ExitDone, result.Exit, "killed at %d", at)
		} else {
			assert.ErrorContains(t, err, "came to its end")
		}
		assert.Equal(t, map[string]int{"a": 1, "b": 1, "f": 2}, p.started, "killed at %d", at)
	}
}

func TestABranchThatFailedGoesOn(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start" }, steps = { step("One", function(run)
  local out = parallel({ "a", "b", "c", "d" }, { limit = 1 }, function(n)
    plant.start(n)
    return plant.running(n).starts
  end)
  log(table.concat(out, " "))
end) } }`
	p := newPlant()
	p.fail["b"] = unreachable
	first, result, err := p.attempt(t, text, nil, 0)
	require.NoError(t, err)
	require.Equal(t, ExitFailed, result.Exit)
	require.Equal(t, map[string]int{"a": 1, "b": 1}, p.started, "no branch begins after the first error")
	delete(p.fail, "b")
	second, result, err := p.attempt(t, text, first, 0)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"a": 1, "b": 1, "c": 1, "d": 1}, p.started)
	assert.Equal(t, []string{": 1 1 1 1"}, second.shows())
}

// A failure that the script lived with is part of its course.
func TestAFailureThatWasCaughtStays(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.start" }, steps = { step("One", function(run)
  local _, errs = parallel({ "a", "b" }, { on_error = "continue" }, function(n) return plant.running(n).starts end)
  log(errs[2] and errs[2].message or "fine")
  plant.start("x")
  plant.running("c")
end) } }`
	p := newPlant()
	p.fail["b"], p.fail["c"] = unreachable, unreachable
	first, _, err := p.attempt(t, text, nil, 0)
	require.NoError(t, err)
	p.fail = map[string]error{}
	second, result, err := p.attempt(t, text, first, 0)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, []string{": no route to host"}, second.shows())
}

func TestARunThatItsScriptEndedIsNotResumedThere(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", steps = { step("One", function(run)
  if plant.running("a").starts == 0 then fail("it is off") end
end) } }`
	p := newPlant()
	first, _, err := p.attempt(t, text, nil, 0)
	require.NoError(t, err)
	p.started["a"] = 1
	_, _, err = p.attempt(t, text, first, 0)
	require.ErrorContains(t, err, "was ended by its own script in step 1")
	_, result, err := p.attempt(t, text, first, 1)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
}

func TestCleanUpsThatChangedThingsForbidToGoOnInTheMiddle(t *testing.T) {
	const text = `
local plant = require "plant"
return runbook { summary = "s", may = { "plant.flush" }, steps = { step("One", function(run)
  plant.flush("a")
  on_exit(function() plant.flush("undo") end)
  plant.running("c")
end) } }`
	p := newPlant()
	p.fail["c"] = unreachable
	first, _, err := p.attempt(t, text, nil, 0)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"a": 1, "undo": 1}, p.started)
	delete(p.fail, "c")
	_, _, err = p.attempt(t, text, first, 0)
	require.ErrorContains(t, err, "the clean-ups of run")
	require.ErrorContains(t, err, "plant.flush pumps/undo")
	_, result, err := p.attempt(t, text, first, 1)
	require.NoError(t, err)
	assert.Equal(t, ExitDone, result.Exit)
	assert.Equal(t, map[string]int{"a": 2, "undo": 2}, p.started)
}

// What no target can tell is a person's to say, and nobody else's.
func TestAnActionOfWhichNobodyKnowsIsAskedAbout(t *testing.T) {
	for answer, starts := range map[action.Settlement]int{action.Done: 0, action.NotDone: 1} {
		p := newPlant()
		p.unsure = true
		first := &dying{}
		whole, _, err := newPlant().attempt(t, failing, nil, 0)
		require.NoError(t, err)
		for i, r := range whole.records {
			if r.Kind == journal.KindIntent {
				first.at, first.after = i+1, true
				break
			}
		}
		_, err = Run(t.Context(), p.bench(t, failing, first))
		require.NoError(t, err)

		_, result, err := p.attempt(t, failing, first, 0)
		require.NoError(t, err)
		assert.Equal(t, ExitDeclined, result.Exit, "nobody is there")
		assert.Empty(t, p.started)

		second := &dying{records: first.records}
		cfg, err := resume(t, p.bench(t, failing, second), first.records, 0)
		require.NoError(t, err)
		cfg.Mode.People = decided{cfg.Mode.People, answer}
		result, err = Run(t.Context(), cfg)
		require.NoError(t, err)
		assert.Equal(t, ExitDone, result.Exit)
		assert.Equal(t, starts, p.started["a"])
	}
}

type decided struct {
	People
	answer action.Settlement
}

func (d decided) Settled(context.Context, *journal.Record, error) (action.Settlement, string, error) {
	return d.answer, "test", nil
}

func TestAnotherScriptIsRefusedWithADiff(t *testing.T) {
	p := newPlant()
	p.fail["c"] = unreachable
	first, _, err := p.attempt(t, failing, nil, 0)
	require.NoError(t, err)
	_, _, err = p.attempt(t, strings.Replace(failing, `plant.start("b")`, `plant.start("z")`, 1), first, 0)
	require.ErrorContains(t, err, "has changed since")
	require.ErrorContains(t, err, "-    plant.start(\"b\")\n+    plant.start(\"z\")")
	assert.Equal(t, action.CodeDrift, action.CodeOf(err))
	assert.Equal(t, map[string]int{"a": 1, "b": 1, "f": 1}, p.started)
}
