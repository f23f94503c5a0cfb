// Package engine runs a runbook: one execution with its mode, parameters, people, limits and exit code. It is the interface that
// cmd/runbook uses; it imports no binding.
//
// The engine puts the parts together and decides in which order things happen; what happens to the outside world is decided by the
// gate alone. Read next: gate, for the one door; script, for the Lua host; mode.go, for what makes a dry run one.
package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/command"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/plan"
	"runbook/engine/redact"
	"runbook/engine/script"
	"runbook/engine/tape"
	"runbook/engine/watchdog"
)

// A Config is what one run needs.
type Config struct {
	Entry   *catalog.Entry
	Library Library
	Given   map[string]string // parameters as they were typed
	Mode    Mode
	// Open makes the place where records go. It is called once, when everything that can be checked beforehand was, so that a
	// run that never begins leaves no journal.
	Open func() (journal.Sink, error)
	// Redactor learns the secrets that parameters hold, before the first record.
	Redactor *redact.Redactor
	Past     Past       // what an earlier part of the run got; the zero value for a run that begins
	Plan     *plan.Plan // what was approved beforehand; nil where anything may be asked for
	Live     gate.Live
	Limits   watchdog.Limits
	About    journal.Run // what the caller knows: id, version, user, host, site
	// Actions ends an action that is under way; the context of Run only ends the script.
	Actions context.Context
	// Pace waits while who reads the run is too far behind; nil never waits. It is called between the script's calls, never between
	// what is sent and its record, and not in clean-ups.
	Pace     func(context.Context) error
	Coverage *script.Coverage // is told which lines of the runbook were run; nil for nobody
	Seed     uint64           // of what a script gets for chance: with the same one it gets the same; 0 for the machine's
	// Exit ends the process. It is called when the script does not end by itself after its limit, or after its actions were cut off,
	// with the journal written.
	Exit func(code int)
}

// chance is what a script gets for it, in [0, 1). It is asked by one goroutine at a time.
func (c *Config) chance() func() float64 {
	if c.Seed != 0 {
		return rand.New(rand.NewPCG(c.Seed, 0)).Float64
	}
	return rand.Float64
}

// A Result is how a run ended.
type Result struct {
	Exit    int
	Actions int   // carried out, or intended in a dry run
	Lost    error // why the journal lacks the end of a run that did not fail; nil where it has it
}

// run is one execution under way.
type run struct {
	cfg     Config
	book    *Runbook
	vm      *script.VM
	sink    journal.Sink
	tape    *tape.Tape
	times   *times
	gate    *gate.Gate
	session *script.Session
	modules []*module.Module
	given   map[string]any // parameters that a person gave, checked
	exposed []string       // those of them that are secret and cannot be hidden
	began   time.Time

	mu       sync.Mutex
	step     int // number of the current step, 0 before the first
	verdict  *journal.Verdict
	cleanups []cleanup

	lastCleanup int                     // the largest number of one so far
	cleaning    bool                    // the clean-ups have begun
	halt        context.CancelCauseFunc // ends the script, or the clean-ups once they have begun
	started     bool                    // the first record was written
	ended       bool                    // somebody writes the last record, or did
	last        chan struct{}           // closed once the last record was written
	lost        error                   // why it could not be, of a run that did not fail
}

