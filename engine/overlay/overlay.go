// Package overlay holds the intended state of a run: what a dry run would have changed, laid over what is really there.
//
// Every read of a dry run passes through it, so a script sees its own writes against a server that has seen none of them.
// An object that exists is held as the difference that the run made (delta.go), so that what others change meanwhile still
// shows; one that the run created is held whole; one that it deleted is held as a tombstone. In a real run the overlay
// stays empty: what was intended has happened. It talks to no system, predicts nothing and knows nothing of what an object
// means. Read next: action.View, which it implements, then engine/gate, which applies each prediction to it.
package overlay

import (
	"fmt"
	"slices"
	"sync"

	"runbook/engine/action"
)

// An Overlay is the intended state of one run. It is safe for concurrent use. It keeps nothing of what it is given and
// gives away nothing that it keeps: both are copied.
type Overlay struct {
	mu      sync.RWMutex
	intents map[action.Target]intent
	order   map[kind][]action.Target // in the order in which the run first intended something
}

// A kind is one kind of object in one system, whatever its scope.
type kind struct{ system, name string }

// An intent is what the run intends about one target. It is immutable: whatever changes it makes another.
type intent struct {
	object  map[string]any // the whole object as last predicted; nil is a tombstone
	live    bool           // it was there before the run: written is laid over what is there now
	written delta          // what the run changed about it
}

var _ action.View = (*Overlay)(nil)

// New returns an empty Overlay.
func New() *Overlay {
	return &Overlay{intents: map[action.Target]intent{}, order: map[kind][]action.Target{}}
}

// Apply makes the changes part of the intended state, in order: all of them or, on an error, none. An error is a fault of the
// binding that predicted something that is not a JSON object.
func (o *Overlay) Apply(changes []action.Change) error {
	copies := make([]change, len(changes))
	for i, c := range changes {
		var err error
		if copies[i], err = copyChange(c); err != nil {
			return action.Errorf(action.CodeInternal, "the prediction for %s is unusable: %w", c.Target, err).On(c.Target)
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range copies {
		o.apply(c)
	}
	return nil
}

// A change is an action.Change of which nobody else holds anything. A nil object means that there is none.
type change struct {
	target        action.Target
	before, after map[string]any
}

func copyChange(c action.Change) (change, error) {
	before, err := copyObject(c.Before)
	if err != nil {
		return change{}, fmt.Errorf("the state before: %w", err)
	}
	after, err := copyObject(c.After)
	if err != nil {
		return change{}, fmt.Errorf("the state after: %w", err)
	}
	return change{target: c.Target, before: before, after: after}, nil
}

func (o *Overlay) apply(c change) {
	held, known := o.intents[c.target]
	if !known {
		k := kind{c.target.System, c.target.Kind}
		o.order[k] = append(o.order[k], c.target)
	}
	o.intents[c.target] = next(held, known, c)
}

// next is the intent after a change, given the one before it, if there was any.
func next(held intent, known bool, c change) intent {
	switch {
	case c.after == nil:
		return intent{}
	case c.before == nil:
		return intent{object: c.after}
	case !known:
		return intent{object: c.after, live: true, written: difference(c.before, c.after)}
	case held.object == nil:
		// A branch updates what another branch has deleted meanwhile: a server would not find it either.
		return held
	}
	// Two branches may have predicted from the same state, so what counts is what this one changed, not what it saw.
	written := difference(c.before, c.after)
	held.object = written.onObject(held.object)
	if held.live {
		held.written = compose(held.written, written)
	}
	return held
}

// Lay returns the live object as the run intends it to be: see action.View. What it returns shares parts with live where
// the run intends nothing about them. A live object that vanished although the run only changed it is returned as it was
// last predicted; one that somebody else created in the place of one that the run created does not show.
func (o *Overlay) Lay(target action.Target, live map[string]any) (object map[string]any, intended bool) {
	o.mu.RLock()
	held, known := o.intents[target]
	o.mu.RUnlock()
	switch {
	case !known:
		return live, false
	case held.object == nil:
		return nil, true
	case held.live && live != nil:
		return held.written.onObject(live), true
	}
	return duplicateObject(held.object), true
}

// Made tells whether the target exists only because this run intends to make it.
func (o *Overlay) Made(target action.Target) bool {
	o.mu.RLock()
	defer o.mu.RUnlock()
	held, known := o.intents[target]
	return known && held.object != nil && !held.live
}

// Intended lists the targets of one system, kind and scope (empty: every scope) about which the run intends something,
// those that it deleted too, in the order in which it first did.
func (o *Overlay) Intended(system, name, scope string) []action.Target {
	o.mu.RLock()
	defer o.mu.RUnlock()
	all := o.order[kind{system, name}]
	if scope == "" {
		return slices.Clone(all)
	}
	var targets []action.Target
	for _, t := range all {
		if t.Scope == scope {
			targets = append(targets, t)
		}
	}
	return targets
}
