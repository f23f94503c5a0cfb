package tester

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/catalog"
	"runbook/engine/script"
	"runbook/engine/watchdog"
)

// A test is one test that is to be run.
type test struct {
	name  string
	where string
	skip  string
	body  func(context.Context, *trial) error
}

// Run runs the tests of books, several at once, and tells what came of each book as soon as it and those before it are done. It
// returns what tell returns, or why it was stopped; a test that fails is no error.
func Run(ctx context.Context, cfg Config, books []Book, tell func(*Suite) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if cfg.Limits.Time == 0 {
		cfg.Limits.Time = defaultLimit
	}
	seats := make(chan struct{}, max(cfg.Workers, 1))
	done := make([]chan *Suite, len(books))
	var all sync.WaitGroup
	defer all.Wait()
	for i, b := range books {
		done[i] = make(chan *Suite, 1)
		all.Go(func() { done[i] <- cfg.suite(ctx, b, seats) })
	}
	for i := range books {
		if err := tell(<-done[i]); err != nil {
			cancel(err)
			return err
		}
	}
	return context.Cause(ctx)
}

// suite runs the tests of one book. A seat is what a test takes while it runs.
func (cfg *Config) suite(ctx context.Context, b Book, seats chan struct{}) *Suite {
	seats <- struct{}{}
	began := time.Now()
	s := &Suite{Runbook: b.Entry.Name, Path: b.Entry.Path}
	switch from, inherited := b.Entry.Inherits(b.Tests); {
	case b.Tests == "":
	case inherited && b.Entry.Origin != catalog.Shipped:
		s.Inherits = "with the " + from.Origin + " tests"
	case inherited:
		s.Path, s.Inherits = b.path(), "of the shipped runbook"
	default:
		s.Path = b.path()
	}
	l := &ledger{used: map[string]bool{}}
	tests := cfg.tests(ctx, b, l)
	<-seats
	results := make([]*Result, len(tests))
	var all sync.WaitGroup
	for i, t := range tests {
		if cfg.Only != nil && !cfg.Only.MatchString(b.Entry.Name+"/"+t.name) {
			continue
		}
		all.Go(func() {
			seats <- struct{}{}
			defer func() { <-seats }()
			results[i] = cfg.try(ctx, b, l, t)
		})
	}
	all.Wait()
	for _, r := range results {
		if r != nil {
			s.Tests = append(s.Tests, *r)
		}
	}
	if cfg.Only == nil && len(tests) > 0 && ctx.Err() == nil {
		s.Tests = append(s.Tests, l.everyGrantUsed()...)
	}
	s.Lines, s.Elapsed = slices.DeleteFunc(l.coverage.Files(), func(f script.Lines) bool { return f.File == b.path() }), time.Since(began)
	return s
}

// tests lists the tests of a book. What keeps them from being listed is a test that fails.
func (cfg *Config) tests(ctx context.Context, b Book, l *ledger) []test {
	file := &trial{cfg: cfg, book: b, ledger: l}
	if b.Tests != "" {
		if err := file.declared(ctx); err != nil {
			return []test{broken("the test file loads", err)} // what it tests, a runbook or a library, nobody can tell
		}
	}
	if file.program.library() {
		return file.program.tests()
	}
	book, err := engine.Describe(ctx, b.Entry, cfg.Library)
	if err != nil {
		return []test{broken("the runbook loads", err)}
	}
	l.may, l.grants, l.params = book.Header.May, book.Grants, book.Header.Params
	out := file.program.tests()
	scenarios, err := b.scenarios()
	if err != nil {
		return append(out, broken("the scenarios are found", err))
	}
	return append(out, automatically(file.program, scenarios)...)
}

// tests are those that the file declares.
func (p program) tests() []test {
	var out []test
	for _, d := range p.cases {
		out = append(out, test{name: d.name, where: d.place.where.String(), body: func(ctx context.Context, t *trial) error {
			t.library = d.unit
			return t.runCase(ctx, d.name)
		}})
	}
	return out
}

// declared reads the test file for what it declares.
func (t *trial) declared(ctx context.Context) error {
	ctx, stop := watchdog.Watch(ctx, t.cfg.Limits, func(*watchdog.LimitError) {})
	defer stop()
	err := t.openFile(ctx)
	return errors.Join(err, t.close())
}

