package tester

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
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
	v := &verification{run: r, args: a}
	v.verbs, v.calls = t.callable()
	for _, check := range []func() error{v.actions, v.some, v.shows, v.judgement, v.ending, v.counts, v.times} {
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
	return t.fail(ctx, Failure{Message: strings.Join(v.problems, "\n"), Diff: strings.Join(v.diffs, "")})
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

// listOf reads one text or several.
func listOf(name string, value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case []any:
		var out []string
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, action.Errorf(action.CodeInvalid, "test.expect: %s must be a text, or a list of texts", name)
			}
			out = append(out, text)
		}
		return out, nil
	case map[string]any:
		if len(v) == 0 {
			return nil, nil
		}
	}
	return nil, action.Errorf(action.CodeInvalid, "test.expect: %s must be a text, or a list of texts", name)
}

// texts reads an expectation of texts.
func (v *verification) texts(name string) ([]string, bool, error) {
	value, ok := v.given(name)
	if !ok {
		return nil, false, nil
	}
	list, err := listOf(name, value)
	return list, true, err
}

// shows checks what a person reads.
func (v *verification) shows() error {
	shown := v.run.shown()
	all := strings.Join(shown, "\n")
	parts, _, err := v.texts("shows")
	if err != nil {
		return err
	}
	missing := false
	for _, part := range parts {
		if !strings.Contains(all, part) {
			v.wrong("the run does not show %q", part)
			missing = true
		}
	}
	matches, _, err := v.texts("shows_match")
	if err != nil {
		return err
	}
	for _, expr := range matches {
		re, err := regexp.Compile(expr)
		if err != nil {
			return action.Errorf(action.CodeInvalid, "test.expect: shows_match: %w", err)
		}
		if !re.MatchString(all) {
			v.wrong("the run shows nothing that matches %s", expr)
			missing = true
		}
	}
	absent, _, err := v.texts("shows_no")
	if err != nil {
		return err
	}
	for _, part := range absent {
		if i := slices.IndexFunc(shown, func(s string) bool { return strings.Contains(s, part) }); i >= 0 {
			v.wrong("the run shows %q, and was not to: %s", part, shown[i])
		}
	}
	if missing {
		v.wrong("it shows:\n  %s", strings.ReplaceAll(strings.TrimSuffix(joined(shown), "\n"), "\n", "\n  "))
	}
	return nil
}

// judgement checks the verdict.
func (v *verification) judgement() error {
	said := v.run.verdict()
	if said == nil {
		said = &journal.Verdict{State: "none"}
	}
	if wanted, ok := v.given("verdict"); ok && wanted != said.State {
		v.wrong("the verdict is %s, not %s", said.State, wanted)
	}
	parts, _, err := v.texts("reason")
	if err != nil {
		return err
	}
	for _, part := range parts {
		if !strings.Contains(said.Reason, part) {
			v.wrong("the verdict's reason is %q, which does not say %q", said.Reason, part)
		}
	}
	return nil
}

// ending checks how the run and its steps ended.
func (v *verification) ending() error {
	end := v.run.end()
	if wanted, ok := v.given("exit"); ok && wanted != int64(end.Exit) {
		v.wrong("the exit code is %d, not %d", end.Exit, wanted)
	}
	if wanted, ok := v.given("status"); ok && wanted != string(end.Status) {
		v.wrong("the run ended %s, not %s", end.Status, wanted)
	}
	if wanted, ok := v.given("error"); ok {
		if err := v.failure(wanted, end); err != nil {
			return err
		}
	}
	return v.stepsEnd()
}

var errorFields = []module.Param{
	{Name: "code", Kind: module.String}, {Name: "message", Kind: module.String}, {Name: "target", Kind: module.String},
	{Name: "hint", Kind: module.String}, {Name: "step", Kind: module.String}, {Name: "line", Kind: module.String},
}

// failure checks the error that ended the run.
func (v *verification) failure(wanted any, end *journal.End) error {
	e := end.Error
	switch {
	case wanted == false && e == nil:
		return nil
	case wanted == false:
		v.wrong("the run failed: %s", e.Message)
		return nil
	case e == nil:
		v.wrong("the run did not fail, and was to")
		return nil
	}
	if text, ok := wanted.(string); ok {
		wanted = map[string]any{"message": text}
	}
	parts, err := module.BindOptions("test.expect: error", errorFields, wanted)
	if err != nil {
		return err
	}
	for _, part := range []struct{ name, is string }{
		{"message", e.Message}, {"target", e.Target.String()}, {"hint", e.Hint}, {"step", v.run.stepName(end)}, {"line", e.Where},
	} {
		if wanted := parts.String(part.name); !strings.Contains(part.is, wanted) {
			v.wrong("the error's %s is %q, which does not say %q", part.name, part.is, wanted)
		}
	}
	if code := parts.String("code"); code != "" && code != string(e.Code) {
		v.wrong("the error's code is %s, not %s", e.Code, code)
	}
	return nil
}

// notBegun is how a step ended that never began.
const notBegun = "not begun"