// Run executes a runbook. An error is one that arose before the first record was written: nothing has
// happened, and nobody has been told. Whatever happens later is told through the records.
func Run(ctx context.Context, cfg Config) (result Result, err error) {
	r := &run{cfg: cfg, began: cfg.Mode.Clock.Now(), tape: cfg.Past.tape(), last: make(chan struct{})}
	r.modules = cfg.Library.all(r.now)
	r.times = newTimes(cfg.Past.began(r.began))
	ctx = module.WithNow(ctx, func(ctx context.Context) time.Time { return r.times.of(script.BranchOf(ctx)) })
	ctx = module.WithOutside(ctx, cfg.Mode.Outside)
	ctx = module.WithRunbook(ctx, cfg.Entry.Name)
	ctx, halt := context.WithCancelCause(ctx)
	defer halt(nil)
	r.halt = halt
	ctx, stop := watchdog.Watch(ctx, cfg.Limits, func(reached *watchdog.LimitError) { r.kill(reached) })
	defer stop()
	defer r.cutOff()()
	actions, cancelActions := context.WithCancelCause(cfg.Actions)
	defer cancelActions(nil)
	defer context.AfterFunc(ctx, func() {
		if limit := limitOf(context.Cause(ctx)); limit != nil {
			cancelActions(limit) // there is no time left to let the current action finish
		}
	})()

	r.vm = script.New(ctx, script.Options{
		Modules: r.modules, Libraries: cfg.Library.Files, Own: cfg.Entry.Folder,
		Globals: globals(r), Invoke: r.invoke, Workers: cfg.Mode.Clock, Random: cfg.chance(), Memory: memory{r},
		Clean: cfg.Redactor.String, Coverage: cfg.Coverage,
	})
	defer r.vm.Close()
	if r.book, err = load(ctx, r.vm, cfg.Entry, r.modules); err != nil {
		return Result{}, err
	}
	if err := errors.Join(cfg.Past.same(r.vm.Sources()), r.asPlanned()); err != nil {
		return Result{}, err
	}
	params, err := r.parameters()
	if err != nil {
		return Result{}, err
	}
	if err := errors.Join(r.consentable(), r.answerable()); err != nil {
		return Result{}, err
	}
	opened, err := cfg.Open()
	if err != nil {
		return Result{}, err
	}
	r.sink = timed{r.times, &sealed{sink: opened}}
	r.gate = gate.New(gate.Options{
		Run:  cfg.About.ID,
		Sink: r.sink, Terminal: cfg.Mode.Terminal, Grants: r.book.Grants, Consent: discreet{cfg.Mode.People, cfg.Redactor},
		Clock: cfg.Mode.Clock, Outside: cfg.Mode.Outside, Live: r, Actions: actions, Halt: r.haltNow,
		Past: r.tape, Granted: cfg.Past.Granted, Settler: discreet{cfg.Mode.People, cfg.Redactor}, Approval: r.approval(),
		Number: cfg.Past.Number, Clean: cfg.Redactor.String, Veil: func(v any) any { return redact.Clean(cfg.Redactor, v) },
	})
	if err := r.begin(ctx, params); err != nil {
		return Result{}, err
	}
	exit := r.end(ctx, r.steps(ctx))
	return Result{Exit: exit, Actions: r.gate.Actions(), Lost: r.lost}, nil
}

// consentable refuses a run that would have to ask for consent where nobody can be asked, before anything has happened.
func (r *run) consentable() error {
	risky := riskiest(r.book.Grants, r.modules)
	if r.cfg.Mode.People.Present() || len(risky) == 0 {
		return nil
	}
	refused := action.Errorf(action.CodeRefused, "%s may change things (%s), and nobody can be asked: standard input is not a terminal",
		r.cfg.Entry.Name, list(risky))
	if r.cfg.Past.Resume != nil {
		return refused.Try("take it up in a terminal, or consent to everything that is left: runbook resume %s --yes", r.cfg.Past.Run.ID)
	}
	return refused.Try("rehearse it with --dry-run, or consent to everything with --yes")
}

// begin writes the first records: what runs, and what the caller is not permitted to do.
func (r *run) begin(ctx context.Context, params map[string]any) (err error) {
	if r.session, err = r.vm.Begin(params); err != nil {
		return err
	}
	if err := r.writeBeginning(params); err != nil {
		return err
	}
	for _, name := range r.exposed {
		r.tellExposed(name)
	}
	if r.cfg.Past.replayed() {
		return nil // there is no site to ask
	}
	for _, p := range denied(ctx, r.book.Grants, r.modules) {
		scope := ""
		if p.Scope != "" {
			scope = " in " + p.Scope
		}
		warning := &journal.Warning{
			Text: fmt.Sprintf("you may not %s %s%s: a step that needs this will fail", p.Verb, p.Path(), scope),
			Hint: fmt.Sprintf("runbook show %s lists what it may change", command.Quote(r.cfg.Entry.Typed())),
		}
		if err := r.write(journal.Record{Kind: journal.KindWarning, Warning: warning}); err != nil {
			return err
		}
	}
	return nil
}

func list(grants []gate.Grant) string {
	names := make([]string, len(grants))
	for i, g := range grants {
		names[i] = g.String()
	}
	return strings.Join(names, ", ")
}

