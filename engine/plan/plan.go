// Package plan is what was rehearsed and approved: the records of a dry run in one sealed file, with what would be done instead where
// an assumption of the dry run does not hold, and the check that a run does nothing else.
//
// Applying a plan does not replay a list: the script runs again, and each action that it asks for has to be the next planned one; a
// message has to be a planned one. A plan holds no results of reads: they are read again. Nothing here talks to a site. Read next:
// matcher.go for the check, engine/gate/act.go for where it stands in the way of an action, cmd/runbook/plan.go for how one is made.
package plan

import (
	"fmt"
	"io"
	"slices"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A Plan is a rehearsed run.
type Plan struct {
	Path    string
	Sum     string // checksum of the file
	Run     *journal.Run
	Sources []*journal.Source
	Records []*journal.Record // of the rehearsal itself, for those who show it
	Turns   []Turn
}

// A Turn is what would be done if one assumption of the rehearsal did not hold, from the beginning of the run.
type Turn struct {
	journal.Turn
	Actions []*journal.Record // as Actions has them
}

// Write writes a plan: the records of a dry run that came to its end, and its turns.
func Write(out io.Writer, rehearsal []*journal.Record, turns []Turn) error {
	s := journal.NewSealer(out)
	for _, r := range rehearsal {
		if err := s.Write(withoutResult(r)); err != nil {
			return fmt.Errorf("cannot write the plan: %w", err)
		}
	}
	for _, t := range turns {
		if err := s.Write(&journal.Record{Kind: journal.KindTurn, Turn: &t.Turn}); err != nil {
			return fmt.Errorf("cannot write the plan: %w", err)
		}
		for _, r := range t.Actions {
			if err := s.Write(withoutResult(r)); err != nil {
				return fmt.Errorf("cannot write the plan: %w", err)
			}
		}
	}
	if _, err := s.Seal(journal.PlanFile); err != nil {
		return fmt.Errorf("cannot write the plan: %w", err)
	}
	return nil
}

// withoutResult leaves out what a call returned: it is the site's, large, and asked for again.
func withoutResult(r *journal.Record) *journal.Record {
	out := *r
	if r.Outcome != nil {
		o := *r.Outcome
		o.Returned = journal.Returned{}
		out.Outcome = &o
	}
	if r.Intent != nil {
		i := *r.Intent
		i.Returned = journal.Returned{}
		out.Intent = &i
	}
	return &out
}

// Read reads a plan, and refuses one that is not as it was written.
func Read(path string) (*Plan, error) {
	records, sum, err := journal.ReadSealed(path, journal.PlanFile)
	if err != nil {
		return nil, err
	}
	return Of(&journal.Sealed{Path: path, Sum: sum, Records: records})
}

// Of is the plan in a sealed file of that kind.
func Of(file *journal.Sealed) (*Plan, error) {
	p := &Plan{Path: file.Path, Sum: file.Sum}
	for _, r := range file.Records {
		switch {
		case r.Kind == journal.KindTurn:
			p.Turns = append(p.Turns, Turn{Turn: *r.Turn})
			continue
		case len(p.Turns) > 0:
			last := &p.Turns[len(p.Turns)-1]
			last.Actions = append(last.Actions, r)
			continue
		case r.Kind == journal.KindRun:
			p.Run = r.Run
		case r.Kind == journal.KindSource:
			p.Sources = append(p.Sources, r.Source)
		}
		p.Records = append(p.Records, r)
	}
	if p.Run == nil || len(p.Sources) == 0 {
		return nil, action.Errorf(action.CodeInvalid, "%s is a plan without a script", file.Path)
	}
	return p, nil
}

// Repeats tells whether anything of it is repeatable (action.Repeatable).
func (p *Plan) Repeats() bool {
	repeats := func(r *journal.Record) bool { return r.Intent != nil && r.Intent.Repeatable }
	return slices.ContainsFunc(p.Records, repeats) ||
		slices.ContainsFunc(p.Turns, func(t Turn) bool { return slices.ContainsFunc(t.Actions, repeats) })
}

// Differs are the actions of the turn that the rehearsal does not have, and those of the rehearsal that the turn does not, in order.
func (t Turn) Differs(p *Plan) (instead, left []*journal.Record) {
	rehearsed := Actions(p.Records)
	return without(t.Actions, rehearsed), without(rehearsed, t.Actions)
}

func without(actions, others []*journal.Record) []*journal.Record {
	keys := map[string]bool{}
	for _, r := range others {
		keys[r.Key] = true
	}
	var out []*journal.Record
	for _, r := range actions {
		if r.Intent != nil && !keys[r.Key] {
			out = append(out, r)
		}
	}
	return out
}

// Actions are what was asked for among records, in order: the intents, and the outcomes of what could not be predicted and so has no
// intent.
func Actions(records []*journal.Record) []*journal.Record {
	var out []*journal.Record
	intended := map[string]bool{}
	for _, r := range records {
		switch {
		case r.Kind == journal.KindIntent:
			intended[r.Key] = true
		case r.Kind != journal.KindOutcome || intended[r.Key]:
			continue
		}
		out = append(out, r)
	}
	return out
}
