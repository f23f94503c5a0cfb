package engine

import (
	"errors"
	"maps"
	"slices"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/module"
	"runbook/engine/script"
	"runbook/engine/secret"
)

// parameters checks what was typed against what the runbook declares, and fills in the defaults.
func (r *run) parameters() (map[string]any, error) {
	r.given = map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(r.cfg.Given)) {
		p := r.param(name)
		if p == nil {
			return nil, r.unknownParam(name)
		}
		v, err := r.parse(p, r.cfg.Given[name])
		if err != nil {
			return nil, badParam(err, r.cfg.Entry.Typed())
		}
		r.given[name] = v
	}
	params := map[string]any{}
	for i := range r.book.Header.Params {
		p := &r.book.Header.Params[i]
		v, given := r.given[p.Name]
		switch {
		case given:
			params[p.Name] = v
		case p.Required:
			return nil, badParam(action.Errorf(action.CodeInvalid, "the parameter %s is required: -p %s=…  (%s)", p.Name, p.Name, p.Rule()), r.cfg.Entry.Typed())
		default:
			params[p.Name] = p.Default
		}
	}
	return params, nil
}

// parse reads a value that was typed. A secret is given by reference: what stands on a command line stands in everybody's list of
// processes, and in the shell's history.
func (r *run) parse(p *script.Param, typed string) (any, error) {
	if !p.Secret {
		return p.Parse(typed)
	}
	if r.cfg.Past.replayed() {
		return masked, nil // which is what the recording has in its place
	}
	if !secret.IsReference(typed) {
		return nil, action.Errorf(action.CodeInvalid, "the parameter %s is a secret: give a reference to it, not the secret itself", p.Name).
			Try("-p %s='${env:NAME}' or -p %s='${file:PATH}'", p.Name, p.Name)
	}
	value, err := secret.Read(typed)
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "the parameter %s: %w", p.Name, err)
	}
	out, err := p.Parse(value)
	if !r.hide(value, out) {
		r.exposed = append(r.exposed, p.Name)
	}
	if err != nil {
		return nil, action.Errorf(action.CodeInvalid, "the value of the secret parameter %s is not allowed: %s", p.Name, p.Rule())
	}
	return out, nil
}

// hide makes a secret known to the redactor: as it was given, and as the script would print it. It tells whether it will be hidden.
func (r *run) hide(given string, value any) bool {
	if _, isText := value.(string); value != nil && !isText {
		return r.cfg.Redactor.Add(given, script.Typed(value))
	}
	return r.cfg.Redactor.Add(given)
}

// tellExposed tells that a secret is too short to be hidden.
func (r *run) tellExposed(name string) {
	r.warn("the secret "+name+" is too short to be hidden where the script shows it", "choose a longer one")
}

func (r *run) param(name string) *script.Param {
	for i := range r.book.Header.Params {
		if r.book.Header.Params[i].Name == name {
			return &r.book.Header.Params[i]
		}
	}
	return nil
}

func (r *run) paramNames() []string {
	var names []string
	for i := range r.book.Header.Params {
		names = append(names, r.book.Header.Params[i].Name)
	}
	return names
}

func (r *run) unknownParam(name string) error {
	return badParam(action.Errorf(action.CodeInvalid, "%s has no parameter %q%s", r.cfg.Entry.Name, name, module.Suggest(name, r.paramNames())), r.cfg.Entry.Typed())
}

// A UsageError is a wrong command line: the exit code is 64.
type UsageError struct{ Err error }

func (e *UsageError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *UsageError) Unwrap() error { return e.Err }

func badParam(err error, runbook string) error {
	out := action.Errorf(action.CodeInvalid, "%w", err).Try("runbook show %s", command.Quote(runbook))
	var known *action.Error
	if errors.As(err, &known) && known.Hint != "" {
		out.Hint = known.Hint
	}
	return &UsageError{Err: out}
}
