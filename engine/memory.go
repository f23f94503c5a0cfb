package engine

import (
	"context"
	"encoding/json"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/script"
	"runbook/engine/tape"
)

// memory is what a script's own chances are remembered in: see script.Memory.
type memory struct{ run *run }

// Recall returns what the branch got there in an earlier part of the run.
func (m memory) Recall(ctx context.Context, name string) (json.RawMessage, error) {
	return m.run.recall(ctx, name)
}

// Keep writes a value down.
func (m memory) Keep(ctx context.Context, name string, value any, failed bool) error {
	return m.run.keep(ctx, name, value, failed)
}

// Begun tells whether there is more of a branch than was heard.
func (m memory) Begun(branch string) bool { return m.run.tape.Begun(branch) }

// recall returns the value that the host gave the branch there in an earlier part of the run, nil if it is to give one now.
func (r *run) recall(ctx context.Context, name string) (json.RawMessage, error) {
	past, err := r.past(ctx, journal.KindHost, name)
	if past == nil || err != nil {
		return nil, err
	}
	return past.Host.Value, nil
}

// past returns the record of a call of the script in an earlier part of the run, and shows it again.
func (r *run) past(ctx context.Context, kind journal.Kind, name string) (*journal.Record, error) {
	frame := script.FrameOf(ctx)
	past, err := r.tape.Next(tape.Call{Branch: frame.Branch, Kind: kind, Name: r.cfg.Redactor.String(name), Where: frame.Where.String()})
	if err != nil {
		drift := action.Errorf(action.CodeDrift, "%w", err)
		r.haltNow(drift)
		return nil, drift
	}
	if past == nil {
		return nil, nil
	}
	again := *past
	again.Recalled = true
	return past, r.write(again)
}

// keep writes down a value that the host gave a branch.
func (r *run) keep(ctx context.Context, name string, value any, failed bool) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return action.Errorf(action.CodeInternal, "%s cannot be written down: %w", name, err)
	}
	host := &journal.Host{Name: name, Value: encoded, Failed: failed}
	return r.write(journal.Record{Kind: journal.KindHost, Branch: script.FrameOf(ctx).Branch, Host: host})
}

// now is the run's time, remembered.
func (r *run) now(ctx context.Context) (time.Time, error) {
	const name = "time.now"
	past, err := r.recall(ctx, name)
	if err != nil {
		return time.Time{}, err
	}
	var t time.Time
	if past != nil {
		if err := json.Unmarshal(past, &t); err != nil {
			return t, action.Errorf(action.CodeInternal, "a recorded time cannot be read: %w", err)
		}
		return t, nil
	}
	t = r.cfg.Mode.Clock.Now()
	return t, r.keep(ctx, name, t, false)
}

// operator is who runs the script, remembered: what somebody did before the run was taken up stays theirs.
func (r *run) operator(ctx context.Context) (string, error) {
	const name = "operator"
	past, err := r.recall(ctx, name)
	if err != nil {
		return "", err
	}
	who := r.cfg.About.User + "@" + r.cfg.About.Host
	if past == nil {
		return who, r.keep(ctx, name, who, false)
	}
	if err := json.Unmarshal(past, &who); err != nil {
		return "", action.Errorf(action.CodeInternal, "a recorded operator cannot be read: %w", err)
	}
	return who, nil
}

// remember is a value of the script's own that it may have got by chance: from another branch, say.
func (r *run) remember(ctx context.Context, value any) (any, error) {
	const name = "remember"
	past, err := r.recall(ctx, name)
	if err != nil {
		return nil, err
	}
	if past == nil {
		return value, r.keep(ctx, name, value, false)
	}
	var then any
	if err := json.Unmarshal(past, &then); err != nil {
		return nil, action.Errorf(action.CodeInternal, "a recorded value cannot be read: %w", err)
	}
	return then, nil
}

// recallAnswer returns what was answered to a question in an earlier part of the run, nil if it is to be asked now.
func (r *run) recallAnswer(ctx context.Context, question string) (any, error) {
	past, err := r.past(ctx, journal.KindAnswer, question)
	if past == nil || err != nil {
		return nil, err
	}
	if assumed := r.tape.Telling(past.Branch, journal.KindAssume); assumed != nil {
		again := *assumed
		again.Recalled = true
		r.gate.Guess()
		if err := r.write(again); err != nil {
			return nil, err
		}
	}
	var answer any
	if err := json.Unmarshal(past.Answer.Value, &answer); err != nil {
		return nil, action.Errorf(action.CodeInternal, "a recorded answer cannot be read: %w", err)
	}
	return answer, nil
}
