package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
	"runbook/engine/module"
	"runbook/engine/script"
)

// A cleanup is what a script left to on_exit.
type cleanup struct {
	number int // the last one added has the largest
	call   module.Callback
}

// onExitName is what the place of a clean-up among all of them is remembered as.
const onExitName = "on_exit"

func (r *run) onExit(ctx context.Context, fn module.Callback) error {
	number, err := r.numberCleanup(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, cleanup{number, fn})
	return nil
}

// numberCleanup counts a clean-up. In which order several branches add theirs is chance, so there the number is remembered.
func (r *run) numberCleanup(ctx context.Context) (int, error) {
	inBranch := script.FrameOf(ctx).Branch != ""
	if inBranch {
		past, err := r.recall(ctx, onExitName)
		if err != nil {
			return 0, err
		}
		if past != nil {
			return r.recalledNumber(past)
		}
	}
	r.mu.Lock()
	r.lastCleanup++
	if inBranch {
		r.lastCleanup = max(r.lastCleanup, r.cfg.Past.Cleanups+1) // not one that another branch is still to hear
	}
	number := r.lastCleanup
	r.mu.Unlock()
	if !inBranch {
		return number, nil
	}
	return number, r.keep(ctx, onExitName, number, false)
}

func (r *run) recalledNumber(past json.RawMessage) (number int, err error) {
	if err := json.Unmarshal(past, &number); err != nil {
		return 0, action.Errorf(action.CodeInternal, "the recorded number of a clean-up cannot be read: %w", err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lastCleanup = max(r.lastCleanup, number)
	return number, nil
}

// orderedCleanups are the clean-ups in the order in which they are called: the last one added first.
func (r *run) orderedCleanups() []cleanup {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.SortFunc(r.cleanups, func(a, b cleanup) int { return cmp.Compare(b.number, a.number) })
	return r.cleanups
}

// cleanUpStep names the step in which the clean-ups are called.
const cleanUpStep = "clean-up"

// cleanUpTime bounds all clean-ups of a run together.
const cleanUpTime = 30 * time.Second

// cleanUp runs what the script asked for with on_exit, also after an interrupt, but not after a limit: then no time is left.
// The second interrupt ends it. It returns the first error.
func (r *run) cleanUp(ctx context.Context) (first error) {
	cleanups := r.orderedCleanups()
	if len(cleanups) == 0 {
		return nil
	}
	if limitOf(context.Cause(ctx)) != nil {
		r.warn("the clean-ups of this run were not called: it had reached its limit", "")
		return nil
	}
	if !r.tape.Stop() { // what the script did not come to does not concern the clean-ups
		r.warn("the clean-ups of this run had begun before it was resumed, and were not gone on with: it ended before it came to them again",
			"runbook resume goes on in them")
		return nil
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(r.cfg.Actions, func() { cancel(context.Cause(r.cfg.Actions)) })() //nolint:contextcheck // what ends a clean-up is not what ends the script
	r.mu.Lock()
	r.halt, r.cleaning = cancel, true
	r.mu.Unlock()
	step := &journal.Step{Number: len(r.book.Header.Steps) + 1, Name: cleanUpStep, CleanUp: true}
	if err := r.tell(journal.Record{Kind: journal.KindStep, Step: step}); err != nil {
		return err
	}
	for _, c := range cleanups {
		if _, err := c.call(ctx); err != nil {
			r.warn("a clean-up failed: "+err.Error(), "")
			if first == nil {
				first = err
			}
		}
	}
	return first
}
