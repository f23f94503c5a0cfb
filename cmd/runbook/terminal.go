package main

import (
	"context"
	"fmt"
	"sync"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/screen"
	"runbook/engine/script"
)

// terminal are the people at the terminal: it asks them.
type terminal struct {
	prompt     *screen.Prompt
	production string // name of the production context that is about to be changed, "" if it is none

	mu    sync.Mutex
	typed bool // the name of the production context was typed
}

func newTerminal(io streams, questions *screen.Outlet, text *screen.Text, production string) *terminal {
	return &terminal{prompt: screen.NewPrompt(io.in, questions, screen.LookOf(io.err, getenv), text), production: production}
}

// Consent asks for an action. The first one in production wants the context's name typed: habit must not answer that.
func (t *terminal) Consent(ctx context.Context, r *journal.Record) (gate.Decision, string, error) {
	if err := t.nameProduction(ctx); err != nil {
		return gate.Quit, "", err
	}
	return t.prompt.Consent(ctx, r)
}

func (t *terminal) nameProduction(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.production == "" || t.typed {
		return nil
	}
	if err := t.prompt.TypeName(ctx, fmt.Sprintf("%s is a production context.", t.production), t.production); err != nil {
		return err
	}
	t.typed = true
	return nil
}

// Present is whoever sits there.
func (t *terminal) Present() bool { return true }

// Answers is the same.
func (t *terminal) Answers() bool { return true }

// Settled asks whether an action happened of which its target cannot tell.
func (t *terminal) Settled(ctx context.Context, intent *journal.Record, cause error) (action.Settlement, string, error) {
	text := fmt.Sprintf("%s %s was sent before the run died, and nobody knows whether it took effect. Look at it. Was it done?", intent.Call.Verb, intent.Call.Target)
	if cause != nil {
		text = cause.Error() + "\n" + text
	}
	typed, err := t.prompt.Ask(ctx, screen.Question{Text: text, Choices: []string{"done", "not-done"}, Check: func(string) error { return nil }})
	if err != nil {
		return action.Unknown, "", err
	}
	if typed == "done" {
		return action.Done, screen.Terminal, nil
	}
	return action.NotDone, screen.Terminal, nil
}

// Confirm asks a yes-or-no question.
func (t *terminal) Confirm(ctx context.Context, question string) (engine.Reply, error) {
	yes, err := t.prompt.Confirm(ctx, question)
	return engine.Reply{Value: yes, By: screen.Terminal}, err
}

// Ask asks for a value until the parameter allows it.
func (t *terminal) Ask(ctx context.Context, p *script.Param) (engine.Reply, error) {
	q := screen.Question{Text: p.Ask, Choices: p.Enum, Secret: p.Secret, Check: func(typed string) error {
		_, err := p.Parse(typed)
		if err != nil && p.Secret {
			return fmt.Errorf("That is not allowed: %s.", p.Rule()) //nolint:revive,staticcheck // a person reads it as it stands, without the value
		}
		return err
	}}
	if p.Default != nil {
		q.Default = script.Typed(p.Default)
	}
	typed, err := t.prompt.Ask(ctx, q)
	if err != nil {
		return engine.Reply{}, err
	}
	value, err := p.Parse(typed)
	return engine.Reply{Value: value, By: screen.Terminal}, err
}
