// Package tape is what an earlier run of a script got from the outside, to be given to it again: reads, waits, actions, answers,
// consents and values of the host, per branch, in the order in which the script asked for them.
//
// A resumed run hears the tape of its own journal and goes on live where a branch's part of it ends; a replay hears a recording and
// ends there. A script is deterministic but for what it gets from the host, so a call that is not the next on its branch's tape means
// that the script, or the code around it, went another way: a Divergence, which ends the run before anything is sent.
//
// It reads no file, calls nothing and decides nothing about the outside world. Read next: select.go for what of a journal goes onto a
// tape, engine/gate/recall.go and engine/memory.go for who listens.
package tape

import (
	"slices"
	"sync"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A Tape is the recorded calls of a run. It is safe for concurrent use by the branches of a run. The zero value is an empty one.
type Tape struct {
	mu     sync.Mutex
	reels  map[string]*reel
	kept   map[string][]*journal.Record // actions that were done in a step that is begun anew, by key
	closed bool
}

// A reel is the tape of one branch.
type reel struct {
	records []*journal.Record
	next    int
}

// New makes a tape of records, which are in the order of their journal. Names and branches in it are clean of secrets, as those of the
// calls have to be.
func New(records []*journal.Record) *Tape {
	t := &Tape{reels: map[string]*reel{}, kept: map[string][]*journal.Record{}}
	for _, r := range records {
		if !isCall(r.Kind) && !isTelling(r.Kind) {
			continue
		}
		branch := t.reels[r.Branch]
		if branch == nil {
			branch = &reel{}
			t.reels[r.Branch] = branch
		}
		branch.records = append(branch.records, r)
	}
	return t
}

// Closed makes a tape that is all there is: a call after its end is a Divergence, not live.
func (t *Tape) Closed() *Tape {
	t.closed = true
	return t
}

// Live tells whether what comes after the tape is made live.
func (t *Tape) Live() bool { return !t.closed }

// Stop makes everything from here on live, whatever is left, except where the next that was told is the beginning of the clean-ups:
// those go on as they went. It does nothing and returns false where the clean-ups began only later: what they did can neither be heard
// from here nor be done again.
func (t *Tape) Stop() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return true
	}
	if b := t.reels[""]; b != nil {
		switch slices.IndexFunc(b.records[b.next:], isCleanUp) {
		case 0:
			return true
		case -1:
		default:
			return false
		}
	}
	t.reels, t.kept = map[string]*reel{}, map[string][]*journal.Record{}
	return true
}

func isCleanUp(r *journal.Record) bool { return r.Kind == journal.KindStep && r.Step.CleanUp }

// isCall tells whether records of that kind say what a script got.
func isCall(kind journal.Kind) bool {
	switch kind {
	case journal.KindRead, journal.KindWait, journal.KindIntent, journal.KindOutcome, journal.KindHost, journal.KindConsent, journal.KindAnswer:
		return true
	}
	return false
}

// isTelling tells whether records of that kind say what a script told: it gets nothing for them, so a script that tells other things
// goes no other way.
func isTelling(kind journal.Kind) bool {
	switch kind {
	case journal.KindStep, journal.KindStepEnd, journal.KindShow, journal.KindAssume, journal.KindVerdict:
		return true
	}
	return false
}

// name is what a call is known by among those of its kind.
func name(r *journal.Record) string {
	switch r.Kind {
	case journal.KindHost:
		return r.Host.Name
	case journal.KindAnswer:
		return r.Answer.Question
	}
	return r.Key
}

// A Call is what a branch asks for.
type Call struct {
	Branch string
	Kind   journal.Kind
	Name   string // the key of an operation, the name of a host value, the question of an answer
	Where  string // file:line in the script
}

// Next returns the record that answers the call, and goes on behind it. It is nil when the branch's tape is at its end: the call is
// to be made live. A tape that has another call there is a *Divergence.
func (t *Tape) Next(c Call) (*journal.Record, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if kept := t.takeKept(c); kept != nil {
		return kept, nil
	}
	found := t.peek(c.Branch)
	if found == nil {
		return nil, t.atEnd(c)
	}
	if !answers(found, c) {
		return nil, &Divergence{Call: c, Recorded: found}
	}
	b := t.reels[c.Branch]
	for b.records[b.next] != found {
		b.next++
	}
	b.next++
	return found, nil
}

// keep adds records that answer calls by their name alone, wherever they come.
func (t *Tape) keep(records []*journal.Record) {
	for _, r := range records {
		t.kept[r.Key] = append(t.kept[r.Key], r)
	}
}

// takeKept returns the kept record that answers the call, once. The caller holds the lock.
func (t *Tape) takeKept(c Call) *journal.Record {
	for i, r := range t.kept[c.Name] {
		if r.Kind == c.Kind {
			t.kept[c.Name] = slices.Delete(t.kept[c.Name], i, i+1)
			return r
		}
	}
	return nil
}

// atEnd is the error of a call after the end of the tape. The caller holds the lock.
func (t *Tape) atEnd(c Call) error {
	if !t.closed || c.Kind == journal.KindHost && t.inside(c.Branch) {
		return nil // it may ask how a group of branches went that did not come to its end
	}
	return &Divergence{Call: c}
}

// inside tells whether calls are left of branches below this one. The caller holds the lock.
func (t *Tape) inside(branch string) bool {
	for name := range t.reels {
		if _, below := action.ChildBranch(branch, name); below && name != branch && t.peek(name) != nil {
			return true
		}
	}
	return false
}

// Maybe is Next for a call that need not have been made: where the tape has another one it stays where it is.
func (t *Tape) Maybe(c Call) *journal.Record {
	t.mu.Lock()
	found := t.peek(c.Branch)
	matches := found != nil && answers(found, c)
	t.mu.Unlock()
	if !matches {
		return nil
	}
	record, _ := t.Next(c) // only this branch moves its tape
	return record
}

// Ahead returns the record of that call without going there, past whatever calls come before it. It is nil if there is none.
func (t *Tape) Ahead(c Call) *journal.Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.reels[c.Branch]
	if b == nil {
		return nil
	}
	for _, r := range b.records[b.next:] {
		if answers(r, c) {
			return r
		}
	}
	return nil
}

// Left tells whether the branch has calls left on its tape.
func (t *Tape) Left(branch string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.peek(branch) != nil
}

// Begun tells whether the branch, or one inside of it, has calls left on its tape.
func (t *Tape) Begun(branch string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.peek(branch) != nil || t.inside(branch)
}

// Telling returns what was told where the branch is now, if it is of that kind, and goes behind it; nil if it is not.
func (t *Tape) Telling(branch string, kind journal.Kind) *journal.Record {
	t.mu.Lock()
	defer t.mu.Unlock()
	b := t.reels[branch]
	if b == nil || b.next >= len(b.records) || b.records[b.next].Kind != kind {
		return nil
	}
	b.next++
	return b.records[b.next-1]
}

// peek is the next call of the branch. The caller holds the lock.
func (t *Tape) peek(branch string) *journal.Record {
	b := t.reels[branch]
	if b == nil {
		return nil
	}
	for _, r := range b.records[b.next:] {
		if isCall(r.Kind) {
			return r
		}
	}
	return nil
}

func answers(r *journal.Record, c Call) bool {
	return r.Kind == c.Kind && name(r) == c.Name
}