func (v *verification) stepsEnd() error {
	value, ok := v.given("steps")
	if !ok {
		return nil
	}
	wanted, ok := value.(map[string]any)
	if !ok {
		return action.Errorf(action.CodeInvalid, "test.expect: steps must be a table written in the test")
	}
	steps, names := v.run.steps(), v.run.of(journal.KindRun)[0].Run.Steps
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		is := string(steps[name])
		if is == "" {
			is = notBegun
		}
		switch {
		case steps[name] == "" && !slices.Contains(names, name):
			return action.Errorf(action.CodeInvalid, "test.expect: the runbook has no step %q%s", name, module.DidYouMean(name, names))
		case wanted[name] != is:
			v.wrong("the step %q ended %s, not %v", name, is, wanted[name])
		}
	}
	return nil
}

// counts checks what a run met on its way.
func (v *verification) counts() error {
	names, _, err := v.texts("assumed")
	if err != nil {
		return err
	}
	for _, name := range names {
		if assumed := v.run.assumed(); !slices.ContainsFunc(assumed, func(is string) bool { return fits(name, is) }) {
			v.wrong("the run did not assume %q, but %s", name, orNothing(assumed))
		}
	}
	if err := v.attempts(); err != nil {
		return err
	}
	if _, ok := v.given("met"); !ok {
		return nil
	}
	met := v.run.met()
	for _, code := range v.args.Strings("met") {
		if !slices.Contains(met, code) {
			v.wrong("no call met an error %s, but %s", code, orNothing(met))
		}
	}
	return nil
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}

// met are the codes of the errors that calls met.
func (r *run) met() []string {
	var out []string
	for _, record := range r.records.all {
		if o := record.Outcome; o != nil && o.Error != nil && !slices.Contains(out, string(o.Error.Code)) {
			out = append(out, string(o.Error.Code))
		}
	}
	return out
}

func (v *verification) attempts() error {
	value, ok := v.given("attempts")
	if !ok {
		return nil
	}
	wanted, ok := value.(map[string]any)
	if !ok {
		return action.Errorf(action.CodeInvalid, "test.expect: attempts must be a table written in the test")
	}
	for _, text := range slices.Sorted(maps.Keys(wanted)) {
		p, err := parsePattern(text, v.calls)
		if err != nil {
			return err
		}
		found, most := false, 0
		for _, record := range v.run.records.all {
			if record.Outcome != nil && record.Call != nil && p.matches(act{record: record}) {
				found, most = true, max(most, record.Outcome.Attempts)
			}
		}
		switch {
		case !found:
			v.wrong("there is no call %q", text)
		case wanted[text] != float64(most):
			v.wrong("%q was sent %d times, not %v", text, most, wanted[text])
		}
	}
	return nil
}

// times checks how long the run took.
func (v *verification) times() error {
	took := seconds(v.run.end().Elapsed)
	if _, ok := v.given("took"); ok {
		if d, _ := v.args.Duration("took"); seconds(d) != took {
			v.wrong("the run took %s, not %s", took, d)
		}
	}
	if _, ok := v.given("took_at_least"); ok {
		if d, _ := v.args.Duration("took_at_least"); took < d {
			v.wrong("the run took %s, less than %s", took, d)
		}
	}
	if _, ok := v.given("took_at_most"); ok {
		if d, _ := v.args.Duration("took_at_most"); took > d {
			v.wrong("the run took %s, more than %s", took, d)
		}
	}
	return nil
}

func (t *trial) equal(ctx context.Context, a module.Args) error {
	t.checked()
	actual, expected := pretty(a["actual"]), pretty(a["expected"])
	if actual == expected {
		return nil
	}
	what := a.String("what")
	if what == "" {
		what = "the value"
	}
	if strings.Contains(actual+expected, "\n") {
		return t.fail(ctx, Failure{
			Message: what + " is not as expected",
			Diff:    diffOf(strings.Split(expected, "\n"), strings.Split(actual, "\n")),
		})
	}
	return t.fail(ctx, Failure{Message: fmt.Sprintf("%s is %s, not %s", what, actual, expected)})
}

// pretty is a value in one spelling: objects by name, an empty list as an empty object, which Lua cannot tell from it.
func pretty(v any) string {
	v = plain(v)
	if list, ok := v.([]any); ok && len(list) == 0 {
		v = map[string]any{}
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(text)
}

func (t *trial) that(ctx context.Context, a module.Args) error {
	t.checked()
	if holds := a["condition"]; holds != nil && holds != false {
		return nil
	}
	return t.fail(ctx, Failure{Message: a.String("message")})
}

func (t *trial) same(ctx context.Context, a module.Args) error {
	one, err := t.runOf(a, "run")
	if err != nil {
		return err
	}
	other, err := t.runOf(a, "other")
	if err != nil {
		return err
	}
	t.checked()
	if diff, same := sameRuns(one, other); !same {
		return t.fail(ctx, Failure{Message: fmt.Sprintf("%s %d and %s %d do not do the same", one.how, one.number, other.how, other.number), Diff: diff})
	}
	return nil
}

// sameRuns compares what two runs asked for, by key, in each branch.
func sameRuns(one, other *run) (diff string, same bool) {
	texts := func(r *run) []string {
		var out []string
		all := branches(r.asked())
		slices.SortFunc(all, func(a, b branch) int { return strings.Compare(a.name, b.name) })
		for _, b := range all {
			for _, a := range b.acts {
				out = append(out, a.record.Key)
			}
		}
		return out
	}
	a, b := texts(one), texts(other)
	if slices.Equal(a, b) {
		return "", true
	}
	title := func(r *run) string { return fmt.Sprintf("%s %d", r.how, r.number) }
	return named(title(one), title(other), a, b), false
}
