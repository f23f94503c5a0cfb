package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/plan"
	"runbook/engine/script"
)

// Approved answers for the person who approved a plan: yes to what was planned, which is all that can be asked for. It never answers
// ask, and does not decide whether something happened.
type Approved struct{ People }

// Present is who approved.
func (Approved) Present() bool { return true }

// Consent says yes.
func (Approved) Consent(context.Context, *journal.Record) (gate.Decision, string, error) {
	return gate.AllRun, "plan", nil
}

// Confirm says yes, as the rehearsal assumed.
func (Approved) Confirm(context.Context, string) (Reply, error) {
	return Reply{Value: true, By: "plan"}, nil
}

// Ask asks; where nobody can be asked, the answer has to be in the plan.
func (a Approved) Ask(ctx context.Context, p *script.Param) (Reply, error) {
	reply, err := a.People.Ask(ctx, p)
	if err != nil && !a.Answers() {
		return reply, action.Errorf(action.CodeDeclined, "nobody can be asked %q: standard input is not a terminal", p.Ask).
			Try("apply it in a terminal, or plan with the answer: runbook run … --dry-run -p %s=… --out FILE  (%s)", p.Name, p.Rule())
	}
	return reply, err
}

// answerable refuses a plan that only assumed an answer, where nobody can be asked: half of what was planned may be worse than nothing of it.
func (r *run) answerable() error {
	if r.cfg.Mode.People.Answers() || r.cfg.Plan == nil || r.cfg.Past.Run != nil {
		return nil
	}
	var open []*journal.Answer
	again := r.cfg.Plan.Again()
	for _, record := range r.cfg.Plan.Records {
		answer := record.Answer
		if answer == nil || answer.Name == "" || answer.By != byRehearsal {
			continue
		}
		asked := slices.ContainsFunc(open, func(a *journal.Answer) bool { return a.Name == answer.Name })
		if _, given := r.cfg.Given[answer.Name]; !given && !asked {
			open, again = append(open, answer), again+" -p "+answer.Name+"=…"
		}
	}
	if len(open) == 0 {
		return nil
	}
	more := ""
	if len(open) > 1 {
		more = fmt.Sprintf(", nor %d more", len(open)-1)
	}
	return action.Errorf(action.CodeDeclined, "nobody can be asked %q%s: standard input is not a terminal, and the plan only assumes an answer; nothing was done", open[0].Question, more).
		Try("apply it in a terminal, or plan with the answers: %s", again)
}

// approval is what the run is held to, nil without a plan.
func (r *run) approval() gate.Approval {
	if r.cfg.Plan == nil {
		return nil
	}
	return r.cfg.Plan.Matcher()
}

// applies says which plan the run applies.
func (r *run) applies() (sum string, about *journal.Applies) {
	p := r.cfg.Plan
	if p == nil {
		return "", nil
	}
	return p.Sum, &journal.Applies{File: p.Path, Run: p.Run.ID, Made: p.Run.Began(), User: p.Run.User, Host: p.Run.Host}
}

// asPlanned refuses another script than the planned one, and shows the difference.
func (r *run) asPlanned() error {
	p := r.cfg.Plan
	if p == nil || digest(r.vm.Sources()) == p.Run.Digest {
		return nil
	}
	return action.Errorf(action.CodeDrift, "the script has changed since %s was made; nothing was done:\n%s", p.Path, SourceDiff(p.Sources, r.vm.Sources())).
		Try("rehearse and plan again: %s", p.Again())
}

// tellMissed tells which planned actions a run that came to its end did not ask for.
func (r *run) tellMissed(err error) {
	if err != nil || r.cfg.Plan == nil {
		return
	}
	for _, missed := range r.gate.Missed() {
		r.warn("planned, and not asked for: "+missed.Call.Verb+" "+missed.Call.Target.String(), "")
	}
}

// Turns rehearses what would be done if one assumption of a rehearsal did not hold, for each of them, and, for each line of the script
// whose actions may fail, if these failed; and, where the script then has other actions that may fail, if these failed as well. The
// configuration is the rehearsal's own; nothing of this is shown.
func Turns(ctx context.Context, cfg Config, rehearsal []*journal.Record) ([]plan.Turn, error) {
	t := turning{rehearsal: rehearsal, seen: map[journal.Turn]bool{}}
	err := t.from(ctx, rehearsed{cfg, rehearsal})
	return t.turns, err
}

// turning is the making of all turns of a rehearsal.
type turning struct {
	rehearsal []*journal.Record
	seen      map[journal.Turn]bool
	turns     []plan.Turn
}

// A rehearsed is how a rehearsal went, and how to go that way again.
type rehearsed struct {
	cfg     Config
	records []*journal.Record
}

// from rehearses the turns that a course has and none before it had; then those of the courses of failures among them, because what they have
// in common belongs to the first.
func (t *turning) from(ctx context.Context, c rehearsed) error {
	var then []rehearsed
	for _, r := range c.records {
		for _, turn := range otherCourses(r) {
			if t.seen[turn] {
				continue
			}
			t.seen[turn] = true
			other, err := t.turn(ctx, c, r.Seq, turn)
			if err != nil {
				return err
			}
			if turn.Choice == gate.Failed {
				then = append(then, other)
			}
		}
	}
	for _, other := range then {
		if err := t.from(ctx, other); err != nil {
			return err
		}
	}
	return nil
}

