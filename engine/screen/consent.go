package screen

import (
	"context"
	"strings"

	"runbook/engine/gate"
	"runbook/engine/journal"
)

var _ gate.Consenter = (*Prompt)(nil)

// consentQuestion offers every answer by its first letter.
const consentQuestion = "Do this? [y]es, [s]tep: all of this step, [a]ll of this run, [n]o, [q]uit?"

// decisions are the answers to consentQuestion.
var decisions = map[string]gate.Decision{
	"y": gate.Yes, "yes": gate.Yes,
	"s": gate.AllStep, "step": gate.AllStep,
	"a": gate.AllRun, "all": gate.AllRun,
	"n": gate.No, "no": gate.No,
	"q": gate.Quit, "quit": gate.Quit,
}

// Consent shows an action, with everything it changes, and asks whether to do it. Targets are named in full.
func (p *Prompt) Consent(ctx context.Context, r *journal.Record) (decision gate.Decision, by string, err error) {
	err = p.converse(ctx, func() error {
		p.present(r)
		for {
			answer, err := p.ask(ctx, consentQuestion)
			if err != nil {
				return err
			}
			known := false
			if decision, known = decisions[strings.ToLower(answer)]; known {
				return nil
			}
			p.say("Please type y, s, a, n or q.\n")
		}
	})
	if err != nil {
		return gate.No, "", err
	}
	return decision, Terminal, nil
}

func (p *Prompt) present(r *journal.Record) {
	t := &Text{paper: paper{look: p.look, out: p.out}, ledger: newLedger()}
	t.actionLine(r, "")
	t.details(r)
	t.paper.flush()
}
