package tester

import (
	"bytes"
	"context"
	"fmt"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/plan"
	"runbook/engine/redact"
	"runbook/engine/world/outbox"
)

// A run is one run of the runbook in a test, with its records.
type run struct {
	number  int
	how     string // as a test says it: run, dry, plan, apply
	records journal.Memory
	outbox  []outbox.Message // what arrived at receivers while it ran
	plan    *plan.Plan       // what a plan says; nil for every other run
	err     error            // why it did not begin
}

func (t *trial) run(ctx context.Context, a module.Args) (any, error) {
	how, err := settingsFrom(a)
	if err != nil {
		return nil, err
	}
	r, err := t.real(ctx, how)
	if err != nil {
		return nil, err
	}
	return r.data(), nil
}

func (t *trial) dry(ctx context.Context, a module.Args) (any, error) {
	how, err := settingsFrom(a)
	if err != nil {
		return nil, err
	}
	r, _, err := t.rehearse(ctx, "dry", how)
	if err != nil {
		return nil, err
	}
	return r.data(), nil
}

func (t *trial) planned(ctx context.Context, a module.Args) (any, error) {
	how, err := settingsFrom(a)
	if err != nil {
		return nil, err
	}
	r, cfg, err := t.rehearse(ctx, "plan", how)
	if err != nil {
		return nil, err
	}
	if end := r.end(); end.Status != journal.OK {
		return nil, t.fail(ctx, Failure{Message: "there is no plan: the dry run failed"})
	}
	if r.plan, err = planOf(ctx, cfg, r); err != nil {
		return nil, err
	}
	return r.data(), nil
}

// planOf writes a plan as a file has it, and reads it again.
func planOf(ctx context.Context, cfg engine.Config, r *run) (*plan.Plan, error) {
	cfg.Coverage = nil // nobody looks at what the turns do
	turns, err := engine.Turns(ctx, cfg, r.records.Records)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	if err := plan.Write(&text, r.records.Records, turns); err != nil {
		return nil, err
	}
	sealed, err := journal.ParseSealed(text.Bytes(), "test.plan", journal.PlanFile)
	if err != nil {
		return nil, err
	}
	return plan.Of(sealed)
}

func (t *trial) apply(ctx context.Context, a module.Args) (any, error) {
	planned, err := t.runOf(a, "plan")
	if err != nil {
		return nil, err
	}
	if planned.plan == nil {
		return nil, action.Errorf(action.CodeInvalid, "test.apply takes what test.plan returned, not what test.%s did", planned.how)
	}
	answers, err := table(a, "answers")
	if err != nil {
		return nil, err
	}
	site, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	t.touch()
	r, cfg := t.begin(ctx, site, "apply", planned.plan.Run.Given)
	cfg.Plan = planned.plan
	cfg.Mode = engine.Real(engine.Approved{People: people{answers: answers}}).On(site)
	if err := t.carry(ctx, r, cfg); err != nil {
		return nil, err
	}
	return r.data(), nil
}

// real runs the runbook for real.
func (t *trial) real(ctx context.Context, how settingsOf) (*run, error) {
	site, err := t.open(ctx)
	if err != nil {
		return nil, err
	}
	t.touch()
	r, cfg := t.begin(ctx, site, "run", how.params)
	cfg.Mode = engine.Real(people{how.answers, how.consent}).On(site)
	return r, t.carry(ctx, r, cfg)
}

// rehearse runs the runbook dry.
func (t *trial) rehearse(ctx context.Context, name string, how settingsOf) (*run, engine.Config, error) {
	site, err := t.open(ctx)
	if err != nil {
		return nil, engine.Config{}, err
	}
	r, cfg := t.begin(ctx, site, name, t.ledger.answered(how))
	cfg.Mode = engine.Dry(site.Clock().Now(), engine.Otherwise{TimesOut: how.assume}).On(t.simulation(site))
	return r, cfg, t.carry(ctx, r, cfg)
}

// begin is a run of the test that is about to begin. Its mode is still to be chosen.
func (t *trial) begin(ctx context.Context, site Site, how string, given map[string]string) (*run, engine.Config) {
	r := t.newRun(how)
	secrets := redact.New()
	id := fmt.Sprintf("test-%d", r.number)
	return r, engine.Config{
		Entry: t.book.Entry, Given: given, Library: site.Library(ctx, Use{Run: id, Rehearse: how == "dry" || how == "plan", Secrets: secrets}),
		Open:     func() (journal.Sink, error) { return secrets.Sink(&r.records), nil },
		Redactor: secrets, About: journal.Run{ID: id, Version: t.cfg.Version, User: byTest, Host: byTest, Site: site.Identity()},
		Actions: ctx, Coverage: &t.ledger.coverage, Seed: seed,
		Exit: func(int) {}, // the test's own limit ends what does not end
	}
}

// seed makes chance the same in every run: a test that holds holds each time, and a dry run goes the way of the real one.
const seed = 1

func (t *trial) newRun(how string) *run {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &run{number: len(t.runs) + 1, how: how}
	t.runs = append(t.runs, r)
	return r
}

// carry runs what was begun. A run that does not begin is an error of the test: what was typed is wrong, or the script is.
func (t *trial) carry(ctx context.Context, r *run, cfg engine.Config) error {
	t.one.Lock()
	defer t.one.Unlock()
	before := len(t.opened().Outbox())
	if _, r.err = engine.Run(ctx, cfg); r.err != nil {
		return r.err
	}
	r.outbox = t.opened().Outbox()[before:]
	t.ledger.note(r)
	return context.Cause(ctx)
}

// runOf is the run that a test means.
func (t *trial) runOf(a module.Args, name string) (*run, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	given, _ := a[name].(map[string]any)
	number, _ := given["number"].(float64)
	if n := int(number); n >= 1 && n <= len(t.runs) {
		return t.runs[n-1], nil
	}
	return nil, action.Errorf(action.CodeInvalid, "%s must be what test.run, test.dry, test.plan or test.apply returned", name)
}
