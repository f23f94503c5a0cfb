package gate

import (
	"fmt"
	"maps"
	"slices"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// drifted compares what was seen of a target when an action was approved with what is seen of it now, and names the first
// difference; nil if there is none. Only what the action goes by counts: its target's identity and the old values of the fields
// that it writes. What was written down is clean of secrets, so what is seen now is compared clean.
func (g *Gate) drifted(d action.Description, then *journal.Intent, now action.Evidence) *action.Error {
	if then.Made {
		return nil
	}
	if then.Evidence.UID != g.opts.Clean(now.UID) {
		return changed(d, "uid", orAbsent(then.Evidence.UID), orAbsent(now.UID))
	}
	fields := map[string]any{}
	maps.Copy(fields, now.Old)
	maps.Copy(fields, then.Evidence.Old)
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if then.Evidence.Old[field] == action.OwnDoing {
			continue
		}
		if was, is := action.Text(then.Evidence.Old[field]), g.opts.Clean(action.Text(now.Old[field])); was != is {
			return changed(d, field, was, is)
		}
	}
	return nil
}

func changed(d action.Description, field, then, now string) *action.Error {
	return action.Errorf(action.CodeDrift, "%s has changed since this was planned: %s was %s and is %s now; %s was not sent",
		d.Target, field, then, now, d.Verb).On(d.Target).
		Try("look at %s, then rehearse and plan again", d.Target)
}

func notAsPlanned(d action.Description, format string, args ...any) *action.Error {
	return action.Errorf(action.CodeDrift, "%s %s is not as planned: %s; it was not sent", d.Verb, d.Target, fmt.Sprintf(format, args...)).
		On(d.Target).Try("look at %s, then rehearse and plan again", d.Target)
}

func orAbsent(uid string) string {
	if uid == "" {
		return "absent"
	}
	return uid
}
