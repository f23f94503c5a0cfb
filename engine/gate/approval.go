package gate

import (
	"slices"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// An Approval is what was approved beforehand. *plan.Matcher is one.
type Approval interface {
	// Approve returns the planned action that this is, nil where no plan was made, or says why it is none that was approved. Anywhere is
	// the operation of one that is repeatable, clean of secrets; "" of any other.
	Approve(branch, key, anywhere string, d action.Description) (*journal.Record, *action.Error)
	// Others are the last action of a branch that was approved, as other courses of the plan have it that approve of it as well.
	Others(branch string) []*journal.Record
	// Undone tells that an action that was approved did not happen. Asked for again, it is the planned one still.
	Undone(branch, key string)
	// Failed tells that one of a site of the script failed, by the names of both. The script may go another way then.
	Failed(key, name string)
	// Turn tells that an assumption of the plan does not hold.
	Turn(name, choice string)
	// Missed are the planned actions that were not asked for.
	Missed() []*journal.Record
	// Again is what to type to plan again.
	Again() string
}

// anything approves of everything, because nothing was planned.
type anything struct{}

func (anything) Approve(string, string, string, action.Description) (*journal.Record, *action.Error) {
	return nil, nil
}
func (anything) Others(string) []*journal.Record { return nil }
func (anything) Undone(string, string)           {}
func (anything) Failed(string, string)           {}
func (anything) Turn(string, string)             {}
func (anything) Missed() []*journal.Record       { return nil }
func (anything) Again() string                   { return "" }

// tellFailed tells what did not happen, and that the script may go another way: not where it goes the same way, because it failed when it
// was planned, nor where it is ended.
func (g *Gate) tellFailed(pass *passage, out *journal.Outcome) {
	if out.Status == journal.NotDone {
		g.opts.Approval.Undone(pass.place.Branch, pass.key)
	}
	foreseen := pass.planned != nil && pass.planned.Intent == nil
	if out.Error != nil && out.Error.Code != action.CodeDrift && !foreseen {
		g.opts.Approval.Failed(pass.key, SiteOf(pass.desc.Verb, pass.place.Where))
	}
}

// approve says why an action is none that was planned; nil if it is. One on a set that was planned is made one on those planned members
// that are still found.
func (g *Gate) approve(pass *passage) *action.Error {
	anywhere := ""
	if action.Repeatable(pass.action) {
		anywhere = g.opts.Clean(pass.desc.Operation())
	}
	planned, drift := g.opts.Approval.Approve(pass.place.Branch, pass.key, anywhere, pass.desc)
	if drift != nil {
		return drift
	}
	if pass.planned = planned; anywhere == "" {
		pass.others = g.opts.Approval.Others(pass.place.Branch)
	}
	narrower, isSet := pass.action.(action.Narrower)
	if planned == nil || !isSet {
		return nil
	}
	pass.others = slices.DeleteFunc(slices.Clone(pass.others), func(r *journal.Record) bool { return !sameSets(r, planned) })
	if planned.Intent != nil && planned.Intent.Members != nil {
		pass.action = narrower.Narrow(planned.Intent.Members)
	}
	for _, arg := range planned.Call.Identity {
		if now, _ := pass.desc.Arg(arg.Name); arg.Set {
			pass.action = narrower.Narrow(common(members(arg.Value), members(now)))
			pass.desc = pass.action.Describe()
		}
	}
	return nil
}

// sameSets tells whether an action is frozen on two courses to the same members.
func sameSets(a, b *journal.Record) bool {
	found := func(r *journal.Record) []string {
		if r.Intent == nil {
			return nil
		}
		return r.Intent.Members
	}
	return slices.Equal(found(a), found(b)) && action.Text(a.Call.Identity) == action.Text(b.Call.Identity)
}

// stillAsPlanned ends a run whose target is not what it was when the action on it was planned. Refused is why the action cannot be
// predicted now, nil if it can.
func (g *Gate) stillAsPlanned(pass *passage, refused error) error {
	if pass.planned == nil {
		return nil
	}
	drift := g.driftOf(pass, pass.planned, refused)
	for _, other := range pass.others {
		if drift != nil && g.driftOf(pass, other, refused) == nil {
			pass.planned, drift = other, nil
		}
	}
	if drift != nil {
		return g.halt(drift)
	}
	return nil
}

func (g *Gate) driftOf(pass *passage, planned *journal.Record, refused error) *action.Error {
	then := planned.Intent
	switch {
	case then == nil && refused == nil && !mayFail(pass.action):
		return g.notAsPlanned(pass.desc, "it could not be done when this was planned (%s), and could now", planned.Outcome.Error.Message)
	case then == nil:
		return nil // it cannot be done now either, or is held to whom it tells alone
	case refused != nil && final(refused) && !mayFail(pass.action):
		return g.notAsPlanned(pass.desc, "it cannot be done any more: %s", refused)
	case refused != nil:
		return nil // for the moment, or to be lived with
	case then.Unchanged && !pass.predicted.Unchanged:
		return g.notAsPlanned(pass.desc, "there was nothing to do when this was planned (%s), and there is now", then.Note)
	}
	if how := g.drifted(then, pass.predicted.Evidence); how != "" {
		return g.changed(pass.desc, how)
	}
	return nil
}

// final tells whether an error says something about the target, as opposed to the way to it.
func final(err error) bool {
	switch action.CodeOf(err) {
	case action.CodeNotFound, action.CodeExists, action.CodeConflict, action.CodeRejected:
		return true
	}
	return false
}

// Turn tells what a person chose, where a plan assumed a choice.
func (g *Gate) Turn(question, choice string) { g.opts.Approval.Turn(question, choice) }

// Missed are the planned actions that the run did not ask for.
func (g *Gate) Missed() []*journal.Record { return g.opts.Approval.Missed() }
