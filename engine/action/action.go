// Package action is the vocabulary of runbook: what an operation on the outside world is, before anyone carries it out.
//
// An operation is a Read (looks, changes nothing), a Wait (a read that is asked again until it holds) or an Action (changes
// something). A binding builds one and hands it over; it never carries one out. The only caller of the methods declared here is
// the gate (engine/gate), so a dry run, a real run, a plan, a journal and a resume are the same operations behind another door.
//
// This package imports nothing of the project and performs no I/O. Read next: engine/module, which says how a binding offers
// operations to Lua, then engine/gate.
package action

import (
	"context"
	"time"
)

// An Action is one change to the outside world, described before it is made. Building one performs no I/O.
type Action interface {
	// Describe says what would be done, from the arguments alone.
	Describe() Description
	// Predict looks at the target, through the intended state of this run, and says what would change, on what evidence, and
	// what the call would return. It changes nothing.
	Predict(ctx context.Context, view View) (Prediction, error)
	// Apply makes the change, sending the prediction's evidence as preconditions.
	Apply(ctx context.Context, predicted Prediction) (Result, error)
	// Settle decides, from what was written down before Apply was called, whether the change happened.
	Settle(ctx context.Context, intent Intent) (Settlement, error)
}

// A Tolerated action is one whose failure does not end the script: its call returns a value that says so, and whoever runs it is told
// as loudly as of any other failure. A message that did not arrive is no reason to leave a site broken.
//
// One of routine risk is repeatable: how often it is asked for, and when, is not decided by what the site is like but by how long things take,
// which no rehearsal knows. A plan holds it to what it is, and neither to its number nor to its place.
type Tolerated interface {
	Action
	// Failed is what the call returns where it was not done, or nobody knows whether it was.
	Failed(err error) any
}

// Repeatable tells whether an action is one that a plan holds to neither number nor place.
func Repeatable(a Action) bool {
	_, tolerated := a.(Tolerated)
	return tolerated && a.Describe().Risk == Routine
}

// An Accountable action knows by itself what came of it in all: of each attempt, and, once Settle has looked, of one whose answer was lost and of
// what an earlier part of the run did. What another action returns that was sent more than once is what was predicted.
type Accountable interface {
	// Account is what came of it so far.
	Account() Result
}

// A Read looks at the outside world and changes nothing.
type Read interface {
	Describe() Description
	// Read returns what is there, with the intended state of this run laid over it.
	Read(ctx context.Context, view View) (any, error)
}

// A Wait is a condition on the outside world that the run cannot go on without.
type Wait interface {
	Describe() Description
	// Check looks once.
	Check(ctx context.Context, view View) (Progress, error)
	// Assume says what the intended state is once the condition holds, for a run that cannot wait for it to come true. An
	// empty list means that no intended state can hold it: the outcome is then only assumed.
	Assume(ctx context.Context, view View) ([]Change, error)
	// Pace says how often to look and for how long.
	Pace() Pace
}

// A Scripted wait looks by running a function of the script, whose own calls are operations by themselves.
type Scripted interface {
	Wait
	Scripted()
}

// A Pace is the rhythm of a Wait.
type Pace struct {
	Every    time.Duration // between two looks
	Timeout  time.Duration // after which the wait has failed
	Deadline time.Time     // instead of Timeout, unless it is zero: a run that died and is taken up again does not wait for longer
}

// Ends is the time at which a wait that begins now, live, has failed.
func (p Pace) Ends(now time.Time) time.Time {
	if p.Deadline.IsZero() {
		return now.Add(p.Timeout)
	}
	return p.Deadline
}

// Bound says it in words: "within 5m0s", or "by 2026-11-24 03:27:00 UTC".
func (p Pace) Bound() string {
	if p.Deadline.IsZero() {
		return "within " + p.Timeout.String()
	}
	return "by " + p.Deadline.UTC().Format("2006-01-02 15:04:05 UTC")
}

// Progress is what one look of a Wait found.
type Progress struct {
	Met    bool
	Failed bool   // the condition can no longer come true: waiting on is pointless
	Detail string // what is missing, for a person: "2 of 5 replicas available"
	Value  any    // what the wait returns to the script once met
}

// A Description says what an operation is, to a person and to a plan.
type Description struct {
	Verb        string       // "kubernetes.delete"
	Target      Target       // the one object it is about
	Risk        Risk         // how much harm it can do
	Permissions []Permission // what the caller must be allowed to do
	Identity    []Arg        // arguments that make it this operation and no other
	Payload     []Arg        // arguments that may differ between a plan and its application, such as a message's text
	Idempotent  bool         // doing it twice is doing it once
}

// Masked is what stands where a secret stood, in everything that is written down or shown.
const Masked = "[secret]"

// OwnDoing is the old value of a field, as evidence of a rehearsal, that the run itself writes before and that nobody can foretell, such as
// a time. What is found there in the real run is no drift.
const OwnDoing = "[as this run writes it]"

