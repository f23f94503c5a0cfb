package plan

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// unplanned says in which way an action that was not planned differs from what was: in an argument, in its place, in its number, or
// altogether; and what happened before that has no course, or none together. The caller holds the lock.
func (m *Matcher) unplanned(branch, operation string, d action.Description) string {
	how := m.nearest(branch, d)
	next := m.line.behind(m.came[branch])
	switch at, _ := m.line.place(branch, operation, m.used[operation], next); {
	case at >= next:
		how = "the run was to make that itself before, and did not"
	case at >= 0:
		last := m.line.branches[branch][next-1].Call
		how = fmt.Sprintf("it was planned before %s %s, and comes after it now", last.Verb, last.Target)
	}
	for _, f := range m.failed {
		if f.line == nil {
			how += fmt.Sprintf("; before that %s failed, and the plan has no course for that", f.name)
			break
		}
	}
	var cases []string
	add := func(turn journal.Turn) {
		if text := caseOf(turn); turn.Name != "" && !slices.Contains(cases, text) {
			cases = append(cases, text)
		}
	}
	add(m.line.turn)
	for _, turn := range m.besides {
		add(turn)
	}
	for _, f := range slices.Backward(m.failed) {
		if f.line != nil {
			add(f.line.turn)
		}
	}
	if len(cases) < 2 {
		return how
	}
	return how + "; the plan foresees each of these by itself, and not together: " + strings.Join(cases, ", ")
}

// caseOf is what is the case where an assumption does not hold.
func caseOf(t journal.Turn) string {
	switch t.Choice {
	case string(journal.TimedOut):
		return t.Name + " did not come true in time"
	case string(journal.Failed):
		return t.Name + " failed"
	}
	return fmt.Sprintf("%q was answered with %s", t.Name, t.Choice)
}

// nearest compares it with what was planned for the same target, and with what was planned next.
func (m *Matcher) nearest(branch string, d action.Description) string {
	all := m.line.branches[branch]
	rest := all[m.line.behind(m.came[branch]):]
	for _, r := range rest {
		if r.Call.Verb != d.Verb || r.Call.Target != d.Target {
			continue
		}
		if difference := firstDifference(r.Call.Identity, d.Identity); difference != "" {
			return difference
		}
		return "it was planned for another place in the script, " + r.Call.Where
	}
	if again := m.again(branch, d); again != "" {
		return again
	}
	for _, r := range rest {
		if r.Intent != nil && !r.Intent.Repeatable {
			return fmt.Sprintf("%sit was not planned; planned next was %s %s", arguments(d), r.Call.Verb, r.Call.Target)
		}
	}
	return arguments(d) + "it was not planned, and nothing more was"
}

// longestArgument is how much of one is said.
const longestArgument = 160

// arguments says what makes it this operation, besides its target: all commands of a machine are called by their program.
func arguments(d action.Description) string {
	var given []string
	for _, a := range d.Identity {
		if text := []rune(action.Text(a.Value)); !a.Set {
			if len(text) > longestArgument {
				text = append(text[:longestArgument:longestArgument], '…')
			}
			given = append(given, a.Name+" "+string(text))
		}
	}
	if len(given) == 0 {
		return ""
	}
	return "with " + strings.Join(given, ", ") + " "
}

// again is what to say of what was planned in that branch and has come, or in another one; "" where it was planned nowhere.
func (m *Matcher) again(branch string, d action.Description) string {
	elsewhere, times := "", 0
	for _, r := range m.line.actions {
		switch {
		case r.Intent == nil || r.Call.Verb != d.Verb || r.Call.Target != d.Target || firstDifference(r.Call.Identity, d.Identity) != "":
		case r.Branch == branch:
			times++
		case elsewhere == "":
			elsewhere = "it was planned for " + branchText(r.Branch) + ", and comes in " + branchText(branch)
		}
	}
	switch {
	case times == 1:
		return "it was planned once, and comes again"
	case times > 1:
		return fmt.Sprintf("it was planned %d times, and comes once more", times)
	}
	return elsewhere
}

func branchText(branch string) string {
	if branch == "" {
		return "no branch"
	}
	return "the branch " + branch
}

// firstDifference says in which argument two operations differ; "" where they do not.
func firstDifference(then, now []action.Arg) string {
	values := map[string]any{}
	for _, a := range then {
		if !a.Set {
			values[a.Name] = a.Value
		}
	}
	for _, a := range now {
		if a.Set {
			continue
		}
		switch before, was := values[a.Name]; {
		case !was:
			return fmt.Sprintf("%s was not given when it was planned, and is %s now", a.Name, action.Text(a.Value))
		case action.Text(before) != action.Text(a.Value):
			return fmt.Sprintf("%s was planned as %s and is %s now", a.Name, action.Text(before), action.Text(a.Value))
		}
		delete(values, a.Name)
	}
	for _, a := range then {
		if value, left := values[a.Name]; left {
			return fmt.Sprintf("%s was planned as %s and is not given now", a.Name, action.Text(value))
		}
	}
	return ""
}
