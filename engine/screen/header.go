package screen

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"runbook/engine/journal"
)

// header says what runs, in which mode, where, and with what.
func (t *Text) header(run *journal.Run) {
	t.names.namespace = run.Site["namespace"]
	title := clean(run.Runbook)
	if run.Summary != "" {
		title += ": " + clean(run.Summary)
	}
	if warrant := t.ledger.warrant(); warrant != "" {
		t.fold("", "", caveat, warrant)
	}
	t.fold("", "", bold, title)
	for _, line := range []string{scriptLine(run), siteLine(run.Site), paramLine(run.Params), t.ledger.identity(), applies(run)} {
		if line != "" {
			t.fold("", "", dim, line)
		}
	}
	t.paper.line("")
}

// scriptLine says which script runs where its name alone may mislead; "" where it does not.
func scriptLine(run *journal.Run) string {
	if run.Replaces == "" && len(run.Inherits) == 0 {
		return ""
	}
	return "script " + whose(run)
}

// whose is where the script was found, and what of it is from elsewhere.
func whose(run *journal.Run) string {
	about := run.Source
	if run.Replaces != "" {
		about += ", in place of the " + run.Replaces + " one"
	}
	parts := []string{run.Path + " (" + about + ")"}
	for _, file := range slices.Sorted(maps.Keys(run.Inherits)) {
		parts = append(parts, file+" ("+run.Inherits[file]+")")
	}
	return clean(strings.Join(parts, ", "))
}

// siteFirst are the parts of a site in the order in which a person looks for them; any others follow by name.
var siteFirst = []string{journal.ScenarioKey, "context", "namespace", "server"}

func siteLine(site map[string]string) string {
	keys := slices.Clone(siteFirst)
	for _, key := range slices.Sorted(maps.Keys(site)) {
		if !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	var parts []string
	for _, key := range keys {
		if site[key] != "" && key != journal.DigestKey {
			parts = append(parts, clean(key+" "+site[key]))
		}
	}
	return strings.Join(parts, ", ")
}

func paramLine(params map[string]any) string {
	parts := make([]string, 0, len(params))
	for _, name := range slices.Sorted(maps.Keys(params)) {
		parts = append(parts, clean(fmt.Sprintf("%s=%v", name, params[name])))
	}
	return strings.Join(parts, " ")
}

// stepLine is the key of the line of a step while it is open.
const stepLine = "step"

// step begins the line of a step. If nothing is shown below it, its result ends the same line.
func (t *Text) step(s *journal.Step) {
	title := fmt.Sprintf("[%d/%d] %s", s.Number, max(len(t.ledger.run.Steps), s.Number), clean(s.Name))
	begin := t.paper.begin
	if s.CleanUp {
		title, begin = "["+clean(s.Name)+"]", t.paper.head // most clean-ups have nothing to say
	}
	t.live.opened = t.live.now()
	begin(stepLine, title, t.paper.look.paint(bold, title))
}

// stepEnd says how a step ended. That it failed, and why, stands in the summary, which follows.
func (t *Text) stepEnd(r *journal.Record) {
	t.live.allDone()
	result, colour := stepResult(r.Step)
	result += t.seam.remark(r)
	if !t.paper.finish(stepLine, colour, "  "+result) && colour != alarm {
		t.fold("  ", "  ", colour, result)
	}
}

func stepResult(s *journal.Step) (result string, colour style) {
	switch s.Status {
	case journal.OK:
		result, colour = "ok", green
	case journal.Skipped:
		return "skipped: " + clean(s.Reason), dim
	case journal.Declined:
		result, colour = "declined", yellow
	default:
		result, colour = strings.ToUpper(string(s.Status)), alarm
	}
	return result + ", " + elapsed(s.Elapsed), colour
}
