package tester

import (
	"context"
	"encoding/json"
	"io/fs"

	"runbook/engine"
	"runbook/engine/action"
	"runbook/engine/journal"
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

// tell keeps what a library tells the people of a run, by the checks that a run has. Everything else that concerns a run needs one.
func (t *trial) tell(_ context.Context, c script.Call) error {
	if !t.library {
		return action.Errorf(action.CodeInvalid, "%s is for runbooks and their libraries: a test of a runbook shows nothing itself", c.Func.Name)
	}
	record, err := told(c)
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.told = append(t.told, record)
	return nil
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
		return nil, action.Errorf(action.CodeScript, "%s", c.Args.String("message"))
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
	for _, record := range t.told {
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
