package tester

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/module"
)

// A verification compares one run with what is expected of it, and collects what differs.
type verification struct {
	run      *run
	args     module.Args
	verbs    []string // of all actions
	calls    []string // of all actions and reads
	problems []string
	diffs    []string
	shown    []string // what the run showed, if something is missing in it
	checks   int
}

func (v *verification) wrong(format string, args ...any) {
	v.problems = append(v.problems, fmt.Sprintf(format, args...))
}

// given returns what is expected of something, and whether anything is.
func (v *verification) given(name string) (any, bool) {
	value, ok := v.args[name]
	if ok {
		v.checks++
	}
	return value, ok
}

func (t *trial) expect(ctx context.Context, a module.Args) error {
	r, err := t.runOf(a, "run")
	if err != nil {
		return err
	}
	if err := refuseVacuous(a); err != nil {
		return err
	}
	v := &verification{run: r, args: a}
	v.verbs, v.calls = t.callable()
	for _, check := range []func() error{v.actions, v.some, v.judgement, v.ending, v.counts, v.times, v.shows, v.sent} {
		if err := check(); err != nil {
			return err
		}
	}
	if v.checks == 0 {
		return action.Errorf(action.CodeInvalid, "test.expect expects nothing").Try("runbook docs test.expect")
	}
	t.checked()
	if len(v.problems) == 0 {
		return nil
	}
	return t.fail(ctx, Failure{Message: strings.Join(v.problems, "\n"), Diff: strings.Join(v.diffs, ""), Shown: v.shown})
}

// refuseVacuous refuses an expectation that holds whatever the run did. That there is nothing (actions, assumed, met) is one that does not.
func refuseVacuous(a module.Args) error {
	for _, name := range []string{"includes", "order", "never", "shows", "shows_match", "shows_no", "reason", "steps", "attempts"} {
		if isEmpty(a[name]) {
			return action.Errorf(action.CodeInvalid, "test.expect: %s is empty, which holds for every run", name).Try("leave it out, or say what is expected")
		}
	}
	return nil
}

func isEmpty(given any) bool {
	switch given := given.(type) {
	case string:
		return given == ""
	case []any:
		return len(given) == 0
	case map[string]any:
		return len(given) == 0
	}
	return false
}

// callable are the names of the functions that act, and of those that act or read.
func (t *trial) callable() (acts, all []string) {
	for _, m := range t.cfg.Library.Modules {
		for i := range m.Funcs {
			f := &m.Funcs[i]
			switch f.Effect() {
			case module.Acts, module.Either:
				acts = append(acts, m.Qualified(f))
				all = append(all, m.Qualified(f))
			case module.Reads:
				all = append(all, m.Qualified(f))
			}
		}
	}
	return acts, all
}

// actions checks the exact list.
func (v *verification) actions() error {
	list, ok := v.given("actions")
	if !ok {
		return nil
	}
	patterns, err := patternsOf(list.([]any), v.verbs)
	if err != nil {
		return err
	}
	if diff, ok := exactly(patterns, v.run.acts()); !ok {
		v.wrong("the actions are not as expected")
		v.diffs = append(v.diffs, diff)
	}
	return nil
}

// some checks single actions among others.
func (v *verification) some() error {
	acts := v.run.acts()
	for _, name := range []string{"includes", "order", "never"} {
		list, ok := v.given(name)
		if !ok {
			continue
		}
		patterns, err := patternsOf(list.([]any), v.verbs)
		if err != nil {
			return err
		}
		switch name {
		case "includes":
			v.includes(patterns, acts)
		case "order":
			v.order(patterns, acts)
		case "never":
			v.never(patterns, acts)
		}
	}
	return nil
}

func (v *verification) includes(patterns []pattern, acts []act) {
	for _, p := range patterns {
		if !slices.ContainsFunc(acts, p.matches) {
			v.wrong("there is no action %q", p.text)
		}
	}
}

func (v *verification) order(patterns []pattern, acts []act) {
	rest := acts
	for i, p := range patterns {
		at := slices.IndexFunc(rest, p.matches)
		switch {
		case at >= 0:
			rest = rest[at+1:]
			continue
		case i > 0 && slices.ContainsFunc(acts, p.matches):
			v.wrong("the action %q does not come after %q", p.text, patterns[i-1].text)
		default:
			v.wrong("there is no action %q", p.text)
		}
		return
	}
}

func (v *verification) never(patterns []pattern, acts []act) {
	for _, p := range patterns {
		if at := slices.IndexFunc(acts, p.matches); at >= 0 {
			v.wrong("there is an action %q, and never was to be: %s", p.text, acts[at].full())
		}
	}
}
