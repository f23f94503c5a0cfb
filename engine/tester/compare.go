package tester

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"runbook/engine/module"
	"runbook/engine/plan"
)

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

// sameRuns compares what two runs asked for, by key, in each branch; of what is repeatable, whether they did, as a plan does.
func sameRuns(one, other *run) (diff string, same bool) {
	texts := func(r *run) []string {
		var out []string
		all := branches(r.asked())
		slices.SortFunc(all, func(a, b branch) int { return strings.Compare(a.name, b.name) })
		var repeatable []string
		for _, b := range all {
			for _, a := range b.acts {
				if name := plan.Repeatable(a.record); name != "" {
					repeatable = append(repeatable, name)
					continue
				}
				out = append(out, a.record.Key)
			}
		}
		slices.Sort(repeatable)
		return append(out, slices.Compact(repeatable)...)
	}
	a, b := texts(one), texts(other)
	if slices.Equal(a, b) {
		return "", true
	}
	title := func(r *run) string { return fmt.Sprintf("%s %d", r.how, r.number) }
	return named(title(one), title(other), a, b), false
}