// broken is a test that fails with that error.
func broken(name string, err error) test {
	return test{name: name, body: func(context.Context, *trial) error { return err }}
}

// runCase runs one declared test. The file is read again, so that no test finds what another left in a variable.
func (t *trial) runCase(ctx context.Context, name string) error {
	if err := t.openFile(ctx); err != nil {
		return err
	}
	for _, d := range t.program.cases {
		if d.name != name {
			continue
		}
		t.place, t.running = d.place, true
		_, err := d.body(ctx)
		if failed := t.cleanUp(ctx); err == nil {
			err = failed
		}
		if err != nil {
			return err
		}
		return t.worthwhile()
	}
	return action.Errorf(action.CodeInvalid, "the test file does not declare %q each time that it is read", name)
}

// worthwhile refuses a test that could not have failed.
func (t *trial) worthwhile() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case len(t.runs) == 0 && !t.library:
		return action.Errorf(action.CodeInvalid, "the test runs nothing").Try("run the runbook: test.run(), test.dry() or test.apply(test.plan())")
	case t.checks == 0:
		return action.Errorf(action.CodeInvalid, "the test checks nothing").Try("say what is expected: test.expect(run, { actions = { … }, verdict = … })")
	}
	return nil
}

// try runs one test within its limits.
func (cfg *Config) try(ctx context.Context, b Book, l *ledger, tt test) *Result {
	r := &Result{Name: tt.name, Where: tt.where}
	switch {
	case tt.skip != "":
		r.Status, r.Reason = Skipped, tt.skip
		return r
	case ctx.Err() != nil:
		r.Status = Stopped
		return r
	}
	began := time.Now()
	t := &trial{cfg: cfg, book: b, ledger: l}
	err := cfg.within(ctx, t, tt)
	r.Elapsed = time.Since(began)
	t.conclude(ctx, r, err)
	return r
}

// errHangs is why a test failed that did not end when its context did.
var errHangs = errors.New("it did not end, and was left behind")

// within runs a test and ends it at its limit: by its context, or else by leaving it behind.
func (cfg *Config) within(ctx context.Context, t *trial, tt test) error {
	hangs := make(chan struct{})
	ctx, stop := watchdog.Watch(ctx, cfg.Limits, func(*watchdog.LimitError) { close(hangs) })
	defer stop()
	ended := make(chan error, 1)
	go func() {
		defer func() {
			if fault := recover(); fault != nil {
				ended <- errors.Join(action.Errorf(action.CodeInternal, "a fault in the test: %v", fault), t.close())
			}
		}()
		err := tt.body(t.timed(ctx), t)
		ended <- errors.Join(err, t.close())
	}()
	select {
	case err := <-ended:
		if cause := context.Cause(ctx); cause != nil && err == nil {
			return cause
		}
		return err
	case <-hangs:
		return fmt.Errorf("%w: %w", context.Cause(ctx), errHangs)
	}
}

// conclude says how the test ended.
func (t *trial) conclude(ctx context.Context, r *Result, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r.Failures = t.failures
	switch {
	case ctx.Err() != nil:
		r.Status, r.Failures = Stopped, nil
	case len(t.failures) > 0:
		r.Status = Failed // also when the test caught the error
	case t.skipped != "":
		r.Status, r.Reason = Skipped, t.skipped
	case err != nil:
		r.Status, r.Failures = Failed, []Failure{t.unexpected(r, err)}
	default:
		r.Status = Passed
	}
}

// unexpected is an error as a failure: something that no check of the test looked for.
func (t *trial) unexpected(r *Result, err error) Failure {
	e := engine.Explain(err)
	f := Failure{Message: e.Message, Hint: e.Hint, Where: e.Where, Source: e.Source}
	var limit *watchdog.LimitError
	if errors.As(err, &limit) {
		f.Message = "the test was ended: " + e.Message
	}
	if f.Where == "" {
		f.Where = r.Where
	}
	if errors.Is(err, errHangs) {
		return f // its run may still be writing
	}
	for _, run := range t.runs {
		f.Runs = append(f.Runs, run.lines()...)
	}
	return f
}
