package screen

import (
	"encoding/json"
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// diffs prints what an action updates and returns whether there was anything. What it creates or deletes is named by its line, and
// its whole content would only hide that.
func (t *Text) diffs(indent string, changes []journal.Change) (printed bool) {
	for _, c := range changes {
		if c.Op == "update" && !c.Derived && c.Diff != "" {
			t.diff(indent, c.Diff)
			printed = true
		}
	}
	return printed
}

// diff prints the body of a unified diff. Line numbers mean nothing in an object of an API: a gap shows where lines are left out.
func (t *Text) diff(indent, body string) {
	for i, line := range cleanLines(body) {
		s := dim
		switch {
		case strings.HasPrefix(line, "@@"):
			if i == 0 {
				continue
			}
			line = ellipsis
		case strings.HasPrefix(line, "+"):
			s = green
		case strings.HasPrefix(line, "-"):
			s = red
		}
		t.fold(indent, indent+"  ", s, line)
	}
}

// maxArgument is how long an argument may be as JSON before it is only mentioned.
const maxArgument = 120

// arguments print what an action was given, where no diff says it.
func (t *Text) arguments(indent string, call *journal.Call) {
	if given := argumentsText(call.Identity, call.Payload); given != "" {
		t.fold(indent, indent, dim, given)
	}
}

func argumentsText(lists ...[]action.Arg) string {
	var given []string
	for _, list := range lists {
		for _, arg := range list {
			given = append(given, clean(arg.Name)+"="+argumentText(arg.Value))
		}
	}
	return strings.Join(given, " ")
}

// argumentText is an argument as JSON; a plain word needs no quotes.
func argumentText(value any) string {
	if word, ok := value.(string); ok && word != "" && !strings.ContainsAny(word, " =\"") {
		return truncate(clean(word), maxArgument)
	}
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if enc.Encode(value) != nil {
		return ellipsis
	}
	return truncate(clean(strings.TrimSpace(text.String())), maxArgument)
}
