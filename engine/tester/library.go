package tester

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"slices"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/redact"
	"runbook/engine/script"
)

// unlessBeside are libraries but for those that lie beside the test: what is tested there is the file beside it, and not one of the same
// name that was built into the program.
type unlessBeside struct{ libraries, own fs.FS }

// Open opens a library.
func (u unlessBeside) Open(name string) (fs.File, error) {
	beside, err := exists(u.own, name)
	if err != nil || beside && name != "." || u.libraries == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return u.libraries.Open(name)
}

// A desk is what stands in for a run in the test of a library: a clock that moves by what is waited for, people who answer what the test
// says, and what is to be done at the end. Its parts are guarded by the trial's mu, but for the clock, which guards itself.
type desk struct {
	clock    *clock.Virtual
	told     []*journal.Record // what the library showed
	answers  map[string]any
	cleanups []module.Callback
}

// serve does for a library what a run would do by itself, by the checks that a run has. Everything else that concerns a run needs one.
func (t *trial) serve(ctx context.Context, c script.Call) (any, error) {
	if !t.library {
		return nil, action.Errorf(action.CodeInvalid, "%s is for runbooks and their libraries: a test of a runbook shows nothing itself", c.Func.Name)
	}
	switch c.Func.Name {
	case "sleep":
		d, _ := c.Args.Duration("duration")
		return nil, t.desk.clock.Sleep(ctx, d)
	case "wait_until":
		return t.waitUntil(ctx, c)
	case "confirm":
		reply, err := t.people().Confirm(ctx, c.Args.String("question"))
		return reply.Value, err
	case "operator":
		return byTest + "@" + byTest, nil
	case "remember":
		return c.Args["value"], nil
	case "ask":
		return t.asked(c.Args.String("parameter"))
	case "on_exit":
		t.mu.Lock()
		defer t.mu.Unlock()
		t.desk.cleanups = append(t.desk.cleanups, c.Args["cleanup"].(module.Callback))
		return nil, nil
	}
	record, err := told(c)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.desk.told = append(t.desk.told, record)
	return nil, nil
}

// waitUntil waits as a run does.
func (t *trial) waitUntil(ctx context.Context, c script.Call) (any, error) {
	op, err := c.Func.Wait(c.Args)
	if err != nil {
		return nil, err
	}
	return t.door(ctx, t.desk.clock).Wait(ctx, gate.Place{Branch: c.Frame.Branch, Where: c.Frame.Where.String()}, op)
}

// people answer what the test says.
func (t *trial) people() people {
	t.mu.Lock()
	defer t.mu.Unlock()
	return people{answers: t.desk.answers}
}

// asked is what the test says that a person answers. A library's test has no runbook that would hold it to the parameter's rules.
func (t *trial) asked(parameter string) (any, error) {
	answer, given := t.people().answer(parameter)
	if !given {
		return nil, action.Errorf(action.CodeDeclined, "the test has no answer to %q", parameter).Try("test.answer { %s = … }", parameter)
	}
	return answer, nil
}

// answer takes up what people answer from now on.
func (t *trial) answer(a module.Args) error {
	if !t.library {
		return action.Errorf(action.CodeInvalid, "test.answer is for the tests of libraries").Try("test.run { answers = { … } }")
	}
	answers, err := table(a, "answers")
	t.mu.Lock()
	defer t.mu.Unlock()
	t.desk.answers = answers
	return err
}

// cleanUp does what the library left to on_exit, the last one first, as a run does at its end.
func (t *trial) cleanUp(ctx context.Context) error {
	t.mu.Lock()
	cleanups := t.desk.cleanups
	t.mu.Unlock()
	var failed error
	for _, cleanup := range slices.Backward(cleanups) {
		_, err := cleanup(ctx)
		failed = errors.Join(failed, err)
	}
	return failed
}

func told(c script.Call) (*journal.Record, error) {
	var shown *journal.Show
	var err error
	switch c.Func.Name {
	case "show":
		shown, err = engine.Shown(c.Args, redact.New())
	case "log":
		shown, err = engine.Logged(c.Args, redact.New())
	case "verdict":
		return &journal.Record{Kind: journal.KindVerdict, Verdict: &journal.Verdict{State: c.Args.String("state"), Reason: c.Args.String("reason")}}, nil
	case "fail":
		return nil, &action.Error{Code: action.CodeScript, Message: c.Args.String("message"), Hint: c.Args.String("hint")}
	default:
		return nil, action.Errorf(action.CodeInvalid, "%s needs a run, and the test of a library has none", c.Func.Name).
			Try("test it with a runbook that requires the library, in a test.case")
	}
	return &journal.Record{Kind: journal.KindShow, Show: shown}, err
}

// shown is what the library told so far, as objects that come from outside: what is null in them stays so.
func (t *trial) shown() ([]json.RawMessage, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := []json.RawMessage{}
	for _, record := range t.desk.told {
		var what any = record.Show
		if v := record.Verdict; v != nil {
			what = map[string]any{"form": "verdict", "state": v.State, "reason": v.Reason}
		}
		text, err := json.Marshal(what)
		if err != nil {
			return nil, action.Errorf(action.CodeInternal, "what was shown cannot be written down: %w", err)
		}
		out = append(out, text)
	}
	return out, nil
}
