// Package gate is the one door between a script and the outside world: every read, wait and action of every module passes here,
// in every mode. It admits what the runbook may do, asks for consent, writes down what is about to happen and what came of it,
// retries what may be retried, and leaves the carrying out to its Terminal: Apply sends, Rehearse predicts into the overlay.
//
// It is the only code that calls the methods of action.Read, action.Wait and action.Action. It knows no module and no Lua, and
// there is no other place where a dry run and a real run differ. Read next: terminal.go for the two ends, act.go for the way of one
// action.
package gate

import (
	"context"
	"sync"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/journal"
	"runbook/engine/tape"
)

// A Place is where in a run an operation is asked for.
type Place struct {
	Step   string // name of the step
	Branch string // path of parallel items, "" outside parallel
	Where  string // file:line of the call
	// Guarded tells whether the script catches it when it fails.
	Guarded bool
}

// Options are what a gate needs from its run.
type Options struct {
	Run      string // its id, for what to type to take it up again
	Sink     journal.Sink
	Terminal Terminal
	Grants   []Grant             // what the runbook may change
	Consent  Consenter           // who is asked before an action above routine risk
	Clock    clock.Clock         // of the run: what waits wait on
	Outside  clock.Clock         // of the outside world: what retries wait on, even in a dry run
	Live     Live                // told what is going on; nil for nobody
	Past     Past                // what an earlier part of the run got; nil for none
	Granted  []*journal.Consent  // what it was consented to
	Settler  Settler             // who decides what no target can tell; needed with Past
	Approval Approval            // what was approved beforehand; nil where anything may be asked for
	Number   int                 // of the last action of an earlier part of the run
	Clean    func(string) string // hides secrets; nil for none
	Veil     func(any) any       // hides secrets in a value; nil for none
	// Actions ends an action that is under way. It outlives the script's context, so that the first interrupt lets the current
	// action finish.
	Actions context.Context
	// Halt ends the script, which cannot catch it.
	Halt context.CancelCauseFunc
}

// Live is told what a branch is waiting for, to show it while it lasts.
type Live interface {
	Status(branch, text string)
}

// A Gate is the door of one run. It is safe for concurrent use by the branches of the run.
type Gate struct {
	opts Options

	mu      sync.Mutex
	seen    map[string]int // occurrences of an operation in one place
	number  int            // of the last action
	passed  int            // actions that were carried out, or intended
	guessed bool           // something was intended or assumed: what is read from now on may rest on it

	underWay map[*passage]bool // actions that were sent and have not answered
	waits    callings
	mayFail  callings       // actions whose failure the script lives with
	failed   map[string]int // how many of a line of the script were rehearsed as failing

	asking  sync.Mutex // one question at a time
	granted map[string]bool
}

// New makes the gate of one run.
func New(opts Options) *Gate {
	if opts.Live == nil {
		opts.Live = nobody{}
	}
	if opts.Past == nil {
		opts.Past = new(tape.Tape)
	}
	if opts.Veil == nil {
		opts.Veil = func(v any) any { return v }
	}
	if opts.Approval == nil {
		opts.Approval = anything{}
	}
	if opts.Clean == nil {
		opts.Clean = func(s string) string { return s }
	}
	g := &Gate{opts: opts, number: opts.Number, seen: map[string]int{}, failed: map[string]int{}, underWay: map[*passage]bool{}, granted: map[string]bool{}}
	for _, c := range opts.Granted {
		g.restore(c)
	}
	return g
}

type nobody struct{}

func (nobody) Status(string, string) {}

// A Grant is one thing that a runbook may change.
type Grant struct {
	Verb string // "kubernetes.delete"
	Kind string // "pods", "deployments.apps"; "" where the verb has no kinds
}

// String is the grant as a runbook's header has it.
func (g Grant) String() string {
	if g.Kind == "" {
		return g.Verb
	}
	return g.Verb + " " + g.Kind
}

// Covers tells whether it is what an action of that verb on that target needs.
func (g Grant) Covers(verb string, target action.Target) bool {
	return g.Verb == verb && (g.Kind == "" || g.Kind == target.Kind)
}

// Guessed tells whether anything was intended or assumed so far: a judgement made now may rest on it.
func (g *Gate) Guessed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.guessed
}

// Guess notes that the run went on as if something held.
func (g *Gate) Guess() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.guessed = true
}

// Actions counts the actions that were carried out, or, in a rehearsal, intended.
func (g *Gate) Actions() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.passed
}

// key names an operation: equal keys in two runs of a script are the same operation. It is cleaned of secrets before it is counted, so
// that it is found again in a journal.
func (g *Gate) key(p Place, d action.Description) string {
	name := p.Step + " / "
	if p.Branch != "" {
		name += p.Branch + " / "
	}
	name = g.opts.Clean(name + d.Canonical())
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen[name]++
	return journal.Key(name, g.seen[name])
}

func (g *Gate) record(p Place, key string, d action.Description, r journal.Record) error {
	r.Time, r.Branch, r.Key = g.opts.Clock.Now(), p.Branch, key
	r.Call = &journal.Call{Verb: d.Verb, Target: d.Target, Identity: d.Identity, Payload: d.Payload, Where: p.Where}
	if r.Intent != nil {
		r.Call.Risk, r.Call.Idempotent = d.Risk.String(), d.Idempotent
	}
	if err := g.opts.Sink.Write(&r); err != nil {
		return g.cannotWrite(err)
	}
	return nil
}

func (g *Gate) cannotWrite(err error) error {
	return g.halt(action.Errorf(action.CodeInternal, "cannot write the journal: %w", err))
}

// halt ends the script with that error, which it cannot catch.
func (g *Gate) halt(err *action.Error) error {
	g.opts.Halt(err)
	return err
}