// writeBeginning writes down what runs, or that it was taken up again.
func (r *run) writeBeginning(params map[string]any) error {
	if r.cfg.Past.Run != nil {
		if err := r.beginAgain(); err != nil {
			return err
		}
	} else if err := r.writeRun(params); err != nil {
		return err
	}
	r.mu.Lock()
	r.started = true
	r.mu.Unlock()
	return nil
}

func (r *run) writeRun(params map[string]any) error {
	about, h := r.cfg.About, r.book.Header
	about.Format, about.Runbook, about.Path, about.Source = journal.Format, r.cfg.Entry.Name, r.cfg.Entry.Path, r.cfg.Entry.Origin
	about.Replaces, about.Inherits = r.cfg.Entry.Replaces, r.book.Inherits()
	about.Digest, about.Summary, about.Mode, about.May, about.Clock = digest(r.vm.Sources()), h.Summary, r.cfg.Mode.Name, h.May, r.began
	about.Params, about.Given = map[string]any{}, r.cfg.Given
	about.Plan, about.Applies = r.applies()
	for name, value := range params {
		if value == nil {
			continue // not given, and without a default
		}
		about.Params[name] = value
		if d, ok := value.(time.Duration); ok {
			about.Params[name] = d.String()
		}
		if r.param(name).Secret {
			about.Params[name] = masked
			about.Masked = append(about.Masked, name)
		}
	}
	for _, s := range h.Steps {
		about.Steps = append(about.Steps, s.Name)
	}
	if err := r.write(journal.Record{Kind: journal.KindRun, Run: &about}); err != nil {
		return err
	}
	for _, s := range recordedSources(r.vm.Sources()) {
		if err := r.write(journal.Record{Kind: journal.KindSource, Source: s}); err != nil {
			return err
		}
	}
	return nil
}

// steps runs the steps in order until one fails. A step that is skipped or declined does not stop the run.
func (r *run) steps(ctx context.Context) error {
	var declined error
	for i := range r.book.Header.Steps {
		err := r.runStep(ctx, i)
		switch {
		case err == nil:
		case ctx.Err() == nil && errors.Is(err, gate.ErrNo):
			declined = err
		default:
			return err
		}
	}
	return declined
}

func (r *run) runStep(ctx context.Context, i int) error {
	step := &r.book.Header.Steps[i]
	r.mu.Lock()
	r.step = i + 1
	r.mu.Unlock()
	began := r.cfg.Mode.Clock.Now()
	if err := r.tell(journal.Record{Kind: journal.KindStep, Step: &journal.Step{Number: i + 1, Name: step.Name}}); err != nil {
		return err
	}
	err := r.session.Step(ctx, step)
	end := &journal.Step{Number: i + 1, Name: step.Name, Status: statusOf(err), Elapsed: r.cfg.Mode.Clock.Now().Sub(began)}
	if err != nil {
		end.Reason = err.Error()
	}
	if errors.Is(err, errSkip) {
		end.Status, err = journal.Skipped, nil
	}
	if werr := r.tell(journal.Record{Kind: journal.KindStepEnd, Step: end}); werr != nil {
		return werr
	}
	return err
}

// end calls the clean-ups and writes the last record.
func (r *run) end(ctx context.Context, err error) int {
	if failed := r.cleanUp(ctx); err == nil {
		err = failed
	}
	r.tellMissed(err)
	return r.writeEnd(r.withoutRehearsal(err))
}

// warn tells what should be known. If it cannot be written down, the end of the run cannot either, and says so.
func (r *run) warn(text, hint string) {
	_ = r.write(journal.Record{Kind: journal.KindWarning, Warning: &journal.Warning{Text: text, Hint: hint}})
}

func (r *run) writeEnd(err error) int {
	status := statusOf(err)
	end := &journal.End{Status: status, Exit: statusExits[status], Actions: r.gate.Actions(), Elapsed: r.elapsed(status)}
	r.mu.Lock()
	if r.ended {
		r.mu.Unlock()
		<-r.last
		return end.Exit
	}
	r.ended = true
	defer close(r.last)
	var usage *UsageError
	if errors.As(err, &usage) {
		end.Exit, end.Error = ExitUsage, failure(err) // of no step: the command line was wrong
	} else if err != nil {
		end.Step, end.Error = r.step, failure(err)
	} else if r.verdict != nil {
		end.Exit = verdictExits[r.verdict.State]
	}
	r.mu.Unlock()
	if werr := r.write(journal.Record{Kind: journal.KindEnd, End: end}); werr != nil && end.Error == nil {
		r.lost = werr
		return ExitFailed
	}
	return end.Exit
}

