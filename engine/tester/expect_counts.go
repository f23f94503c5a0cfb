package tester

import (
	"maps"
	"slices"
	"strings"

	"runbook/engine/action"
)

// counts checks what a run met on its way.
func (v *verification) counts() error {
	names, given, err := v.texts("assumed")
	if err != nil {
		return err
	}
	assumed := v.run.assumed()
	if given && len(names) == 0 && len(assumed) > 0 {
		v.wrong("the run assumed %s, and was to assume nothing", orNothing(assumed))
	}
	for _, name := range names {
		if !slices.ContainsFunc(assumed, func(is string) bool { return fits(name, is) }) {
			v.wrong("the run did not assume %q, but %s", name, orNothing(assumed))
		}
	}
	if err := v.attempts(); err != nil {
		return err
	}
	if _, ok := v.given("met"); !ok {
		return nil
	}
	met, wanted := v.run.met(), v.args.Strings("met")
	if len(wanted) == 0 && len(met) > 0 {
		v.wrong("calls met errors, and were to meet none: %s", orNothing(met))
	}
	for _, code := range wanted {
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
	for _, record := range r.records.Records {
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
		for _, record := range v.run.records.Records {
			if record.Outcome != nil && record.Call != nil && p.matches(act{record: record}) {
				found, most = true, max(most, record.Outcome.Attempts)
			}
		}
		switch {
		case !found && wanted[text] == float64(0):
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
