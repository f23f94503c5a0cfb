package gate

import (
	"context"
	"errors"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A Decision is a person's answer to "may this be done?".
type Decision int

// The decisions.
const (
	No      Decision = iota // not this one
	Yes                     // this one
	AllStep                 // this and the rest of this step
	AllRun                  // this and the rest of the run
	Quit                    // no, and end the run
)

// ErrNo is the cause of an action's error when a person said no to it, and to nothing else: the rest of the run may go on. Silence is
// never an answer of that kind.
var ErrNo = errors.New("a person said no")

// A Consenter answers for a person. By says who: "terminal", "--yes".
type Consenter interface {
	Consent(ctx context.Context, r *journal.Record) (decision Decision, by string, err error)
}

// wholeRun is the scope of a consent to everything; a step's scope is its name after a prefix that this is not.
const wholeRun = "run"

// ask gets consent for an action above routine risk. One question is asked at a time, whatever the branches do meanwhile.
func (g *Gate) ask(ctx context.Context, pass *passage) error {
	if pass.desc.Risk == action.Routine || pass.consented {
		return nil
	}
	g.asking.Lock()
	defer g.asking.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx) // another branch's question ended the run
	}
	if g.granted[wholeRun] || g.granted["step "+pass.place.Step] {
		return nil
	}
	question := &journal.Record{Branch: pass.place.Branch, Key: pass.key, Intent: pass.intent, Call: &journal.Call{
		Verb: pass.desc.Verb, Target: pass.desc.Target, Identity: pass.desc.Identity, Payload: pass.desc.Payload,
		Risk: pass.desc.Risk.String(), Where: pass.place.Where,
	}}
	decision, by, err := g.opts.Consent.Consent(ctx, question)
	if err != nil {
		return g.halt(action.Errorf(action.CodeDeclined, "%s %s was not done: %w", pass.desc.Verb, pass.desc.Target, err).On(pass.desc.Target))
	}
	return g.decide(pass, decision, by)
}

func (g *Gate) decide(pass *passage, decision Decision, by string) error {
	scope := "action"
	switch decision {
	case AllStep:
		scope = "step"
		g.granted["step "+pass.place.Step] = true
	case AllRun:
		scope = "run"
		g.granted[wholeRun] = true
	}
	consent := &journal.Consent{Scope: scope, Granted: decision != No && decision != Quit, By: by}
	if scope == "step" {
		consent.Step = pass.place.Step
	}
	if err := g.record(pass.place, pass.key, pass.desc, journal.Record{Kind: journal.KindConsent, Consent: consent}); err != nil {
		return err
	}
	switch decision {
	case No:
		return declined(pass.desc)
	case Quit:
		return g.halt(action.Errorf(action.CodeDeclined, "stopped before %s %s", pass.desc.Verb, pass.desc.Target).On(pass.desc.Target))
	}
	return nil
}

func declined(d action.Description) error {
	err := action.Errorf(action.CodeDeclined, "%s %s was declined", d.Verb, d.Target).On(d.Target)
	err.Cause = ErrNo
	return err
}

// restore makes a consent of an earlier part of the run count that was given for more than one action.
func (g *Gate) restore(c *journal.Consent) {
	switch {
	case !c.Granted:
	case c.Scope == "run":
		g.granted[wholeRun] = true
	case c.Scope == "step":
		g.granted["step "+c.Step] = true
	}
}
