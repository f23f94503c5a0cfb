package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/tape"
)

// plant is a module whose pumps can be started, which harms if done twice, or flushed, which does not, and whose tanks can be built and
// removed. It outlives the runs that change it.
type plant struct {
	mu      sync.Mutex
	started map[string]int    // pumps, by name: how often
	tanks   map[string]string // uids of those that are there, by name
	sent    []string          // what was done to tanks, in order
	looks   int
	unsure  bool             // settling never knows
	foul    bool             // what is called late fails, and of what is called lost no answer comes
	fail    map[string]error // of looking at a pump
	stuck   map[string]error // of predicting, by the target's name
}

func newPlant() *plant {
	return &plant{started: map[string]int{}, tanks: map[string]string{}, fail: map[string]error{}, stuck: map[string]error{}}
}

func (p *plant) module() *module.Module {
	name := module.Param{Name: "name", Kind: module.String, Required: true}
	act := func(verb string, idempotent bool) module.Func {
		return module.Func{Name: verb, Params: []module.Param{name}, Risk: action.Disruptive, Act: func(a module.Args) (action.Action, error) {
			work := work{p, verb, a.String("name"), idempotent}
			if verb == "build" || verb == "remove" {
				return &tank{work}, nil
			}
			return &pump{work}, nil
		}}
	}
	return &module.Module{Name: "plant", Funcs: []module.Func{
		act("start", false), act("flush", true), act("build", false), act("remove", true),
		{Name: "running", Params: []module.Param{name}, Read: func(a module.Args) (action.Read, error) {
			return &pumpLook{p, a.String("name")}, nil
		}},
		{Name: "capacity", Read: func(module.Args) (action.Read, error) {
			return fixed{"capacity", map[string]any{"litres": 1.2e16}}, nil
		}},
		{Name: "alarms", Read: func(module.Args) (action.Read, error) { return fixed{"alarms", []string(nil)}, nil }},
	}}
}

// work is what all actions of a plant have in common.
type work struct {
	*plant
	verb, name string
	idempotent bool
}

func (w *work) Describe() action.Description {
	kind := "pumps"
	if w.verb == "build" || w.verb == "remove" {
		kind = "tanks"
	}
	return action.Description{
		Verb: "plant." + w.verb, Target: action.Target{System: "plant", Kind: kind, Name: w.name}, Risk: action.Disruptive, Idempotent: w.idempotent,
	}
}

type pump struct{ work }

func (a *pump) Predict(context.Context, action.View) (action.Prediction, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.stuck[a.name]; err != nil {
		return action.Prediction{}, err
	}
	evidence := action.Evidence{UID: "pump-" + a.name, Old: map[string]any{"starts": a.started[a.name]}}
	return action.Prediction{Evidence: evidence, Label: action.Simulated, Value: map[string]any{"was": int64(a.started[a.name])}}, nil
}

