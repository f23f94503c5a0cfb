package screen

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"runbook/engine/command"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/plan"
)

// A PlanPage is a plan with what is known about it besides.
type PlanPage struct {
	Plan  *plan.Plan
	Age   time.Duration
	Stale []Stale
}

// Stale is something that has changed since a plan was made.
type Stale struct {
	What    string `json:"what"` // script, site, parameters, program
	Text    string `json:"text"`
	Diff    string `json:"diff,omitempty"`
	Refuses bool   `json:"refuses"` // apply refuses the plan for it
}

// Plan prints what a person has to read before approving a plan: the rehearsal as its own screen showed it, with what each action
// rests on, and what would be done where an assumption does not hold.
func Plan(w io.Writer, look Look, page PlanPage) error {
	look.Live = false
	t := NewText(w, Options{Look: look})
	t.withEvidence = true
	t.planHeader(page)
	t.stale(page.Stale)
	t.paper.line("")
	for _, r := range page.Plan.Records {
		if r.Kind == journal.KindRun {
			continue
		}
		if err := t.Write(r); err != nil {
			return err
		}
	}
	t.assumptions(page.Plan)
	t.failures(page.Plan)
	t.approval(page)
	t.paper.flush()
	return t.paper.err
}

func (t *Text) planHeader(page PlanPage) {
	p, run := page.Plan, page.Plan.Run
	t.ledger.note(&journal.Record{Kind: journal.KindRun, Run: run})
	t.names.namespace = run.Site["namespace"]
	t.fold("", "", caveat, "PLAN: nothing of this was done")
	t.fold("", "  ", bold, with(clean(run.Runbook), ": ", clean(run.Summary)))
	t.labelled("Plan", normal, clean(p.Path)+", of "+t.ledger.identity()+", checksum "+clean(p.Sum))
	t.labelled("Made", normal, moment(run.Began())+", "+elapsed(page.Age)+" ago, by "+by(run.User, run.Host)+", with runbook "+clean(run.Version))
	t.labelled("Script", normal, whose(run))
	t.orNone("Site", siteLine(run.Site), "none")
	t.orNone("Params", paramLine(run.Params), "none")
	t.orNone("Allowed", clean(strings.Join(run.May, ", ")), "no change of anything")
}

func (t *Text) orNone(name, text, none string) {
	if text == "" {
		text = none
	}
	t.labelled(name, normal, text)
}

// stale says what has changed since, what apply would refuse first.
func (t *Text) stale(reasons []Stale) {
	for _, refuses := range []bool{true, false} {
		label, colour := "Note", yellow
		if refuses {
			label, colour = "STALE", alarm
		}
		for _, s := range reasons {
			if s.Refuses != refuses {
				continue
			}
			text := cleanLines(s.Text)
			if refuses {
				text[0] = "apply would refuse it, because " + text[0]
			}
			t.labelled(label, colour, text...)
			if s.Diff != "" {
				t.diff(spaces(labelWidth), s.Diff)
			}
		}
	}
}

// preconditions say what has to be still as it was for an action to be carried out, and to what a set is bounded.
func (t *Text) preconditions(indent string, r *journal.Record) {
	e := r.Intent.Evidence
	var parts []string
	if e.UID != "" {
		parts = append(parts, "uid "+clean(e.UID))
	}
	for _, field := range slices.Sorted(maps.Keys(e.Old)) {
		parts = append(parts, clean(field)+" "+argumentText(e.Old[field]))
	}
	if len(parts) > 0 {
		t.fold(indent, indent+"  ", dim, "only if still: "+strings.Join(parts, ", "))
	}
	for _, arg := range r.Call.Identity {
		if arg.Set {
			t.fold(indent, indent+"  ", dim, "at most these "+clean(arg.Name)+": "+members(arg.Value))
		}
	}
}

func members(value any) string {
	list, _ := value.([]any)
	names := make([]string, len(list))
	for i, member := range list {
		names[i] = clean(fmt.Sprint(member))
	}
	return strings.Join(names, ", ")
}

// assumptions say what the rehearsal took for granted, and what would be done if that did not hold.
func (t *Text) assumptions(p *plan.Plan) {
	said := map[string]bool{}
	for _, r := range p.Records {
		if r.Kind != journal.KindAssume || said[r.Assume.Name] {
			continue
		}
		if len(said) == 0 {
			t.paper.line("")
		}
		said[r.Assume.Name] = true
		t.fold("", "  ", yellow, "Assumed: "+t.assumed(r))
		for _, turn := range p.Turns {
			if turn.Name == r.Assume.Name {
				t.turn(p, t.ifNot(r, turn), turn)
			}
		}
	}
}

func (t *Text) assumed(r *journal.Record) string {
	a := r.Assume
	switch {
	case r.Call != nil:
		return with(t.names.target(r.Call.Target)+" comes true in time", "; when it was planned: ", clean(a.Detail))
	case slices.Equal(a.Choices, []string{"yes", "no"}): // a confirmation
		return clean(a.Name+" "+a.Assumed) + "; apply answers so"
	}
	return clean(a.Name+" "+a.Assumed) + "; apply asks again"
}

// failures say what would be done if an action failed whose failure the script lives with.
func (t *Text) failures(p *plan.Plan) {
	for _, turn := range p.Turns {
		if turn.Choice == gate.Failed && !isAssumed(p, turn.Name) {
			t.paper.line("")
			t.turn(p, "If "+clean(turn.Name)+" fails:", turn)
		}
	}
}

func isAssumed(p *plan.Plan, name string) bool {
	return slices.ContainsFunc(p.Records, func(r *journal.Record) bool { return r.Kind == journal.KindAssume && r.Assume.Name == name })
}

// ifNot says when another course than the assumed one is taken.
func (t *Text) ifNot(r *journal.Record, turn plan.Turn) string {
	if r.Call != nil && turn.Choice == gate.TimedOut {
		return "If " + t.names.target(r.Call.Target) + " does not come true in time:"
	}
	return "If the answer is " + clean(turn.Choice) + ":"
}

// turn prints in what another course differs from the rehearsal.
func (t *Text) turn(p *plan.Plan, title string, turn plan.Turn) {
	instead, left := turn.Differs(p)
	if len(instead) == 0 && len(left) == 0 {
		t.fold("", "  ", normal, title+" the same actions")
		return
	}
	t.fold("", "  ", normal, title)
	for _, a := range instead {
		t.actionLine(a, "")
		t.details(a)
	}
	for _, a := range left {
		what := with(numbered(a.Intent.Number, t.names.call(a.Call)), " ", argumentsText(a.Call.Identity))
		t.fold(margin(a.Branch), margin(a.Branch)+"  ", normal, "not done then: "+what)
	}
}

// approval says what to type next.
func (t *Text) approval(page PlanPage) {
	t.paper.line("")
	if slices.ContainsFunc(page.Stale, func(s Stale) bool { return s.Refuses }) {
		t.labelled("Next", bold, "rehearse and plan again: "+clean(page.Plan.Again()))
		return
	}
	if page.Plan.Repeats() {
		t.labelled("Repeat", normal, "what "+mayRepeat+" is sent whenever the script asks for it: again, at other times, or not at all")
	}
	t.labelled("Next", bold, "runbook apply "+clean(command.Quote(page.Plan.Path))+", which does this and nothing else")
}
