package screen

import "runbook/engine/journal"

// stateWords say how a checked thing is, so that it reads without colour. What is no such state comes from another version of the
// program, and is shown as it stands.
var stateWords = map[string]string{"healthy": "OK", "degraded": "DEGRADED", "down": "DOWN", "unknown": "UNKNOWN"}

func stateWord(state string) string {
	if word, known := stateWords[state]; known {
		return word
	}
	return clean(state)
}

// leastDetail is how much room a detail needs beside the name of its check; with less it stands below.
const leastDetail = 20

// checks print a line for each check: how it is, its name, and why.
func (t *Text) checks(indent string, checks []journal.Check) {
	if len(checks) == 0 {
		t.nothing(indent)
		return
	}
	words, names, room := 0, 0, t.bounded(indent)
	for _, c := range checks {
		words = max(words, width(stateWord(c.State)))
		names = max(names, width(clean(c.Name)))
	}
	beside := room - words - 2
	below := room > 0 && beside-min(names, beside/2)-2 < leastDetail
	switch {
	case below:
		names = min(names, max(beside, leastWidth))
	case room > 0:
		names = min(names, beside/2)
	}
	for _, c := range checks {
		t.check(indent, c, words+2, names, below)
	}
}

// check prints one: its name in the column lead, in so many cells, and its detail beside or below that.
func (t *Text) check(indent string, c journal.Check, lead, names int, below bool) {
	word, name, detail := stateWord(c.State), shorten(clean(c.Name), names), clean(c.Detail)
	line := indent + t.paper.look.paint(verdictStyles[c.State], word)
	if name != "" || detail != "" {
		line += spaces(lead-width(word)) + name
	}
	column := indent + spaces(lead)
	if !below {
		column += spaces(names + 2)
	}
	pieces := fold(detail, t.bounded(column))
	if !below && detail != "" {
		line += spaces(names+2-width(name)) + pieces[0]
		pieces = pieces[1:]
	}
	t.paper.line(line)
	for _, piece := range pieces {
		if piece != "" {
			t.paper.line(column + piece)
		}
	}
}