// elapsed is how long the run took. A replay that comes to the recorded end took as long as it took then.
func (r *run) elapsed(status journal.Status) time.Duration {
	if recorded := r.cfg.Past.End; recorded != nil && recorded.Status == status {
		return recorded.Elapsed
	}
	return r.cfg.Mode.Clock.Now().Sub(r.began)
}

// haltNow ends what is running of the script.
func (r *run) haltNow(cause error) {
	r.mu.Lock()
	halt := r.halt
	r.mu.Unlock()
	halt(cause)
}

// Status shows what a branch waits for, without the secrets that are known.
func (r *run) Status(branch, text string) {
	if r.cfg.Live != nil {
		r.cfg.Live.Status(r.cfg.Redactor.String(branch), r.cfg.Redactor.String(text))
	}
}

// failure is an error as it is written down: with its place in the script, if it has one.
func failure(err error) *journal.Error {
	out := journal.NewError(err)
	var located *script.Error
	if errors.As(err, &located) {
		out.Where, out.Source = located.Where.String(), located.Where.Text
	}
	return out
}

// Explain is an error that arose outside a run as it is shown.
func Explain(err error) *journal.Error { return failure(err) }

// tell writes down what the script tells, or that it tells it again. A step that is only repeated took as long as it took then.
func (r *run) tell(record journal.Record) error {
	told := r.tape.Telling(record.Branch, record.Kind)
	record.Recalled = told != nil || r.tape.Left(record.Branch)
	if told != nil && record.Kind == journal.KindStepEnd && told.Step.Number == record.Step.Number {
		record.Step.Elapsed = told.Step.Elapsed
	}
	return r.write(record)
}

func (r *run) write(record journal.Record) error {
	if record.Time.IsZero() {
		record.Time = r.cfg.Mode.Clock.Now()
	}
	if err := r.sink.Write(&record); err != nil {
		return action.Errorf(action.CodeInternal, "cannot write the journal: %w", err)
	}
	return nil
}

// invoke is what the script's calls do: everything that is not pure.
func (r *run) invoke(ctx context.Context, c script.Call) (any, error) {
	if err := r.keepPace(ctx); err != nil {
		return nil, err
	}
	if c.Func.Control != nil {
		return c.Func.Control(ctx, c.Args)
	}
	place := r.place(c.Frame)
	switch {
	case c.Func.Read != nil:
		return pass(c, c.Func.Read, func(op action.Read) (any, error) { return r.gate.Read(ctx, place, op) })
	case c.Func.Wait != nil:
		return pass(c, c.Func.Wait, func(op action.Wait) (any, error) { return r.gate.Wait(ctx, place, op) })
	case c.Func.Act != nil:
		return pass(c, c.Func.Act, func(op action.Action) (any, error) { return r.gate.Act(ctx, place, op) })
	}
	read, act, err := c.Func.Decide(c.Args)
	switch {
	case err != nil:
		return nil, err
	case read != nil:
		return r.gate.Read(ctx, place, read)
	}
	return r.gate.Act(ctx, place, act)
}

// keepPace waits for who reads the run. Clean-ups come first: a reader who does not read must not keep them from happening.
func (r *run) keepPace(ctx context.Context) error {
	r.mu.Lock()
	cleaning := r.cleaning
	r.mu.Unlock()
	if cleaning || r.cfg.Pace == nil {
		return nil
	}
	return r.cfg.Pace(ctx)
}

// pass builds the operation of a call and takes it to the gate.
func pass[Op any](c script.Call, build func(module.Args) (Op, error), through func(Op) (any, error)) (any, error) {
	op, err := build(c.Args)
	if err != nil {
		return nil, err
	}
	return through(op)
}

func (r *run) place(f script.Frame) gate.Place {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := gate.Place{Branch: f.Branch, Where: f.Where.String(), Guarded: f.Guarded}
	switch {
	case r.cleaning:
		p.Step = cleanUpStep
	case r.step > 0:
		p.Step = r.book.Header.Steps[r.step-1].Name
	}
	return p
}
