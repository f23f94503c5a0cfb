package gate

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// drifted compares what was seen of a target when an action was written down with what is seen of it now, and says the first
// difference; "" if there is none. Only what the action goes by counts: its target's identity and the old values of the fields
// that it writes. What was written down is clean of secrets, so what is seen now is compared clean.
func (g *Gate) drifted(then *journal.Intent, now action.Evidence) string {
	if then.Made {
		return ""
	}
	if was, is := then.Evidence.UID, g.opts.Clean(now.UID); was != is {
		return otherOne(was, is)
	}
	fields := map[string]any{}
	maps.Copy(fields, now.Old)
	maps.Copy(fields, then.Evidence.Old)
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if then.Evidence.Old[field] == action.OwnDoing {
			continue
		}
		if was, is := action.Text(then.Evidence.Old[field]), g.opts.Clean(action.Text(now.Old[field])); was != is {
			was, is = apart(was, is)
			return fmt.Sprintf("%s was %s and is %s now", field, was, is)
		}
	}
	return ""
}

func otherOne(was, is string) string {
	switch {
	case was == "":
		return fmt.Sprintf("it did not exist then, and does now (uid %s)", is)
	case is == "":
		return fmt.Sprintf("it does not exist any more (uid was %s)", was)
	}
	return fmt.Sprintf("it is another one of that name (uid was %s and is %s now)", was, is)
}

// legible is how much of a value is shown, and before how much of what is the same in both.
const (
	legible = 160
	leading = 40
)

// apart are two different values as people can compare them: of long ones only where they part. What is not there is said to be not set.
func apart(was, is string) (string, string) {
	same := 0
	for same < min(len(was), len(is)) && was[same] == is[same] {
		same++
	}
	return excerpt(was, same), excerpt(is, same)
}

func excerpt(value string, at int) string {
	if value == "null" {
		return "not set"
	}
	if len(value) <= legible {
		return value
	}
	from := max(at-leading, 0)
	for from > 0 && !utf8.RuneStart(value[from]) {
		from--
	}
	text := strings.ToValidUTF8(value[from:min(from+legible, len(value))], "")
	if from > 0 {
		text = "…" + text
	}
	if from+legible < len(value) {
		text += "…"
	}
	return text
}

// changed is the error of an action whose target is not what it was when the action was planned.
func (g *Gate) changed(d action.Description, how string) *action.Error {
	return g.replan(d, action.Errorf(action.CodeDrift, "%s has changed since this was planned: %s; %s was not sent", d.Target, how, d.Verb))
}

func (g *Gate) notAsPlanned(d action.Description, format string, args ...any) *action.Error {
	return g.replan(d, action.Errorf(action.CodeDrift, "%s %s is not as planned: %s; it was not sent", d.Verb, d.Target, fmt.Sprintf(format, args...)))
}

func (g *Gate) replan(d action.Description, drift *action.Error) *action.Error {
	return drift.On(d.Target).Try("look at %s, then rehearse and plan again: %s", d.Target, g.opts.Approval.Again())
}
