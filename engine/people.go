package engine

import (
	"context"

	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/redact"
	"runbook/engine/script"
)

// An Answerer answers what a script asks a person.
type Answerer interface {
	// Present tells whether there is anybody who can consent, or did so beforehand.
	Present() bool
	// Answers tells whether there is anybody who can answer now.
	Answers() bool
	// Confirm answers yes or no.
	Confirm(ctx context.Context, question string) (Reply, error)
	// Ask answers with a value that the parameter allows.
	Ask(ctx context.Context, param *script.Param) (Reply, error)
}

// A Reply is an answer and where it came from.
type Reply struct {
	Value   any
	By      string // "terminal", "--yes", "dry run"
	Assumed bool   // nobody answered: a dry run went on with this
}

// Yes consents to every action and confirms everything, on behalf of a person who gave --yes. It never answers ask, and does not
// decide whether something happened.
type Yes struct{ People }

// byFlag is who consents and confirms by --yes.
const byFlag = "--yes"

// Present is who gave the flag.
func (Yes) Present() bool { return true }

// Consent says yes to the rest of the run.
func (Yes) Consent(context.Context, *journal.Record) (gate.Decision, string, error) {
	return gate.AllRun, byFlag, nil
}

// Confirm says yes.
func (Yes) Confirm(context.Context, string) (Reply, error) {
	return Reply{Value: true, By: byFlag}, nil
}

// Nobody stands where no person can be asked.
type Nobody struct{}

// Present is not the case.
func (Nobody) Present() bool { return false }

// Answers is not the case.
func (Nobody) Answers() bool { return false }

// Consent cannot be given.
func (Nobody) Consent(context.Context, *journal.Record) (gate.Decision, string, error) {
	return gate.Quit, "", action.Errorf(action.CodeRefused, "nobody can be asked: standard input is not a terminal")
}

// Confirm cannot be answered.
func (Nobody) Confirm(_ context.Context, question string) (Reply, error) {
	return Reply{}, action.Errorf(action.CodeDeclined, "nobody can be asked %q: standard input is not a terminal", question).
		Try("run it in a terminal, or answer yes to everything with --yes")
}

// Ask cannot be answered.
func (Nobody) Ask(_ context.Context, p *script.Param) (Reply, error) {
	return Reply{}, action.Errorf(action.CodeDeclined, "nobody can be asked %q: standard input is not a terminal", p.Ask).
		Try("answer it with -p %s=…  (%s)", p.Name, p.Rule())
}

// Settled cannot be decided.
func (Nobody) Settled(_ context.Context, intent *journal.Record, cause error) (action.Settlement, string, error) {
	why := action.Errorf(action.CodeDeclined, "nobody can be asked: standard input is not a terminal")
	if cause != nil {
		why = action.Errorf(action.CodeDeclined, "%w, and nobody can be asked: standard input is not a terminal", cause)
	}
	return action.Unknown, "", why.Try("look at it, then say what you saw: --settle %d=done or --settle %d=not-done", intent.Intent.Number, intent.Intent.Number)
}

// Absent are the people of a replay: what they said is recorded, and they say nothing more.
type Absent struct{ Nobody }

// Present is who spoke then.
func (Absent) Present() bool { return true }

// Decided decides about actions, by their numbers, for a person who looked and said so on the command line; about others, the people
// decide.
type Decided struct {
	People
	By map[int]action.Settlement
}

// Settled says what the person said.
func (d Decided) Settled(ctx context.Context, intent *journal.Record, cause error) (action.Settlement, string, error) {
	if answer, ok := d.By[intent.Intent.Number]; ok {
		return answer, "--settle", nil
	}
	return d.People.Settled(ctx, intent, cause)
}

// byRehearsal is who answers in a dry run.
const byRehearsal = "dry run"

// Rehearsed answers for a person in a dry run, where every answer is an assumption.
type Rehearsed struct{}

// Present is not needed: nothing is sent.
func (Rehearsed) Present() bool { return true }

// Answers is the rehearsal.
func (Rehearsed) Answers() bool { return true }

// Consent is given: nothing is sent.
func (Rehearsed) Consent(context.Context, *journal.Record) (gate.Decision, string, error) {
	return gate.AllRun, byRehearsal, nil
}

// Settled has nothing to decide: a dry run sends nothing.
func (Rehearsed) Settled(context.Context, *journal.Record, error) (action.Settlement, string, error) {
	return action.NotDone, byRehearsal, nil
}

// Confirm assumes yes.
func (Rehearsed) Confirm(context.Context, string) (Reply, error) {
	return Reply{Value: true, By: byRehearsal, Assumed: true}, nil
}

// Ask assumes the default, or else the first value that is allowed.
func (Rehearsed) Ask(_ context.Context, p *script.Param) (Reply, error) {
	reply := Reply{By: byRehearsal, Assumed: true}
	switch {
	case p.Default != nil:
		reply.Value = p.Default
	case len(p.Enum) > 0:
		reply.Value = p.Enum[0]
	default:
		return reply, action.Errorf(action.CodeInvalid, "a dry run cannot guess the answer to %q", p.Ask).
			Try("give one with -p %s=…  (%s)", p.Name, p.Rule())
	}
	return reply, nil
}

// discreet keeps the secrets that are known from what people are shown when they are asked.
type discreet struct {
	People
	redactor *redact.Redactor
}

// Consent shows the action without secrets.
func (d discreet) Consent(ctx context.Context, r *journal.Record) (gate.Decision, string, error) {
	return d.People.Consent(ctx, redact.Clean(d.redactor, r))
}

// Confirm shows the question without secrets.
func (d discreet) Confirm(ctx context.Context, question string) (Reply, error) {
	return d.People.Confirm(ctx, d.redactor.String(question))
}

// Settled shows the action, and why nobody knows what became of it, without secrets.
func (d discreet) Settled(ctx context.Context, intent *journal.Record, cause error) (action.Settlement, string, error) {
	if cause != nil {
		cause = &veiled{cause, d.redactor.String(cause.Error())}
	}
	return d.People.Settled(ctx, redact.Clean(d.redactor, intent), cause)
}

// A veiled error reads without secrets.
type veiled struct {
	error
	text string
}

func (v *veiled) Error() string { return v.text }

// Unwrap returns the error as it was.
func (v *veiled) Unwrap() error { return v.error }
