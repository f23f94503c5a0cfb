package screen

import (
	"context"
	"slices"
	"strconv"
	"strings"
)

// A Question is what Ask asks.
type Question struct {
	Text    string
	Choices []string           // what may be answered; none for free text
	Default string             // what an empty line stands for; "" if it must be answered
	Check   func(string) error // says what is wrong with a free text; nil if nothing can be
	Secret  bool               // what is typed is not shown
}

// Ask asks until the answer is one that is allowed. Choices are numbered, and can be typed as numbers or as they are.
func (p *Prompt) Ask(ctx context.Context, q Question) (answer string, err error) {
	err = p.converse(ctx, func() error {
		question := p.pose(q)
		for {
			typed, err := p.hear(ctx, q, question)
			if err != nil {
				return err
			}
			var problem string
			if answer, problem = q.judge(typed); problem == "" {
				return nil
			}
			p.say(problem + "\n")
		}
	})
	if err != nil {
		return "", err
	}
	return answer, nil
}

// pose prints the choices and returns what is asked below them.
func (p *Prompt) pose(q Question) string {
	question := clean(q.Text)
	if len(q.Choices) > 0 {
		p.say(p.look.paint(bold, question) + "\n")
		for i, c := range q.Choices {
			number := ""
			if q.numbered() {
				number = strconv.Itoa(i+1) + "  "
			}
			p.say("  " + number + clean(c) + "\n")
		}
		question = "Your choice"
	}
	switch {
	case q.Default != "" && q.Secret:
		question += " (or Enter for the default)"
	case q.Default != "":
		question += " (" + clean(q.Default) + ")"
	}
	if strings.HasSuffix(question, "?") {
		return question
	}
	return question + ":"
}

// hear asks and reads what is typed, unseen if it is secret.
func (p *Prompt) hear(ctx context.Context, q Question, question string) (string, error) {
	if q.Secret {
		return p.askUnseen(ctx, question)
	}
	return p.ask(ctx, question)
}

// numbered tells whether choices can be named by number: not where a choice is a number itself.
func (q Question) numbered() bool {
	return !slices.ContainsFunc(q.Choices, func(c string) bool {
		_, err := strconv.ParseFloat(c, 64)
		return err == nil
	})
}

// judge turns what was typed into an answer, or says what is wrong with it.
func (q Question) judge(typed string) (answer, problem string) {
	if typed == "" {
		if q.Default == "" {
			return "", "Please type an answer."
		}
		typed = q.Default
	}
	if len(q.Choices) > 0 {
		return q.choose(typed)
	}
	if q.Check != nil {
		if err := q.Check(typed); err != nil {
			return "", clean(err.Error())
		}
	}
	return typed, ""
}

func (q Question) choose(typed string) (answer, problem string) {
	if slices.Contains(q.Choices, typed) {
		return typed, ""
	}
	if n, err := strconv.Atoi(typed); err == nil && q.numbered() && n >= 1 && n <= len(q.Choices) {
		return q.Choices[n-1], ""
	}
	return "", "Please type one of " + clean(strings.Join(q.Choices, ", ")) + "."
}
