package notify

import (
	"slices"
	"strings"

	"runbook/engine/contact"
)

// unsaid is a message without the facts that its text tells already. A text that was made by a template of communication tells all of
// them, and they are there for receivers that show facts in a way of their own, and for the site's templates; nobody is to read them twice.
func unsaid(m contact.Message) contact.Message {
	if tells(m.Text, statusFact(m)) {
		m.Status = ""
	}
	if strings.Contains(m.Text, m.Link) {
		m.Link = ""
	}
	m.Fields = slices.DeleteFunc(slices.Clone(m.Fields), func(f contact.Field) bool { return tells(m.Text, f) })
	return m
}

// statusFact is the status as it is shown.
func statusFact(m contact.Message) contact.Field {
	return contact.Field{Name: "Status", Value: strings.ToUpper(m.Status)}
}

// tells finds a fact in a text: on a line that begins with its name, or on lines of its own below it.
func tells(text string, f contact.Field) bool {
	for _, said := range []string{f.Name + ": " + f.Value, f.Name + ":\n" + f.Value} {
		if strings.Contains("\n"+text+"\n", "\n"+said+"\n") {
			return true
		}
	}
	return false
}
