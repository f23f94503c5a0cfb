package gate

import (
	"bytes"
	"maps"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"sigs.k8s.io/yaml"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// diffContext is how many unchanged lines stand around a changed one.
const diffContext = 2

// describeChanges describes changes by what may be shown of them: written as YAML, a secret may look like nothing that is known.
func describeChanges(changes []action.Change, clean func(any) any) []journal.Change {
	out := make([]journal.Change, 0, len(changes))
	for _, c := range changes {
		described := journal.Change{Target: c.Target, Op: changeOp(c), Derived: c.Derived}
		if !c.Derived && c.After != nil {
			described.Diff = diff(clean(without(c.Before, c.Bookkeeping)), clean(without(c.After, c.Bookkeeping)))
		}
		out = append(out, described)
	}
	return out
}

func changeOp(c action.Change) string {
	switch {
	case c.Before == nil:
		return "create"
	case c.After == nil:
		return "delete"
	}
	return "update"
}

// without is a state without those fields. The state itself stays whole: the overlay needs all of it.
func without(state any, paths []string) any {
	object, ok := state.(map[string]any)
	if !ok {
		return state
	}
	for _, path := range paths {
		object = prune(object, strings.Split(path, "."))
	}
	return object
}

// prune copies what is on the path, and nothing else.
func prune(object map[string]any, path []string) map[string]any {
	field, there := object[path[0]]
	if !there {
		return object
	}
	pruned := maps.Clone(object)
	if inner, ok := field.(map[string]any); ok && len(path) > 1 {
		pruned[path[0]] = prune(inner, path[1:])
	} else if len(path) == 1 {
		delete(pruned, path[0])
	}
	return pruned
}

// diff is the body of a unified diff of the two states as YAML, which is how people know them.
func diff(before, after any) string {
	unified, err := udiff.ToUnified("", "", asYAML(before), udiff.Lines(asYAML(before), asYAML(after)), diffContext)
	if err != nil { // only when the edits do not fit the text that they were made from
		return ""
	}
	var body bytes.Buffer
	for line := range strings.Lines(unified) {
		if !strings.HasPrefix(line, "---") && !strings.HasPrefix(line, "+++") {
			body.WriteString(line)
		}
	}
	return body.String()
}

func asYAML(v any) string {
	if v == nil {
		return ""
	}
	text, err := yaml.Marshal(v)
	if err != nil { // a binding's state that is not JSON: the diff is for people only
		return ""
	}
	return string(text)
}
