package screen

import (
	"fmt"
	"slices"
	"strings"

	"runbook/engine/command"
	"runbook/engine/journal"
)

// summary says how the run ended: what was changed, and if it ended early what failed, why, where, and what to type next.
func (t *Text) summary(end *journal.End) {
	t.paper.omit()
	t.paper.line("")
	if end.Status == journal.OK {
		t.success(end)
	} else {
		t.failure(end)
	}
	t.commands()
	t.verdict()
}

func (t *Text) success(end *journal.End) {
	if t.ledger.isDry() {
		t.fold("", "", caveat, t.ledger.mark()+": nothing was changed. "+t.intended()+", "+count(t.ledger.assumed, "assumption")+".")
		t.wentWrong("could not be done as it is now")
		return
	}
	text := "nothing was changed"
	if done := t.ledger.with(journal.Done); len(done) > 0 {
		text = count(len(done), "action") + " (" + grouped(done) + ")"
	}
	colour, title := green, "Done in "
	switch {
	case t.ledger.run.Replay:
		colour, title = caveat, replays+": nothing was sent. Then it was done in "
	case t.ledger.run.Scenario() != "":
		colour, title = caveat, simulated+" "+clean(t.ledger.run.Scenario())+", simulated: done in "
	}
	t.fold("", "", colour, title+t.lasted(end)+": "+text+".")
	t.wentWrong("failed")
	t.uncertain()
}

// wentWrong lists what failed, or would, in a run that came to its end all the same: a script may live with a failure, a person has to know.
func (t *Text) wentWrong(how string) {
	failed := t.ledger.with(journal.NotDone)
	if len(failed) == 0 {
		return
	}
	t.fold("", "", yellow, count(len(failed), "action")+" "+how+", and the script went on.")
	t.labelled("Failed", alarm, t.reasoned(failed)...)
}

// intended counts what a dry run would have done.
func (t *Text) intended() string {
	intended := t.ledger.with(journal.Intended)
	text := count(len(intended), "action") + " intended"
	if len(intended) > 0 {
		text += " (" + grouped(intended) + ")"
	}
	return text
}

// endings name the ways to end early.
var endings = map[journal.Status]string{
	journal.Failed:      "FAILED",
	journal.Declined:    "DECLINED",
	journal.Refused:     "REFUSED",
	journal.Drifted:     "STOPPED",
	journal.TimedOut:    "TIMED OUT",
	journal.OutOfMemory: "OUT OF MEMORY",
	journal.Interrupted: "INTERRUPTED",
}

func (t *Text) failure(end *journal.End) {
	title := endings[end.Status] + t.brokenStep(end)
	if !t.ledger.run.Replay || end.Elapsed > 0 {
		title += ", after " + t.lasted(end)
	}
	t.fold("", "", alarm, t.ledger.marked(title))
	failure := end.Error
	if failure == nil {
		failure = &journal.Error{}
	}
	if failure.Message != "" {
		t.labelled("Why", normal, cleanLines(failure.Message)...)
	}
	if failure.Where != "" {
		t.labelled("Where", normal, clean(failure.Where))
		if source := sourceLine(failure); source != "" {
			t.labelled("", dim, source)
		}
	}
	t.changed()
	t.tolerated()
	t.uncertain()
	t.next(failure.Hint)
}

// brokenStep names the step that ended the run. A declined step does not end a run, so it need not be the last.
func (t *Text) brokenStep(end *journal.End) string {
	step := t.ledger.step
	if broken := t.ledger.broken; broken != nil && broken.Status == end.Status {
		step = broken
	}
	switch {
	case step == nil:
		return " before the first step"
	case end.Step == 0 && end.Error != nil && t.ledger.broken == nil:
		return " after the last step"
	}
	return fmt.Sprintf(" in step %d of %d, %s", step.Number, max(len(t.ledger.run.Steps), step.Number), clean(step.Name))
}

// maxListed is how many actions are listed one by one before they are summed up.
const maxListed = 20

// changed lists what had already been done when the run ended early.
func (t *Text) changed() {
	done, partly := t.ledger.with(journal.Done), t.ledger.partly()
	switch {
	case t.ledger.isDry() && t.ledger.run.Replay:
		t.labelled("Changed", normal, "nothing ("+replays+"); "+t.intended()+" before this")
	case t.ledger.isDry():
		t.labelled("Changed", normal, "nothing ("+dryRun+"); "+t.intended()+" before this")
	case t.ledger.run.Replay:
		t.labelled("Changed", normal, "nothing ("+replays+")")
		if len(done) > 0 {
			t.labelled("Then", normal, t.listed(done, "")...)
		}
	case len(partly) > 0:
		lines := t.listed(done, "")
		for _, e := range partly {
			lines = append(lines, t.listed([]*entry{e}, " failed, but in part: "+clean(e.outcome.Note))...)
		}
		t.labelled("Changed", normal, lines...)
	case len(done) == 0 && len(t.ledger.with(journal.Uncertain)) > 0:
		t.labelled("Changed", normal, "nothing that is certain")
	case len(done) == 0:
		t.labelled("Changed", normal, "nothing")
	default:
		t.labelled("Changed", normal, t.listed(done, "")...)
	}
}

