package tester

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/plan"
)

// An act is one action that a run asked for, with what came of it.
type act struct {
	record   *journal.Record
	status   string // as the outcome has it; "" if there is none
	code     action.Code
	attempts int
}

// acts are what the run did or tried, or intends, in order: not what was as wanted already, and not what the site would not hear of.
func (r *run) acts() []act {
	return slices.DeleteFunc(r.asked(), func(a act) bool { return a.record.Intent == nil })
}

// asked are the actions that the run asked for: acts, and what was refused before there was anything to send.
func (r *run) asked() []act {
	outcomes := map[string]*journal.Outcome{}
	for _, record := range r.records.Records {
		if record.Kind == journal.KindOutcome {
			outcomes[record.Key] = record.Outcome
		}
	}
	var out []act
	for _, record := range plan.Actions(r.records.Records) {
		if record.Intent != nil && record.Intent.Unchanged {
			continue
		}
		a := act{record: record}
		if o := outcomes[record.Key]; o != nil {
			a.status, a.attempts = o.Status, o.Attempts
			if o.Error != nil {
				a.code = o.Error.Code
			}
		}
		out = append(out, a)
	}
	return out
}

// args are the arguments of a call, identity and payload.
func args(c *journal.Call) []action.Arg { return slices.Concat(c.Identity, c.Payload) }

// String is the action as a pattern could say it in full.
func (a act) String() string {
	c := a.record.Call
	var b strings.Builder
	b.WriteString(c.Verb + " " + c.Target.String())
	for _, arg := range args(c) {
		b.WriteString(" " + arg.Name + "=" + argText(arg.Value))
	}
	return b.String()
}

// full is String with where it was asked for and what came of it, where that is worth a word.
func (a act) full() string {
	text := a.String()
	if a.record.Branch != "" {
		text += " (branch " + a.record.Branch + ")"
	}
	if a.code != "" {
		text += " (" + a.status + ": " + string(a.code) + ")"
	}
	return text
}

func argText(v any) string {
	if word, ok := v.(string); ok && word != "" && !strings.ContainsAny(word, " =\"") {
		return word
	}
	return action.Text(v)
}

// end is the last record; a run that has none is one that is still under way.
func (r *run) end() *journal.End {
	for _, record := range slices.Backward(r.records.Records) {
		if record.Kind == journal.KindEnd {
			return record.End
		}
	}
	return &journal.End{}
}

// of are the run's records of a kind.
func (r *run) of(kind journal.Kind) []*journal.Record {
	return slices.DeleteFunc(slices.Clone(r.records.Records), func(record *journal.Record) bool { return record.Kind != kind })
}

// verdict is the last one, nil if there is none.
func (r *run) verdict() *journal.Verdict {
	said := r.of(journal.KindVerdict)
	if len(said) == 0 {
		return nil
	}
	return said[len(said)-1].Verdict
}

// shown are the texts that the run shows, in order.
func (r *run) shown() []string {
	var out []string
	for _, record := range r.records.Records {
		switch {
		case record.Show != nil:
			out = append(out, shownText(record.Show))
		case record.Warning != nil:
			out = append(out, record.Warning.Text)
		case record.Verdict != nil && record.Verdict.Reason != "":
			out = append(out, record.Verdict.Reason)
		case record.Kind == journal.KindStepEnd && record.Step.Status == journal.Skipped:
			out = append(out, record.Step.Reason)
		}
	}
	return out
}

// shownText is what a person reads: the title, the text, and each row, check, series and bar with a space between its parts. Of a check
// it says the state as verdicts have it; what is drawn of numbers is no text.
func shownText(s *journal.Show) string {
	var lines []string
	for _, line := range []string{s.Title, s.Text, strings.Join(s.Columns, " ")} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	for _, row := range s.Rows {
		lines = append(lines, strings.Join(row, " "))
	}
	for _, c := range s.Checks {
		lines = append(lines, strings.Join([]string{c.State, c.Name, c.Detail}, " "))
	}
	for _, series := range s.Series {
		lines = append(lines, series.Name+" "+series.Text)
	}
	for _, b := range s.Bars {
		lines = append(lines, b.Name+" "+b.Text)
	}
	return strings.Join(lines, "\n")
}