func (a *pump) Apply(_ context.Context, predicted action.Prediction) (action.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.foul && strings.HasPrefix(a.name, "late") {
		return action.Result{}, unreachable
	}
	a.started[a.name]++
	if a.foul && strings.HasPrefix(a.name, "lost") {
		return action.Result{}, action.Errorf(action.CodeTimeout, "no answer")
	}
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

// tank is something that is there or not. Each that is built is another one.
type tank struct{ work }

func (a *tank) Predict(_ context.Context, view action.View) (action.Prediction, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.stuck[a.name]; err != nil {
		return action.Prediction{}, err
	}
	var live map[string]any
	if uid := a.tanks[a.name]; uid != "" {
		live = map[string]any{"uid": uid}
	}
	there, _ := view.Lay(a.Describe().Target, live)
	p := action.Prediction{Label: action.Simulated, Evidence: action.Evidence{UID: a.tanks[a.name]}}
	switch {
	case a.verb == "remove" && there == nil:
		p.Unchanged, p.Value = true, false
	case a.verb == "remove":
		p.Value, p.Changes = true, []action.Change{{Target: a.Describe().Target, Before: there}}
	case there != nil:
		return p, action.Errorf(action.CodeExists, "there is a tank %s", a.name)
	default:
		p.Changes = []action.Change{{Target: a.Describe().Target, After: map[string]any{"name": a.name}}}
	}
	return p, nil
}

func (a *tank) Apply(context.Context, action.Prediction) (action.Result, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = append(a.sent, a.verb+" "+a.name)
	if a.verb == "remove" {
		delete(a.tanks, a.name)
		return action.Result{Value: true}, nil
	}
	a.tanks[a.name] = fmt.Sprintf("tank-%d", len(a.sent))
	return action.Result{}, nil
}

func (a *tank) Settle(context.Context, action.Intent) (action.Settlement, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if (a.verb == "build") == (a.tanks[a.name] != "") {
		return action.Done, nil
	}
	return action.NotDone, nil
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
	if l.foul && l.name == "late" {
		return nil, unreachable
	}
	return map[string]any{"name": l.name, "starts": int64(l.started[l.name]), "looks": int64(l.looks)}, nil
}

// fixed is a read that always sees the same.
type fixed struct {
	name  string
	value any
}

func (f fixed) Describe() action.Description {
	return action.Description{Verb: "plant." + f.name, Target: action.Target{System: "plant", Kind: "all"}}
}

func (f fixed) Read(context.Context, action.View) (any, error) { return f.value, nil }

// dying is a sink that keeps records as a journal would, and dies at one of them: before it is written, or right after.
type dying struct {
	mu      sync.Mutex
	records []*journal.Record
	at      int // number of the record at which it dies, 0 for never
	after   bool
	upon    func(*journal.Record) bool // it dies right after the first such record
	dead    bool
	kinds   []journal.Kind    // as they were written, recalled ones included
	all     []*journal.Record // the same
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
	d.dead = d.at > 0 && len(d.records)+1 == d.at
	if d.dead && !d.after {
		return errDied
	}
	d.keep(r)
	if d.dead = d.dead || d.upon != nil && d.upon(r); d.dead {
		return errDied
	}
	return nil
}

// keep stores what a reader of the journal would get.
func (d *dying) keep(r *journal.Record) {
	stored := *r
	if stored.Outcome != nil {
		o := *stored.Outcome
		o.Result, _ = json.Marshal(o.Value)
		stored.Outcome = &o
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

// of are the records of a kind that hold.
func (d *dying) of(kind journal.Kind) []*journal.Record {
	return slices.DeleteFunc(tape.Whole(d.records).Records, func(r *journal.Record) bool { return r.Kind != kind })
}

// shows is what the script showed, as far as it holds.
func (d *dying) shows() []string {
	var out []string
	for _, r := range d.of(journal.KindShow) {
		out = append(out, r.Branch+": "+r.Show.Text)
	}
	return out
}

// counts counts what holds by kind, without consents, which an attempt may have for itself.
func (d *dying) counts() map[journal.Kind]int {
	out := map[journal.Kind]int{}
	for _, r := range tape.Whole(d.records).Records {
		if r.Kind != journal.KindConsent {
			out[r.Kind]++
		}
	}
	return out
}

func (d *dying) warnings() []string {
	var out []string
	for _, r := range d.records {
		if r.Kind == journal.KindWarning {
			out = append(out, r.Warning.Text)
		}
	}
	return out
}

func (d *dying) end() *journal.End {
	for i := len(d.records) - 1; i >= 0; i-- {
		if d.records[i].Kind == journal.KindEnd {
			return d.records[i].End
		}
	}
	return nil
}

// why says how the last attempt ended, for a test that expected otherwise.
func (d *dying) why() string {
	end := d.end()
	if end == nil || end.Error == nil {
		return fmt.Sprintf("%+v", end)
	}
	return fmt.Sprintf("%s in step %d: %s", end.Status, end.Step, end.Error.Message)
}

func isIntent(r *journal.Record) bool { return r.Kind == journal.KindIntent }

// An option changes how an attempt is made.
type option func(*Config)

// with gives parameters as they are typed.
func with(given map[string]string) option { return func(cfg *Config) { cfg.Given = given } }

// asking lets those people consent and answer.
func asking(people People) option { return func(cfg *Config) { cfg.Mode.People = people } }

// watching sees every record before it is written, also those that are told again.
func watching(see func(*journal.Record)) option {
	return func(cfg *Config) {
		open := cfg.Open
		cfg.Open = func() (journal.Sink, error) {
			sink, err := open()
			return &watched{Sink: sink, see: see}, err
		}
	}
}

type watched struct {
	journal.Sink
	mu  sync.Mutex // branches write at once
	see func(*journal.Record)
}

func (w *watched) Write(r *journal.Record) error {
	w.mu.Lock()
	w.see(r)
	w.mu.Unlock()
	return w.Sink.Write(r)
}

// inPlant is a runbook with steps that may do everything in the plant.
func inPlant(steps string) string {
	return `local plant, time = require "plant", require "time"
return runbook { summary = "s", may = { "plant.start", "plant.flush", "plant.build", "plant.remove" },
params = { secret = { type = "string", secret = true }, secret2 = { type = "string", secret = true },
  how = { ask = "how?", enum = { "gently", "hard" } }, number = { ask = "how many?", type = "integer" } },
steps = { ` + steps + ` } }`
}

// bench is the configuration of a run in the plant.
func (p *plant) bench(t *testing.T, text string, sink journal.Sink) Config {
	t.Helper()
	b := newBench(t, text, carryOut())
	b.cfg.Library.Modules = []*module.Module{p.module()}
	redactor := b.cfg.Redactor
	b.cfg.Open = func() (journal.Sink, error) { return redactor.Sink(sink), nil }
	b.cfg.Given = map[string]string{}
	return b.cfg
}

// attempt runs a script in the plant, or takes up what is left of a run, and returns its journal so far.
func (p *plant) attempt(t *testing.T, text string, so *dying, fromStep int, options ...option) (*dying, Result, error) {
	t.Helper()
	next := &dying{}
	result, err := p.attemptInto(t.Context(), t, next, text, so, fromStep, options...)
	return next, result, err
}

// attemptInto is attempt with a journal that may die.
func (p *plant) attemptInto(ctx context.Context, t *testing.T, next *dying, text string, so *dying, fromStep int, options ...option) (Result, error) {
	t.Helper()
	cfg := p.bench(t, text, next)
	for _, change := range options {
		change(&cfg)
	}
	if so != nil {
		next.records = so.records
		selected, err := tape.Select(so.records, fromStep)
		if err != nil {
			return Result{}, err
		}
		cfg.Past = PastOf(so.records, selected)
	}
	return Run(ctx, cfg)
}

// failed is the journal of a run that failed.
func (p *plant) failed(t *testing.T, text string, options ...option) *dying {
	t.Helper()
	first, result, err := p.attempt(t, text, nil, 0, options...)
	require.NoError(t, err)
	require.Equal(t, ExitFailed, result.Exit, first.why())
	return first
}

// killed is the journal of a run that was killed right after the first such record.
func (p *plant) killed(t *testing.T, text string, upon func(*journal.Record) bool, options ...option) *dying {
	t.Helper()
	first := &dying{upon: upon}
	_, err := p.attemptInto(t.Context(), t, first, text, nil, 0, options...)
	require.NoError(t, err)
	require.True(t, first.dead, "there was no such record")
	return first
}

// finished takes up a run, which comes to its end then.
func (p *plant) finished(t *testing.T, text string, so *dying, fromStep int, options ...option) (*dying, Result) {
	t.Helper()
	next, result, err := p.attempt(t, text, so, fromStep, options...)
	require.NoError(t, err)
	require.Equal(t, ExitDone, result.Exit, next.why())
	return next, result
}

var unreachable = action.Errorf(action.CodeUnavailable, "no route to host")

// consenting are people who say the same to every action, and count how often they were asked.
type consenting struct {
	People
	decision gate.Decision
	asked    int
}

func (c *consenting) Consent(context.Context, *journal.Record) (gate.Decision, string, error) {
	c.asked++
	return c.decision, "terminal", nil
}
