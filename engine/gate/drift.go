package gate

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"runbook/engine/action"
)

// drifted compares what was seen of a target when an action was approved with what is seen of it now, and names the first
// difference; nil if there is none. Only what the action goes by counts: its target's identity and the old values of the fields
// that it writes.
func drifted(d action.Description, then, now action.Evidence) *action.Error {
	if then.UID != "" && then.UID != now.UID {
		return changed(d, "uid", then.UID, orGone(now.UID))
	}
	for _, field := range slices.Sorted(maps.Keys(then.Old)) {
		if !sameJSON(then.Old[field], now.Old[field]) {
			return changed(d, field, then.Old[field], now.Old[field])
		}
	}
	return nil
}

func changed(d action.Description, field string, then, now any) *action.Error {
	return action.Errorf(action.CodeDrift, "%s has changed since this was planned: %s was %s and is %s now; %s was not sent",
		d.Target, field, action.Text(then), action.Text(now), d.Verb).On(d.Target).
		Try("look at %s, then rehearse and plan again", d.Target)
}

func orGone(uid string) string {
	if uid == "" {
		return "gone"
	}
	return uid
}

// sameJSON compares values of which one may have been written down and read again.
func sameJSON(a, b any) bool { return reflect.DeepEqual(throughJSON(a), throughJSON(b)) }

func throughJSON(v any) any {
	text, err := json.Marshal(v)
	if err != nil { // evidence is JSON; anything else equals only itself
		return v
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return v
	}
	return out
}