// steps are how the steps ended, by name.
func (r *run) steps() map[string]journal.Status {
	out := map[string]journal.Status{}
	for _, record := range r.of(journal.KindStepEnd) {
		out[record.Step.Name] = record.Step.Status
	}
	return out
}

// assumed are the names of what a dry run assumed.
func (r *run) assumed() []string {
	var out []string
	for _, record := range r.of(journal.KindAssume) {
		out = append(out, record.Assume.Name)
	}
	return out
}

// timedOut are the waits of the run that did not come true in time, by their names in a dry run.
func (r *run) timedOut() []string {
	var out []string
	for _, record := range r.of(journal.KindWait) {
		if e := record.Outcome.Error; e != nil && e.Code == action.CodeTimeout {
			out = append(out, record.Call.Verb+" "+record.Call.Target.String())
		}
	}
	return out
}

// data is the run as a test gets it.
func (r *run) data() map[string]any {
	end := r.end()
	out := map[string]any{
		"number": r.number, "how": r.how, "status": string(end.Status), "exit": end.Exit, "elapsed": end.Elapsed,
		"shown": texted(r.shown()), "assumed": texted(r.assumed()), "actions": r.actionData(), "steps": map[string]any{},
	}
	for name, status := range r.steps() {
		out["steps"].(map[string]any)[name] = string(status)
	}
	var warnings []string
	for _, record := range r.of(journal.KindWarning) {
		warnings = append(warnings, record.Warning.Text)
	}
	out["warnings"] = texted(warnings)
	out["outbox"] = plain(r.outbox)
	if r.outbox == nil {
		out["outbox"] = []any{}
	}
	if v := r.verdict(); v != nil {
		out["verdict"], out["reason"] = v.State, v.Reason
	}
	if e := end.Error; e != nil {
		out["error"] = map[string]any{
			"code": string(e.Code), "message": e.Message, "target": e.Target.String(), "hint": e.Hint, "step": r.stepName(end), "line": e.Where,
		}
	}
	return out
}

func (r *run) stepName(end *journal.End) string {
	for _, record := range r.of(journal.KindStep) {
		if record.Step.Number == end.Step {
			return record.Step.Name
		}
	}
	return ""
}

// texted is a list that is one also where it is empty.
func texted(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (r *run) actionData() []any {
	out := []any{}
	for _, a := range r.acts() {
		c := a.record.Call
		given := map[string]any{}
		for _, arg := range args(c) {
			given[arg.Name] = plain(arg.Value)
		}
		out = append(out, map[string]any{
			"verb": c.Verb, "kind": c.Target.Kind, "scope": c.Target.Scope, "name": c.Target.Name, "args": given,
			"branch": a.record.Branch, "status": a.status, "attempts": a.attempts, "text": a.String(),
		})
	}
	return out
}

// plain is a value as JSON has it: nothing else can go to Lua.
func plain(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return string(text)
	}
	return out
}

// lines tell in a few lines what the run did, for who looks for a mistake.
func (r *run) lines() []string {
	name := fmt.Sprintf("%s %d", r.how, r.number)
	if r.err != nil {
		return []string{name + ": did not begin: " + r.err.Error()}
	}
	end := r.end()
	out := []string{fmt.Sprintf("%s: %s, exit %d, after %s", name, orUnderWay(end), end.Exit, seconds(end.Elapsed))}
	if v := r.verdict(); v != nil {
		out[0] += ", verdict " + v.State
		if v.Reason != "" {
			out[0] += ": " + v.Reason
		}
	}
	for _, a := range r.asked() {
		out = append(out, "  "+a.full())
	}
	if e := end.Error; e != nil {
		out = append(out, fmt.Sprintf("  error (%s): %s", e.Code, e.Message))
		if e.Where != "" {
			out = append(out, "  at "+e.Where+": "+strings.TrimSpace(e.Source))
		}
	}
	return out
}

func orUnderWay(end *journal.End) string {
	if end.Status == "" {
		return "under way"
	}
	return string(end.Status)
}
