package tester

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/module"
)

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
			v.wrong("the run does not show %q%s", part, nearest(part, strings.Split(all, "\n")))
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
		v.shown = strings.Split(strings.TrimSuffix(joined(shown), "\n"), "\n")
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