// uncertain lists what was sent without an answer: nobody may take it for done, or for not done.
func (t *Text) uncertain() {
	if sent := t.ledger.with(journal.Uncertain); len(sent) > 0 {
		t.labelled("Unknown", alarm, t.listed(sent, ": sent, and no answer came")...)
	}
}

// tolerated lists what failed and did not end the run, where something else did.
func (t *Text) tolerated() {
	failed := slices.DeleteFunc(t.ledger.with(journal.NotDone), func(e *entry) bool { return !e.outcome.Tolerated })
	if len(failed) > 0 {
		t.labelled("Failed", alarm, t.reasoned(failed)...)
	}
}

// reasoned are failed actions one by one, each with the first line of why.
func (t *Text) reasoned(entries []*entry) []string {
	lines := t.listed(entries, "")
	for i, e := range entries[:min(len(entries), len(lines))] {
		if (i < maxListed || len(entries) == len(lines)) && e.outcome != nil && e.outcome.Error != nil {
			lines[i] += ": " + cleanLines(e.outcome.Error.Message)[0]
		}
	}
	return lines
}

// listed are actions one by one, and the rest of very many summed up. Of several of one name the arguments are said as well: commands of a
// machine are all called by their program.
func (t *Text) listed(entries []*entry, remark string) []string {
	var lines []string
	named := map[string]int{}
	for _, e := range entries {
		named[t.names.call(e.intent.Call)]++
	}
	for i, e := range entries {
		if rest := entries[i:]; i == maxListed && len(rest) > 1 {
			return append(lines, fmt.Sprintf("and %d more: %s", len(rest), grouped(rest)+remark))
		}
		name := t.names.call(e.intent.Call)
		if arguments := argumentsText(e.intent.Call.Identity); named[name] > 1 && arguments != "" {
			name += " " + arguments
		}
		lines = append(lines, numbered(e.intent.Intent.Number, name)+remark)
	}
	return lines
}

// next says what to do or type: what the failure itself says, and then how to go on from there. A resume asks what became of what is
// unknown; where there is none, a person has to, before a dry run shows what is left to do.
func (t *Text) next(hint string) {
	var lines []string
	if hint != "" {
		lines = cleanLines(hint)
	}
	if takeUp := t.takeUp(); takeUp != "" {
		lines = append(lines, takeUp)
	}
	if len(lines) == 0 {
		lines = t.leftToDo()
	}
	t.labelled("Next", bold, lines...)
}

func (t *Text) leftToDo() []string {
	end := t.ledger.end
	switch {
	case t.ledger.run.Replay && end != nil && end.Status == journal.Drifted:
		return []string{"runbook show, with the recording, shows what was recorded"}
	case t.ledger.mark() != "":
		return nil
	}
	var lines []string
	if len(t.ledger.with(journal.Uncertain)) > 0 {
		lines = append(lines, "look at what is unknown before anything else")
	}
	return append(lines, "runbook run "+clean(command.Quote(t.ledger.run.Typed()))+" --dry-run, with the same parameters, shows what is left to do")
}

// labelWidth is the room for the names in the block of a failure.
const labelWidth = len("  Changed:  ")

// labelled prints lines below each other behind a name.
func (t *Text) labelled(name string, s style, lines ...string) {
	first, next := "  "+name+":", spaces(labelWidth)
	if name == "" {
		first = ""
	}
	for _, line := range lines {
		t.fold(first+spaces(labelWidth-len(first)), next, s, line)
		first = ""
	}
}

// commands lists what a dry run really ran: only what is known to look and change nothing, but that is for the reader to judge.
func (t *Text) commands() {
	if !t.ledger.isDry() || len(t.ledger.commands.order) == 0 {
		return
	}
	title := "Commands that really ran (they only look):"
	if t.ledger.run.Replay {
		title = "Commands that ran then (they only look):"
	}
	t.paper.line(title)
	for _, command := range t.ledger.commands.order {
		if n := t.ledger.commands.count[command]; n > 1 {
			command += fmt.Sprintf("  (%d times)", n)
		}
		t.fold("  ", "    ", normal, command)
	}
}

var verdictStyles = map[string]style{"healthy": green, "degraded": caveat, "down": alarm, "unknown": caveat}

// verdict prints the script's last judgement of the site: the last line of the run, where a person looks first.
func (t *Text) verdict() {
	v := t.ledger.verdict
	if v == nil {
		return
	}
	text := with("Verdict: "+strings.ToUpper(clean(v.State)), ": ", clean(v.Reason))
	if t.ledger.run.Replay {
		text += " (" + replays + ")"
	}
	if v.Assumed {
		text += " (this rests on what the dry run intended or assumed)"
	}
	t.fold("", "  ", verdictStyles[v.State], text)
}
