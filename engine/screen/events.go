package screen

import (
	"encoding/json"
	"strings"

	"runbook/engine/journal"
)

// wait prints how a wait ended. One that a dry run assumed says what there is now instead.
func (t *Text) wait(r *journal.Record) {
	what := t.names.target(r.Call.Target)
	waited := "waited " + elapsed(r.Outcome.Elapsed) + " for " + what
	detail := clean(r.Outcome.Note)
	remark := t.seam.remark(r)
	indent := margin(r.Branch)
	switch r.Outcome.Status {
	case journal.Met:
		t.fold(indent, indent, normal, with(waited, ": ", detail)+remark)
	case journal.Assumed:
		t.fold(indent, indent, yellow, with("assumed met: "+what, "; now ", detail)+remark)
	default:
		t.fold(indent, indent, alarm, waited+": FAILED"+remark)
		t.blame(r, indent+detailMargin)
	}
}

// with adds a detail, if there is one.
func with(text, separator, detail string) string {
	if detail == "" {
		return text
	}
	return text + separator + detail
}

// assume prints what a dry run went on with instead of an answer. That a wait was assumed is said by the wait itself.
func (t *Text) assume(r *journal.Record) {
	if r.Call != nil {
		return
	}
	indent := margin(r.Branch)
	text := "assumed: " + leadIn(r.Assume.Name) + " " + r.Assume.Assumed
	if others := without(r.Assume.Choices, r.Assume.Assumed); len(others) > 0 {
		text += " (or " + strings.Join(others, ", ") + ")"
	}
	t.fold(indent, indent, yellow, with(clean(text), "; now ", clean(r.Assume.Detail)))
}

// leadIn is a question as its answer follows it: what is no sentence ends in a colon.
func leadIn(text string) string {
	if strings.HasSuffix(text, "?") || strings.HasSuffix(text, ":") {
		return text
	}
	return text + ":"
}

func without(choices []string, chosen string) []string {
	var others []string
	for _, c := range choices {
		if c != chosen {
			others = append(others, c)
		}
	}
	return others
}

// answer prints what was answered and by whom, where the question does not stand on this terminal already. The answers of a dry
// run are assumptions, which have records of their own.
func (t *Text) answer(r *journal.Record) {
	if r.Answer.By == "dry run" || t.wasAsked(r.Answer.By) {
		return
	}
	indent := margin(r.Branch)
	t.fold(indent, indent, normal, clean(leadIn(r.Answer.Question)+" "+answerText(r.Answer.Value)+" ("+r.Answer.By+")")+t.seam.remark(r))
}

// wasAsked tells whether the answer that a record is about was given to a question on this terminal.
func (t *Text) wasAsked(by string) bool {
	asked := t.asked && by == Terminal
	t.asked = false
	return asked
}

// answerText is an answer as a person would type it.
func answerText(value json.RawMessage) string {
	var text string
	switch {
	case string(value) == "true":
		return "yes"
	case string(value) == "false":
		return "no"
	case json.Unmarshal(value, &text) == nil:
		return text
	}
	return string(value)
}

func (t *Text) warning(branch string, w *journal.Warning) {
	indent := margin(branch)
	t.say(indent, yellow, "warning: "+w.Text)
	if w.Hint != "" {
		t.say(indent+"  ", dim, "try: "+w.Hint)
	}
}
