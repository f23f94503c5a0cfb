package screen

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"runbook/engine/action"
)

// Terminal is the By of what a person answers to a Prompt.
const Terminal = "terminal"

// Prompt asks a person, by plain lines, so that it works on any terminal, with a screen reader and in a session that is logged.
// Silence is never a yes: the end of the input and a cancelled context are errors, and what was typed before a question was asked
// does not answer it. It is safe for concurrent use: one question is asked at a time.
type Prompt struct {
	out     io.Writer
	look    Look
	screen  *Text // shares the terminal; may be nil
	lines   *lines
	discard func()        // drops what was typed before the question
	turn    chan struct{} // holds one: whose turn it is to ask
	secrecy secrecy
}

// NewPrompt makes a Prompt that reads lines from in and asks on out. A screen on the same terminal is paused meanwhile.
func NewPrompt(in io.Reader, out io.Writer, look Look, screen *Text) *Prompt {
	look.Live = false // a question is finished lines only
	p := &Prompt{out: out, look: look, screen: screen, lines: newLines(in), discard: func() {}, turn: make(chan struct{}, 1)}
	if f, ok := in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.discard = func() { discardInput(f) }
		p.secrecy.hush = func() (func(), error) { return hush(f) }
	}
	return p
}

// converse takes the terminal for a conversation. A conversation that breaks off leaves the cursor at the start of a line.
func (p *Prompt) converse(ctx context.Context, talk func() error) error {
	select {
	case p.turn <- struct{}{}:
		defer func() { <-p.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if p.screen != nil {
		p.screen.Pause()
		defer p.screen.Resume()
	}
	if err := p.seen(ctx); err != nil {
		return err
	}
	p.lines.forget()
	p.discard()
	err := talk()
	if errors.Is(err, io.EOF) {
		p.say("\n")
		return action.Errorf(action.CodeDeclined, "nobody answered: the input ended")
	}
	if ctx.Err() != nil {
		p.say("\n")
	}
	return err
}

// seen waits until everything before the question is on the terminal: what is typed blind, on a terminal that was stopped, answers
// nothing.
func (p *Prompt) seen(ctx context.Context) error {
	if o, ok := p.out.(*Outlet); ok {
		return o.Wait(ctx, 0)
	}
	return nil
}

// say prints. Where the question cannot be seen there will be no answer either, so errors need no handling of their own.
func (p *Prompt) say(text string) { _, _ = io.WriteString(p.out, text) }

// ask prints a question and reads the line that answers it.
func (p *Prompt) ask(ctx context.Context, question string) (string, error) {
	p.say(p.look.paint(bold, question) + " ")
	return p.lines.next(ctx)
}

// Confirm asks a yes-or-no question until it is answered.
func (p *Prompt) Confirm(ctx context.Context, question string) (yes bool, err error) {
	err = p.converse(ctx, func() error {
		for {
			answer, err := p.ask(ctx, clean(question)+" [y]es or [n]o?")
			if err != nil {
				return err
			}
			switch strings.ToLower(answer) {
			case "y", "yes":
				yes = true
				return nil
			case "n", "no":
				return nil
			}
			p.say("Please type y or n.\n")
		}
	})
	return yes && err == nil, err
}

// typingAttempts is how often a name may be mistyped.
const typingAttempts = 3

// TypeName asks for a name to be typed in full, before something that must not happen by habit.
func (p *Prompt) TypeName(ctx context.Context, reason, name string) error {
	return p.converse(ctx, func() error {
		for range typingAttempts {
			answer, err := p.ask(ctx, fmt.Sprintf("%s Type %s to go on:", clean(reason), clean(name)))
			if err != nil {
				return err
			}
			if answer == name {
				return nil
			}
			p.say(fmt.Sprintf("That is not %s.\n", clean(name)))
		}
		return action.Errorf(action.CodeDeclined, "the name %s was not typed", clean(name))
	})
}