// turn rehearses one, which leaves a course at the record with that number.
func (t *turning) turn(ctx context.Context, c rehearsed, at int64, turn journal.Turn) (rehearsed, error) {
	other, possible, err := turned(c.cfg, turn, t.rehearsal)
	if err != nil || !possible {
		return rehearsed{}, err
	}
	actions, err := rehearse(ctx, other, t.rehearsal)
	if err != nil {
		return rehearsed{}, err
	}
	if err := samePrefix(c.records, at, actions, turn); err != nil {
		return rehearsed{}, err
	}
	if turn.Choice != gate.Failed || goesOn(actions, t.rehearsal) {
		t.turns = append(t.turns, plan.Turn{Turn: turn, Actions: actions})
	}
	return rehearsed{other, actions}, nil
}

// otherCourses are what may come instead of what was assumed.
func otherCourses(r *journal.Record) []journal.Turn {
	var out []journal.Turn
	switch {
	case r.Kind == journal.KindIntent && r.Intent.MayFail && !r.Intent.Unchanged:
		out = append(out, journal.Turn{Name: gate.SiteOf(r.Call.Verb, r.Call.Where), Choice: gate.Failed})
	case r.Kind == journal.KindAssume:
		for _, choice := range r.Assume.Choices {
			if choice != r.Assume.Assumed {
				out = append(out, journal.Turn{Name: r.Assume.Name, Choice: choice})
			}
		}
	}
	return out
}

// turned is the rehearsal that goes otherwise. That a person says no to a confirmation is not rehearsed: who applies a plan has said yes.
func turned(cfg Config, turn journal.Turn, rehearsal []*journal.Record) (other Config, possible bool, err error) {
	var but Otherwise
	switch asked, name := questioned(turn.Name, rehearsal); {
	case asked && name == "":
		return Config{}, false, nil
	case asked:
		cfg.Given = maps.Clone(cfg.Given)
		if cfg.Given == nil {
			cfg.Given = map[string]string{}
		}
		cfg.Given[name] = turn.Choice
	case turn.Choice == gate.Failed:
		but.Fails = []string{turn.Name}
	default:
		but.TimesOut = []string{turn.Name}
	}
	cfg.Live, cfg.Pace = nil, nil
	cfg.Mode, err = cfg.Mode.rehearsedAgain(rehearsal[0].Run.Clock, but)
	return cfg, true, err
}

// questioned tells whether a name is a question, and the parameter that it asks for; "" for a confirmation.
func questioned(name string, rehearsal []*journal.Record) (asked bool, param string) {
	for _, r := range rehearsal {
		if r.Kind == journal.KindAnswer && r.Answer.Question == name {
			asked, param = true, cmp.Or(param, r.Answer.Name)
		}
	}
	return asked, param
}

// rehearse returns the actions of a rehearsal that nobody sees, without further attempts at one that fails in it: the first may be made
// as often as the script asks for it.
func rehearse(ctx context.Context, cfg Config, rehearsal []*journal.Record) ([]*journal.Record, error) {
	seen := &journal.Memory{}
	cfg.Open = func() (journal.Sink, error) { return cfg.Redactor.Sink(seen), nil }
	if _, err := Run(ctx, cfg); err != nil {
		return nil, err
	}
	planned, failed, last := map[string]bool{}, map[string]bool{}, map[string]*journal.Record{}
	for _, r := range rehearsal {
		planned[r.Key] = true
	}
	for _, r := range seen.Records {
		if r.Kind == journal.KindOutcome && r.Outcome.Status == journal.NotDone {
			failed[r.Key] = true
		}
	}
	actions := slices.DeleteFunc(plan.Actions(seen.Records), func(r *journal.Record) bool {
		before := last[r.Branch]
		if plan.Repeatable(r) == "" {
			last[r.Branch] = r
		}
		again := before != nil && failed[before.Key] && journal.Unnumbered(before.Key) == journal.Unnumbered(r.Key)
		return again && r.Intent != nil && !planned[r.Key]
	})
	return actions, context.Cause(ctx)
}

// goesOn tells whether a course has anything that the rehearsal has not, or not on a target of that state.
func goesOn(actions, rehearsal []*journal.Record) bool {
	planned := map[string]*journal.Record{}
	for _, r := range plan.Actions(rehearsal) {
		planned[r.Key] = r
	}
	return slices.ContainsFunc(actions, func(r *journal.Record) bool {
		then := planned[r.Key]
		return then == nil || then.Intent != nil && r.Intent != nil && action.Text(then.Intent.Evidence) != action.Text(r.Intent.Evidence)
	})
}

// samePrefix refuses a plan whose parts were rehearsed on a site that changed in between. What parallel branches did before is not compared: which of
// them came first is chance, and a failure in one of them ends the others.
func samePrefix(rehearsal []*journal.Record, until int64, actions []*journal.Record, turn journal.Turn) error {
	keys := map[string]bool{}
	for _, r := range actions {
		keys[r.Key] = true
	}
	for _, r := range plan.Actions(rehearsal) {
		if r.Branch == "" && r.Seq < until && !keys[r.Key] {
			return action.Errorf(action.CodeConflict, "the site changed while the plan was made: %s %s is not wanted any more where %q is rehearsed as %q",
				r.Call.Verb, r.Call.Target, turn.Name, turn.Choice).Try("rehearse and plan again")
		}
	}
	return nil
}
