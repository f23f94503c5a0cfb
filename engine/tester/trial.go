package tester

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"regexp"
	"sync"
	"time"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/builtin"
	"runbook/engine/clock"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/script"
	"runbook/engine/world/scenario"
)

// A trial is one test under way, or the test file being read for the tests that it declares. Its parts are used by one goroutine at a
// time, but for what mu guards: a test may call parallel.
type trial struct {
	cfg    *Config
	book   Book
	ledger *ledger
	vm     *script.VM // of the test file; nil for a check without Lua

	running bool // a body runs; before that the file only declares
	library bool // the body is that of a library's test
	program program
	one     sync.Mutex // held by a run: a site has one clock
	opening sync.Mutex // held while the site is opened, which mu is not: a test that hangs there has to be told of

	mu       sync.Mutex
	place    place
	scenario *scenario.Scenario
	site     Site             // opened when it is first needed
	touched  bool             // something was done to it
	modules  []*module.Module // see eyes
	runs     []*run
	checks   int
	desk     desk // of a library's test
	failures []Failure
	skipped  string
}

// A place is where a test takes place: a scenario by name, a world in its own words, or the second over the first.
type place struct {
	name  string
	world map[string]any
	where script.Position
}

// errSkip ends a test that is skipped.
var errSkip = errors.New("skipped")

// openFile makes the interpreter of a test file, and reads the file: what it declares is in t.plan then.
func (t *trial) openFile(ctx context.Context) error {
	text, err := fs.ReadFile(t.book.Entry.Folder, t.book.Tests)
	if err != nil {
		return action.Errorf(action.CodeNotFound, "cannot read %s: %w", t.book.path(), err)
	}
	modules := append([]*module.Module{testModule(t)}, builtin.Modules(t.now)...)
	options := script.Options{
		Modules: append(modules, t.cfg.Library.Modules...), Libraries: t.cfg.Library.Files, Own: t.book.Entry.Folder, Globals: engine.Globals(),
		Invoke: t.invoke, Random: func() float64 { return 0.5 },
	}
	if t.library {
		options.Libraries, options.Coverage = unlessBeside{options.Libraries, options.Own}, &t.ledger.coverage
		t.desk.clock = clock.NewVirtual(scenario.Began)
		options.Workers = t.desk.clock
	}
	t.vm = script.New(ctx, options)
	return t.vm.Execute(ctx, script.Source{Name: t.book.path(), Text: string(text)})
}

// close ends the test's site and interpreter.
func (t *trial) close() error {
	if t.vm != nil {
		t.vm.Close()
	}
	if site := t.opened(); site != nil {
		return site.Close()
	}
	return nil
}

// now is the time of the site.
func (t *trial) now(ctx context.Context) (time.Time, error) {
	if t.library {
		return t.desk.clock.Now(), nil
	}
	site, err := t.open(ctx)
	if err != nil {
		return time.Time{}, err
	}
	return site.Clock().Now(), nil
}

// open opens the test's site, once.
func (t *trial) open(ctx context.Context) (Site, error) {
	if t.library {
		return nil, action.Errorf(action.CodeInvalid, "the test of a library has no site").Try("test.case has one, and tests a runbook")
	}
	t.opening.Lock()
	defer t.opening.Unlock()
	if site := t.opened(); site != nil {
		return site, nil
	}
	s, err := t.load()
	if err != nil {
		return nil, err
	}
	site, err := t.cfg.Open(ctx, s)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.scenario, t.site = s, site
	return site, nil
}

// opened is the test's site, nil if it was not needed so far.
func (t *trial) opened() Site {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.site
}

func (t *trial) load() (*scenario.Scenario, error) {
	shelves := t.cfg.Shelves(t.book.Entry)
	if t.place.world == nil {
		return shelves.Load(t.place.name)
	}
	if t.place.name != "" {
		t.place.world["extends"] = t.place.name
	}
	return inline(shelves.Inline, t.place.world, "the world of the test at "+t.place.where.String())
}

// inline reads what stands in a test as it would stand in a scenario file.
func inline[T any](read func(text []byte, origin string) (T, error), world map[string]any, origin string) (out T, err error) {
	text, err := json.MarshalIndent(world, "", " ") // JSON is YAML
	if err != nil {
		return out, action.Errorf(action.CodeInvalid, "%s is not data: %w", origin, err)
	}
	if out, err = read(text, origin); err != nil {
		return out, unplaced(err)
	}
	return out, nil
}

// lineOfText is where a message says on which line of a scenario's text something stands: here that text is nobody's, and the place is
// that of the call. An event is the only one in its timeline.
var lineOfText = regexp.MustCompile(`line \d+: (?:timeline\[0\]\.?)?|\btimeline\[0\]\.`)

func unplaced(err error) error {
	out := action.Errorf(action.CodeInvalid, "%w", err)
	out.Message = lineOfText.ReplaceAllString(out.Message, "")
	var known *action.Error
	if errors.As(err, &known) {
		out.Hint = known.Hint
	}
	return out
}

