package screen

import (
	"encoding/json"
	"io"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/plan"
)

// PlanSchema names the form of a PlanReport. Fields may be added under the same name; a change that would mislead a reader takes a
// new one.
const PlanSchema = "runbook/plan/v1"

// A PlanReport is a plan as -o json prints it. Lists are never null.
type PlanReport struct {
	Schema      string             `json:"schema" doc:"runbook/plan/v1"`
	File        string             `json:"file" doc:"the plan, as it was named"`
	Checksum    string             `json:"checksum" doc:"of the plan; a run that applies it has it too"`
	Run         string             `json:"run" doc:"id of the rehearsal"`
	Made        time.Time          `json:"made" doc:"when it was made"`
	User        string             `json:"user" doc:"who made it"`
	Host        string             `json:"host" doc:"on which machine"`
	Version     string             `json:"version" doc:"with which version of runbook"`
	Runbook     string             `json:"runbook" doc:"name of the runbook"`
	Summary     string             `json:"summary" doc:"its summary"`
	Path        string             `json:"path" doc:"path of the script"`
	Digest      string             `json:"digest" doc:"of the script and what it requires"`
	Site        map[string]string  `json:"site" doc:"what identifies the site: context, namespace, server, site"`
	Params      map[string]any     `json:"params" doc:"its parameters by name; secrets as [secret]"`
	May         []string           `json:"may" doc:"what the runbook may change"`
	Steps       []string           `json:"steps" doc:"names of its steps"`
	Actions     []PlannedAction    `json:"actions" doc:"what apply does, in order"`
	Assumptions []AssumptionReport `json:"assumptions" doc:"what the rehearsal took for granted"`
	Alternates  []Alternate        `json:"alternates" doc:"for each assumption what differs if it does not hold: assumption, choice, instead (actions), left_out (numbers of actions)"`
	Verdict     *journal.Verdict   `json:"verdict" doc:"of the rehearsal; null if the script gave none"`
	Refused     bool               `json:"refused" doc:"apply would refuse it, as far as can be known without asking the site"`
	Stale       []Stale            `json:"stale" doc:"what has changed since: what, text, diff, refuses (apply refuses the plan for it)"`
}

// A PlannedAction is an action before it is done.
type PlannedAction struct {
	Number    int              `json:"number" doc:"of the action in its course"`
	Step      int              `json:"step" doc:"number of its step; 0 in alternates"`
	Branch    string           `json:"branch,omitempty" doc:"parallel item that it belongs to"`
	Key       string           `json:"key" doc:"the operation: equal keys are the same one"`
	Verb      string           `json:"verb" doc:"what is done"`
	Target    action.Target    `json:"target" doc:"to what: system, kind, scope, name"`
	Identity  []action.Arg     `json:"identity" doc:"arguments that have to be the same when it is applied"`
	Payload   []action.Arg     `json:"payload" doc:"arguments that may differ, such as the text of a message"`
	Risk      string           `json:"risk" doc:"routine, disruptive or destructive"`
	Label     action.Label     `json:"label" doc:"how far it could be predicted: validated, simulated, assumed"`
	Where     string           `json:"where" doc:"file:line in the script"`
	Unchanged bool             `json:"unchanged,omitempty" doc:"it is so already: nothing would be sent"`
	Repeats   bool             `json:"repeatable,omitempty" doc:"a message: it may be sent again, at other times, or not at all"`
	Note      string           `json:"note,omitempty" doc:"what else is known about it"`
	Preview   string           `json:"preview,omitempty" doc:"the very text that somebody would get"`
	Warnings  []string         `json:"warnings" doc:"what a person should know before saying yes"`
	Changes   []journal.Change `json:"changes" doc:"what it changes, with diffs"`
	Evidence  action.Evidence  `json:"evidence" doc:"what has to be still as it was: uid, old values of fields"`
}

// An Alternate is what differs from the rehearsal if an assumption does not hold.
type Alternate struct {
	Assumption string          `json:"assumption"`
	Choice     string          `json:"choice"` // what is the case instead: "timeout", "failed" of an action, or another answer
	Instead    []PlannedAction `json:"instead"`
	LeftOut    []int           `json:"left_out"` // numbers of actions of the rehearsal that are not done then
}

// PlanDocument writes a plan as one PlanReport.
func PlanDocument(w io.Writer, page PlanPage) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(planReport(page))
}

func planReport(page PlanPage) PlanReport {
	p, run := page.Plan, page.Plan.Run
	report := PlanReport{
		Schema: PlanSchema, File: p.Path, Checksum: p.Sum, Run: run.ID, Made: run.Began(), User: run.User, Host: run.Host, Version: run.Version,
		Runbook: run.Runbook, Summary: run.Summary, Path: run.Path, Digest: run.Digest, Site: orNothing(run.Site), Params: orNothing(run.Params),
		May: orEmpty(run.May), Steps: orEmpty(run.Steps), Actions: []PlannedAction{}, Assumptions: []AssumptionReport{}, Alternates: []Alternate{},
		Stale:   orEmpty(page.Stale),
		Refused: slices.ContainsFunc(page.Stale, func(s Stale) bool { return s.Refuses }),
	}
	report.rehearsal(p.Records)
	for _, turn := range p.Turns {
		report.Alternates = append(report.Alternates, alternate(turn, p))
	}
	return report
}

func (p *PlanReport) rehearsal(records []*journal.Record) {
	step := 0
	for _, r := range records {
		switch r.Kind {
		case journal.KindStep:
			step = r.Step.Number
		case journal.KindIntent:
			p.Actions = append(p.Actions, planned(r, step))
		case journal.KindAssume:
			p.Assumptions = append(p.Assumptions, AssumptionReport{step, r.Branch, r.Assume})
		case journal.KindVerdict:
			p.Verdict = r.Verdict
		}
	}
}

func alternate(turn plan.Turn, p *plan.Plan) Alternate {
	out := Alternate{Assumption: turn.Name, Choice: turn.Choice, Instead: []PlannedAction{}, LeftOut: []int{}}
	instead, left := turn.Differs(p)
	for _, r := range instead {
		out.Instead = append(out.Instead, planned(r, 0))
	}
	for _, r := range left {
		out.LeftOut = append(out.LeftOut, r.Intent.Number)
	}
	return out
}

func planned(r *journal.Record, step int) PlannedAction {
	call, intent := r.Call, r.Intent
	return PlannedAction{
		Number: intent.Number, Step: step, Branch: r.Branch, Key: r.Key, Verb: call.Verb, Target: call.Target,
		Identity: orEmpty(call.Identity), Payload: orEmpty(call.Payload), Risk: call.Risk, Label: intent.Label, Where: call.Where,
		Unchanged: intent.Unchanged, Repeats: intent.Repeatable, Note: intent.Note, Preview: intent.Preview, Warnings: orEmpty(intent.Warnings), Changes: orEmpty(intent.Changes), Evidence: intent.Evidence,
	}
}

func orNothing[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}
