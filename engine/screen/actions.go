package screen

import (
	"fmt"
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// detailMargin indents what belongs to an action below its line.
const detailMargin = "     "

// intent prints an action: as a whole in a dry run, where nothing more will come of it; in a real run its line begins here and ends
// with the outcome. A branch waits for its outcome before it prints anything, so that no other branch comes between; so does what is
// only repeated, whose outcome may be live.
func (t *Text) intent(r *journal.Record) {
	switch {
	case t.ledger.isDry():
		t.actionLine(r, "")
		t.details(r)
	case r.Branch == "" && !r.Recalled:
		t.live.done(r.Branch)
		t.live.opened = t.live.now()
		t.actionLine(r, r.Key)
	}
}

// outcome ends the line of an action and prints what belongs to it.
func (t *Text) outcome(r *journal.Record) {
	if t.ledger.isDry() && (r.Outcome.Status == journal.Intended || r.Outcome.Status == journal.Unchanged) {
		return // its line is whole already
	}
	e := t.ledger.open[r.Key]
	if e == nil {
		return // of nothing that anybody was told about
	}
	result, colour := actionResult(r.Outcome)
	result += t.seam.remark(r)
	if t.paper.open.key != r.Key {
		t.actionLine(e.intent, r.Key)
	}
	if !t.paper.finish(r.Key, colour, "  "+result) {
		t.fold(margin(r.Branch)+detailMargin, margin(r.Branch)+detailMargin, colour, result)
	}
	switch r.Outcome.Status {
	case journal.Done, journal.Unchanged:
		t.details(e.intent)
	case journal.Uncertain: // what would follow is left out: it must not look as if it had happened
		t.diffs(margin(r.Branch)+detailMargin, e.intent.Intent.Changes)
	}
	said := r.Outcome.Status == journal.Done && r.Outcome.Note == e.intent.Intent.Note // by the details
	if r.Outcome.Note != "" && !said {
		t.say(margin(r.Branch)+detailMargin, dim, r.Outcome.Note)
	}
	t.blame(r, margin(r.Branch)+detailMargin)
}

func actionResult(o *journal.Outcome) (result string, colour style) {
	result, colour = o.Status, green
	switch o.Status {
	case journal.Unchanged:
		return nothingToDo, dim
	case journal.NotDone:
		result, colour = "FAILED", alarm
	case journal.Uncertain:
		result, colour = "UNCERTAIN", alarm
	}
	if o.Attempts > 1 {
		result += fmt.Sprintf(" at attempt %d", o.Attempts)
	}
	return result + ", " + elapsed(o.Elapsed), colour
}

// actionLine prints the line of an action; with a key, it stays open for the outcome. Where the terminal is too narrow for a
// name with what is said about it, that goes below: half a name is no name.
func (t *Text) actionLine(r *journal.Record, key string) {
	lead := []span{{normal, margin(r.Branch)}}
	if mark := t.ledger.mark(); mark != "" {
		lead = append(lead, span{caveat, mark}, span{normal, " "})
	}
	lead = append(lead, span{normal, numbered(r.Intent.Number, t.names.call(r.Call))})
	tags := t.tags(r)
	columns := t.paper.look.columns()
	whole := append(lead, tags)
	if columns > 0 && width(plainText(whole)) > columns && tags.text != "" {
		t.paper.line(t.paper.look.paintAll(lead...))
		whole = []span{{normal, margin(r.Branch) + detailMargin}, {tags.style, strings.TrimSpace(tags.text)}}
	}
	if key == "" {
		t.paper.line(t.paper.look.paintAll(whole...))
		return
	}
	t.paper.begin(key, plainText(whole), t.paper.look.paintAll(whole...))
}

// numbered is an action with its number. One that failed before it could be predicted has none.
func numbered(number int, text string) string {
	if number == 0 {
		return text
	}
	return fmt.Sprintf("%d  %s", number, text)
}

func plainText(spans []span) string {
	var text string
	for _, s := range spans {
		text += s.text
	}
	return text
}

// nothingToDo is said of an action whose target is as wanted already.
const nothingToDo = "nothing to do"

// mayRepeat is said of an action that a plan holds to neither number nor place.
const mayRepeat = "may repeat"

// tags say how much harm an action can do, and how far its prediction can be trusted, where that is of use; and, to who approves it, what
// may repeat.
func (t *Text) tags(r *journal.Record) span {
	labelled := t.ledger.isDry()
	if r.Intent.Unchanged {
		if !labelled {
			return span{} // the outcome says it
		}
		return span{dim, "  (" + nothingToDo + ")"}
	}
	var tags []string
	if labelled || r.Call.Risk != action.Routine.String() {
		tags = append(tags, clean(r.Call.Risk))
	}
	if labelled {
		tags = append(tags, clean(string(r.Intent.Label)))
	}
	if t.withEvidence && r.Intent.Repeatable {
		tags = append(tags, mayRepeat)
	}
	s := span{style: dim}
	if text := strings.Trim(strings.Join(tags, ", "), ", "); text != "" {
		s.text = "  (" + text + ")"
	}
	if r.Call.Risk == action.Destructive.String() {
		s.style = yellow
	}
	return s
}

// details print what an action changes, unless a person saw it when asked.
func (t *Text) details(r *journal.Record) {
	if t.seen[r.Key] {
		return
	}
	indent := margin(r.Branch) + detailMargin
	switch {
	case r.Intent.Preview != "":
		t.preview(indent, r.Intent.Preview)
	case !t.diffs(indent, r.Intent.Changes):
		t.arguments(indent, r.Call)
	}
	if r.Intent.Note != "" {
		t.say(indent, dim, r.Intent.Note)
	}
	for _, warning := range r.Intent.Warnings {
		t.say(indent, yellow, "warning: "+warning)
	}
	if t.withEvidence {
		t.preconditions(indent, r)
	}
	if then := derived(r.Intent.Changes); then != "" {
		t.fold(indent, indent, dim, "then: "+then)
	}
}

// preview prints the text that somebody gets, line by line: that it is another's text shows by the bar before it.
func (t *Text) preview(indent, text string) {
	for _, line := range cleanLines(text) {
		t.fold(indent+"| ", indent+"| ", normal, line)
	}
}

// consent remembers what a person was shown. The question and its answer stand on the terminal already.
func (t *Text) consent(r *journal.Record) {
	if t.wasAsked(r.Consent.By) {
		t.seen[r.Key] = true
	}
}