// An Arg is one named argument of an operation, as a JSON-compatible value.
//
// A Set is one whose members depend on when they are looked for, such as files of a certain age: a list of strings. It does not
// make the operation another one. Planned, it is frozen: a Narrower is carried out on what was planned and is still found. A set that
// an action finds by itself is told with its prediction (Prediction.Members), and frozen likewise.
type Arg struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
	Set   bool   `json:"set,omitempty"`
}

// A Narrower is an action on a set.
type Narrower interface {
	Action
	// Narrow returns the action on those of its members only. One that finds its set by itself need not find all of them.
	Narrow(members []string) Action
}

// A Permission is one thing that the caller must be allowed to do before an operation can succeed.
type Permission struct {
	System      string `json:"system"`                // "kubernetes"
	Verb        string `json:"verb"`                  // "delete"
	Group       string `json:"group,omitempty"`       // "apps"
	Resource    string `json:"resource"`              // "pods"
	Subresource string `json:"subresource,omitempty"` // "scale"
	Scope       string `json:"scope,omitempty"`       // namespace; empty for a cluster-wide permission
	Name        string `json:"name,omitempty"`        // one object's name; empty for any
}

// Path is the resource with its subresource, as in "deployments/scale".
func (p Permission) Path() string {
	if p.Subresource == "" {
		return p.Resource
	}
	return p.Resource + "/" + p.Subresource
}

// A Prediction is what an action would do, and why we believe it.
type Prediction struct {
	Changes  []Change // what the intended state becomes; the first is the target's own
	Evidence Evidence // what Apply sends as preconditions
	Value    any      // what the call returns to the script
	Label    Label
	// Unchanged says that the target is as wanted already: nothing is to be sent, and nothing to be consented to.
	Unchanged bool
	Note      string // one line for a person: why only simulated, or what follows of it
	// Warnings are what a person should know before saying yes, a line each, such as that somebody else keeps the target as it is now
	// and will undo this.
	Warnings []string
	// Preview is the very text that somebody would get, where the action is to tell somebody something.
	Preview string
	// Members is the set that a Narrower found by itself, and would act on; nil if it has none, or has it as an argument.
	Members []string
	// Parts say what becomes of how many, where an action is about many targets that it does not name.
	Parts []Part
	// Missed is why what follows of the action is not known, which the note says too; nil if nothing is missing. Where it is
	// retryable, another prediction may know more. It is no reason against the action.
	Missed error
}

// A Part is what becomes of some of the many targets that an action is about, in a word, such as copied.
type Part struct {
	What  string `json:"what"`
	Count int    `json:"count"`
	Bytes int64  `json:"bytes,omitempty"`
}

// Evidence is what was seen of a target when an action was predicted: Apply acts only on what still matches it.
type Evidence struct {
	UID string         `json:"uid,omitempty"` // the target's identity in its system; empty if it has none
	Old map[string]any `json:"old,omitempty"` // old values of the fields the action writes, by path
}

// A Change is a difference in the state of one target. Before and After are its JSON objects as map[string]any; a nil Before
// means it did not exist, a nil After that it no longer does.
type Change struct {
	Target  Target
	Before  any
	After   any
	Derived bool // follows from the action instead of being its purpose: a replacement pod, a deleted namespace's content
	// Bookkeeping are the paths of fields that the system keeps for itself, such as metadata.generation. They belong to the state,
	// and are no news to a person.
	Bookkeeping []string
}

// A Result is what an applied action returned.
type Result struct {
	Value any    // what the call returns to the script
	Note  string // one line for a person, when there is more to say than "done"
}

// An Intent is what was written down before an action was sent.
type Intent struct {
	Description Description
	Evidence    Evidence
	Sent        time.Time
	// Members is the set that it was about, and Value what it was to return, where an earlier part of the run sent it.
	Members []string
	Value   any
}

// A Settlement is the answer to "did it happen?".
type Settlement int

// The answers that Settle can give.
const (
	Unknown Settlement = iota // nobody can tell: a person must look
	Done
	NotDone
	// SendAgain is that nobody can tell, and that it does no harm to send it again: the other side knows it by a key.
	SendAgain
)

func (s Settlement) String() string {
	return [...]string{"unknown", "done", "not done", "unknown, and harmless twice"}[s]
}

// A Label says how far a prediction can be trusted.
type Label string

// The labels, from the strongest to the weakest.
const (
	Validated Label = "validated" // the server accepted it
	Simulated Label = "simulated" // our own model of the system
	Assumed   Label = "assumed"   // nothing can know
)

// Risk says how much harm an action can do. Anything above Routine needs consent.
type Risk int

// The risks, from the least.
const (
	Routine     Risk = iota // leaves what is running alone
	Disruptive              // interrupts or changes something that runs, and can be undone
	Destructive             // loses something that cannot be brought back
)

func (r Risk) String() string {
	return [...]string{"routine", "disruptive", "destructive"}[r]
}
