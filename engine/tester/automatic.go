package tester

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/module"
)

// automatically are the checks that a runbook gets without a line of Lua: in each of its scenarios, what a dry run says is what a real
// run does, and a scenario in which nothing is done says so. The last test tells of scenarios that are named and not there.
func automatically(p program, scenarios []string) []test {
	var out []test
	for _, name := range scenarios {
		how := p.of(name)
		out = append(out, test{
			name: "dry = real in " + name, skip: how.skip, where: how.where.String(),
			body: func(ctx context.Context, t *trial) error { return t.dryIsReal(ctx, name, how) },
		})
	}
	for _, name := range slices.Sorted(maps.Keys(p.scenarios)) {
		if how := p.scenarios[name]; name != every && !slices.Contains(scenarios, name) {
			err := action.Errorf(action.CodeInvalid, "test.scenario names %q, which is no scenario beside the runbook%s", name, module.Suggest(name, scenarios))
			gone := broken("the scenario "+name+" is there", err)
			gone.where = how.where.String()
			out = append(out, gone)
		}
	}
	return out
}

// dryIsReal runs the runbook dry and for real, each in a site of its own: faults are counted, and a rehearsal must not use them up.
func (t *trial) dryIsReal(ctx context.Context, name string, how automatic) error {
	t.place = place{name: name}
	if _, err := t.open(ctx); err != nil {
		return err // which is the scenario's, not of how it is run
	}
	dry, _, err := t.rehearse(ctx, "dry", how.how)
	if err != nil {
		return cannotBegin(name, err)
	}
	other := &trial{cfg: t.cfg, book: t.book, ledger: t.ledger, place: t.place}
	done, err := other.real(ctx, how.how)
	if err = errors.Join(err, other.close()); err != nil {
		return cannotBegin(name, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.runs = append(t.runs, done)
	var f Failure
	diff, same := sameRuns(dry, done)
	switch acts := len(done.acts()); {
	case len(dry.outbox) > 0:
		f.Message = "the dry run told somebody: " + messageText(dry.outbox[0])
	case !same:
		f.Message, f.Diff, f.Hint = "the real run does not do what the dry run said", diff, assumeHint(name, done)
	case acts == 0 && !t.scenario.ReadOnly:
		f.Message, f.Hint = "nothing is done in this scenario", "if that is right, write into it: read_only: true"
	case acts > 0 && t.scenario.ReadOnly:
		f.Message, f.Hint = fmt.Sprintf("the scenario says read_only, and the run acts: %s", done.acts()[0].full()), ""
	default:
		return nil
	}
	f.Where = t.scenario.Path
	f.Runs = append(dry.lines(), done.lines()...)
	t.failures = append(t.failures, f)
	return nil
}

func cannotBegin(name string, err error) error {
	if action.CodeOf(err) != action.CodeInvalid {
		return err
	}
	return fmt.Errorf("%w\nsay in the test file how it is run: test.scenario(%q, { params = { … } })", err, name)
}

// assumeHint says what to write where a wait did not come true: the dry run assumed that it does.
func assumeHint(name string, r *run) string {
	waits := r.timedOut()
	if len(waits) == 0 {
		return failureHint(name, r)
	}
	return fmt.Sprintf("what it waits for does not come true here; say so: test.scenario(%q, { assume = { %q } })", name, strings.Join(waits, `", "`))
}

// failureHint says what to write where an action failed: no dry run can foresee that.
func failureHint(name string, r *run) string {
	failed := slices.IndexFunc(r.asked(), func(a act) bool { return a.status == string(journal.Failed) })
	if failed < 0 {
		return ""
	}
	c := r.asked()[failed].record.Call
	return fmt.Sprintf("%s %s failed, which a dry run cannot foresee; if that is meant, test it with test.case, and write: test.scenario(%q, { skip = %q })",
		c.Verb, c.Target, name, "an action fails here")
}

// everyGrantUsed is the check that a runbook is allowed nothing that it does not use anywhere.
func (l *ledger) everyGrantUsed() []Result {
	if len(l.grants) == 0 {
		return nil
	}
	r := Result{Name: "may: every entry is used", Status: Passed}
	for _, entry := range l.unused() {
		r.Status = Failed
		r.Failures = append(r.Failures, Failure{
			Message: "may: " + entry + " is used by no scenario",
			Hint:    "add a scenario or a test in which it is, or leave it out of may",
		})
	}
	return []Result{r}
}