// invoke is what the calls of a test file do.
func (t *trial) invoke(ctx context.Context, c script.Call) (any, error) {
	name := c.Module.Qualified(c.Func)
	declares := c.Module.Name == moduleName && (c.Func.Name == "case" || c.Func.Name == "unit" || c.Func.Name == "scenario")
	switch {
	case declares && t.running:
		return nil, action.Errorf(action.CodeInvalid, "%s declares, and cannot be called in a test", name)
	case !declares && !t.running:
		return nil, action.Errorf(action.CodeInvalid, "%s cannot be called while the tests are declared", name).Try("move the call into the function of a test.case")
	case c.Module.Name == "":
		return t.serve(ctx, c)
	case c.Func.Control != nil:
		return c.Func.Control(ctx, c.Args)
	}
	return t.look(ctx, c)
}

// look reads the site with a function of a module.
func (t *trial) look(ctx context.Context, c script.Call) (any, error) {
	name := c.Module.Qualified(c.Func)
	f, door, err := t.live(ctx, c)
	if err != nil {
		return nil, err
	}
	ctx = module.WithOutside(ctx, t.opened().Clock())
	at := gate.Place{Branch: c.Frame.Branch, Where: c.Frame.Where.String()}
	switch {
	case f.Read != nil:
		op, err := f.Read(c.Args)
		if err != nil {
			return nil, err
		}
		return door.Read(ctx, at, op)
	case f.Wait != nil:
		op, err := f.Wait(c.Args)
		if err != nil {
			return nil, err
		}
		return door.Wait(ctx, at, op)
	case f.Decide != nil:
		if op, _, err := f.Decide(c.Args); err != nil || op != nil {
			if err != nil {
				return nil, err
			}
			return door.Read(ctx, at, op)
		}
	}
	return nil, action.Errorf(action.CodeInvalid, "%s would change the site, and only the runbook does", name).
		Try("run it with test.run, or make something happen with test.change")
}

// live is a module's function on the test's site, and the door to go through.
func (t *trial) live(ctx context.Context, c script.Call) (*module.Func, *gate.Gate, error) {
	site, err := t.open(ctx)
	if err != nil {
		return nil, nil, err
	}
	door := t.door(ctx, site.Clock())
	for _, m := range t.eyes(ctx, site) {
		if m.Name == c.Module.Name {
			if f := m.Func(c.Func.Name); f != nil {
				return f, door, nil
			}
		}
	}
	return nil, nil, action.Errorf(action.CodeInternal, "the site has no function %s", c.Module.Qualified(c.Func))
}

// door is what the calls of a test go through.
func (t *trial) door(ctx context.Context, now clock.Clock) *gate.Gate {
	return gate.New(gate.Options{
		Sink: journal.Tee(), Terminal: gate.Apply{}, Consent: engine.Nobody{}, Clock: now, Outside: now, Actions: ctx, Halt: func(error) {},
	})
}

// eyes are the modules that the test itself reads the site with.
func (t *trial) eyes(ctx context.Context, site Site) []*module.Module {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.modules == nil {
		t.modules = site.Library(ctx, Use{Run: byTest, Rehearse: true, Secrets: redact.New()}).Modules
	}
	return t.modules
}

func (t *trial) advance(ctx context.Context, a module.Args) error {
	d, _ := a.Duration("duration")
	if t.library {
		return t.desk.clock.Sleep(ctx, d)
	}
	site, err := t.open(ctx)
	if err != nil {
		return err
	}
	t.touch()
	return site.Clock().Sleep(ctx, d)
}

// change is an entry of a timeline, read as if it stood in a scenario file.
func (t *trial) change(ctx context.Context, a module.Args) error {
	site, err := t.open(ctx)
	if err != nil {
		return err
	}
	event, ok := a["event"].(map[string]any)
	if !ok {
		return action.Errorf(action.CodeInvalid, "test.change: the event must be a table written in the test")
	}
	e, err := inline(scenario.InlineEvent, map[string]any{"timeline": []any{event}}, "test.change")
	if err != nil {
		return err
	}
	t.touch()
	return site.Change(ctx, e)
}

// touch notes that the site is not any more as it began.
func (t *trial) touch() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.touched = true
}

// A settled site stays as it is where a plan is rehearsed again: the test did something to it, which going back to its beginning would
// undo, and a rehearsal leaves nothing behind but the count of its faults.
type settled struct{ Site }

// Rewind does nothing.
func (settled) Rewind() error { return nil }

// simulation is the site for a rehearsal.
func (t *trial) simulation(s Site) engine.Simulation {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.touched || len(t.runs) > 1 {
		return settled{s}
	}
	return s
}

func (t *trial) skip(reason string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.skipped = reason
	return &action.Error{Code: action.CodeSkipped, Message: reason, Cause: errSkip}
}

// fail notes a failure, and returns the error that ends the test.
func (t *trial) fail(ctx context.Context, f Failure) error {
	where := script.FrameOf(ctx).Where
	f.Where, f.Source = where.String(), where.Text
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.runs {
		f.Runs = append(f.Runs, r.lines()...)
	}
	t.failures = append(t.failures, f)
	return action.Errorf(action.CodeScript, "%s", f.Message)
}

// checked counts something that was checked.
func (t *trial) checked() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.checks++
}

// timed is a context in which pure functions know the time of the site.
func (t *trial) timed(ctx context.Context) context.Context {
	return module.WithNow(ctx, func(context.Context) time.Time {
		if site := t.opened(); site != nil {
			return site.Clock().Now()
		}
		if t.library {
			return t.desk.clock.Now()
		}
		return scenario.Began
	})
}
