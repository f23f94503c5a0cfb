// Package journal is the one record format of runbook: what happened in a run, in the order in which it happened.
//
// A run writes its records to an append-only file, one JSON object a line, and shows the same records on the screen; a plan, a
// replay and a resume read them again. Whatever a person can be told about a run is therefore in its journal, and nothing is told
// twice by two mechanisms. This package never decides anything and never talks to the outside world beyond its own directory.
// Read next: file.go for durability, engine/gate for who writes what, engine/screen for how it is shown.
package journal

import (
	"encoding/json"
	"time"

	"runbook/engine/action"
)

// Format is the version of the record format. It changes when a reader of an older version would misunderstand a record.
const Format = 1

// A Kind says which of a Record's parts is filled.
type Kind string

// The kinds of record.
const (
	KindRun     Kind = "run"      // first record: what runs, where, for whom
	KindSource  Kind = "source"   // one Lua file that the run is made of
	KindResume  Kind = "resume"   // the run was taken up again after it had died or failed
	KindStep    Kind = "step"     // a step begins
	KindStepEnd Kind = "step_end" // a step ended
	KindRead    Kind = "read"     // a read, with its result
	KindWait    Kind = "wait"     // a wait, with its outcome
	KindIntent  Kind = "intent"   // an action, before it is sent (real run) or instead of being sent (dry run)
	KindOutcome Kind = "outcome"  // what came of an intent
	KindHost    Kind = "host"     // a value that the host gave the script: time, randomness, the order of branches
	KindConsent Kind = "consent"  // a person, or a flag on a person's behalf, said yes or no
	KindAnswer  Kind = "answer"   // an answer to confirm or ask
	KindShow    Kind = "show"     // something the script shows: text, a table, checks, charts
	KindAssume  Kind = "assume"   // a dry run went on as if something held
	KindWarning Kind = "warning"  // something a person should know that stops nothing
	KindVerdict Kind = "verdict"  // the script's judgement of the site
	KindEnd     Kind = "end"      // last record, unless the run is resumed: how it ended
	KindTurn    Kind = "turn"     // in a plan: what follows is planned for the case that an assumption does not hold
	KindSeal    Kind = "seal"     // last record of a plan or cassette: its checksum
)

// A Record is one line of a journal. Kind says which of the pointers is set; Call goes with read, wait and intent.
type Record struct {
	Seq    int64     `json:"seq"`
	Time   time.Time `json:"time"`
	Kind   Kind      `json:"kind"`
	Branch string    `json:"branch,omitempty"` // path of parallel items, "" outside parallel
	Key    string    `json:"key,omitempty"`    // the operation: equal keys are the same operation of the same script

	// Recalled says that the record repeats one of an earlier part of the run, for those who show it: it stands in the journal.
	Recalled bool `json:"-"`
	// Lost says that the record's result did not survive the death of the machine.
	Lost bool `json:"-"`

	Run     *Run     `json:"run,omitempty"`
	Source  *Source  `json:"source,omitempty"`
	Resume  *Resume  `json:"resume,omitempty"`
	Step    *Step    `json:"step,omitempty"`
	Call    *Call    `json:"call,omitempty"`
	Intent  *Intent  `json:"intent,omitempty"`
	Outcome *Outcome `json:"outcome,omitempty"`
	Host    *Host    `json:"host,omitempty"`
	Consent *Consent `json:"consent,omitempty"`
	Answer  *Answer  `json:"answer,omitempty"`
	Show    *Show    `json:"show,omitempty"`
	Assume  *Assume  `json:"assume,omitempty"`
	Warning *Warning `json:"warning,omitempty"`
	Verdict *Verdict `json:"verdict,omitempty"`
	End     *End     `json:"end,omitempty"`
	Turn    *Turn    `json:"turn,omitempty"`
	Seal    *Seal    `json:"seal,omitempty"`
}

// A Mode is how a run treats actions.
type Mode string

// The modes.
const (
	DryRun  Mode = "dry-run"
	RealRun Mode = "run"
)

// Run says what runs, where, and for whom.
type Run struct {
	Format   int               `json:"format"`
	ID       string            `json:"id"`
	Version  string            `json:"version"` // of the program
	Runbook  string            `json:"runbook"`
	Path     string            `json:"path"`                // of the script
	Source   string            `json:"source"`              // where it was found: shipped, system, user, project, file
	Replaces string            `json:"replaces,omitempty"`  // where the one is that it hides
	Inherits map[string]string `json:"inherits,omitempty"`  // files that it required and its folder lacks: where each was found
	Digest   string            `json:"digest"`              // of the script and what it required
	Summary  string            `json:"summary"`             // one line, from its header
	Params   map[string]any    `json:"params"`              // after defaults
	Site     map[string]string `json:"site"`                // what identifies the site: context, server, namespace
	SiteFile string            `json:"site_file,omitempty"` // path of the site file, if there was one
	User     string            `json:"user"`                // on this machine
	Host     string            `json:"host"`                // this machine
	Mode     Mode              `json:"mode"`                //
	Steps    []string          `json:"steps"`               // their names, in order
	May      []string          `json:"may"`                 // what the script may change
	Clock    time.Time         `json:"clock"`               // the run's clock at its start, which a dry run then moves by itself
	Masked   []string          `json:"masked,omitempty"`    // names of parameters whose values are secret
	Given    map[string]string `json:"given,omitempty"`     // parameters as they were typed; of a secret one only the reference
	Plan     string            `json:"plan,omitempty"`      // checksum of the plan that the run applies
	Applies  *Applies          `json:"applies,omitempty"`

	// Replay says that the run only repeats a recording, for those who show it: it is written nowhere.
	Replay bool `json:"-"`
}

// Typed is what a person types for the runbook of the run.
func (r *Run) Typed() string {
	if r.Source == "file" {
		return r.Path
	}
	return r.Runbook
}

// Applies says which plan a run applies, and who made it.
type Applies struct {
	File string    `json:"file"` // as it was typed
	Run  string    `json:"run"`  // id of the rehearsal
	Made time.Time `json:"made"`
	User string    `json:"user"`
	Host string    `json:"host"`
}

// Source is one Lua file that the run is made of.
type Source struct {
	Name    string `json:"name"`              // as places in the script show it
	Library bool   `json:"library,omitempty"` // from the standard library, not the runbook's own
	Text    string `json:"text"`
}

// Resume says who took a run up again, and from where.
type Resume struct {
	User     string  `json:"user"`
	Host     string  `json:"host"`
	Version  string  `json:"version"`             // of the program
	FromStep int     `json:"from_step,omitempty"` // the step that was begun anew, 0 if none was
	Dropped  []int64 `json:"dropped,omitempty"`   // numbers of the earlier records that hold no longer: they are asked for again
	Kept     []int64 `json:"kept,omitempty"`      // numbers of records of a step begun anew that hold: actions not to be done twice
}

// Step is a step of the script, counted from 1. What the script left to on_exit is called in one more step after the last.
type Step struct {
	Number  int           `json:"number"`
	Name    string        `json:"name"`
	Status  Status        `json:"status,omitempty"` // on step_end
	Reason  string        `json:"reason,omitempty"` // why it was skipped or failed
	Elapsed time.Duration `json:"elapsed,omitempty"`
	CleanUp bool          `json:"clean_up,omitempty"` // what on_exit was given, in a step of its own
}

// A Status says how a step or a run ended.
type Status string

// The ways in which a step or a run ends.
const (
	OK          Status = "ok"
	Skipped     Status = "skipped"
	Failed      Status = "failed"
	Declined    Status = "declined"    // a person said no
	Refused     Status = "refused"     // policy said no
	Drifted     Status = "drift"       // not what was planned or recorded
	TimedOut    Status = "timeout"     //
	OutOfMemory Status = "memory"      //
	Interrupted Status = "interrupted" // a person or a signal stopped it
)

// Call is the operation that a record is about.
type Call struct {
	Verb     string        `json:"verb"`
	Target   action.Target `json:"target"`
	Identity []action.Arg  `json:"identity,omitempty"`
	Payload  []action.Arg  `json:"payload,omitempty"`
	Risk     string        `json:"risk,omitempty"`
	Where    string        `json:"where,omitempty"` // file:line of the call in the script

	Idempotent bool `json:"idempotent,omitempty"` // doing it twice is doing it once
}

// Intent is an action before it is sent. Result is what the call would return, should only a look at its target tell later that it
// was done.
type Intent struct {
	Number   int             `json:"number"` // of this action in the run, from 1
	Evidence action.Evidence `json:"evidence"`
	Label    action.Label    `json:"label"`
	Note     string          `json:"note,omitempty"`
	Warnings []string        `json:"warnings,omitempty"`
	Members  []string        `json:"members,omitzero"` // of the set that the action found by itself
	Parts    []action.Part   `json:"parts,omitempty"`  // what becomes of how many, where it is about many that are not named

	Unchanged bool `json:"unchanged,omitempty"` // the target is as wanted already: nothing is sent
	Made      bool `json:"made,omitempty"`      // in a dry run: the target exists only because the run makes it, so nothing is known of it

	MayFail    bool `json:"may_fail,omitempty"`   // the script goes on where it fails
	Repeatable bool `json:"repeatable,omitempty"` // a plan holds it to neither number nor place: see action.Tolerated

	Changes []Change `json:"changes,omitempty"`
	Preview string   `json:"preview,omitempty"` // the very text that somebody would get
	Returned
}

// Returned is what a call returns to the script. A large one stands in a file beside the journal and Ref names it.
type Returned struct {
	Value  any             `json:"-"`                // before it is encoded: a File streams it into Result or, if large, Ref
	Result json.RawMessage `json:"result,omitempty"` //
	Ref    string          `json:"ref,omitempty"`    //
	Table  bool            `json:"table,omitempty"`  // its objects are tables of the script's own, not read-only objects
	Masked bool            `json:"masked,omitempty"` // there were secrets in it
	Sealed bool            `json:"sealed,omitempty"` // they are values that never print, and each is a text of its own
}

// Change is a difference in the state of a target. Diff is for people; Before and After are kept out of the record where the
// diff says it all.
type Change struct {
	Target  action.Target `json:"target"`
	Op      string        `json:"op"` // create, update, delete
	Diff    string        `json:"diff,omitempty"`
	Derived bool          `json:"derived,omitempty"`
}

// Outcome is what came of a read, a wait or an action.
type Outcome struct {
	Status string `json:"status"` // done, intended, failed, uncertain, unchanged, met, assumed
	Returned
	Note     string        `json:"note,omitempty"`
	Error    *Error        `json:"error,omitempty"`
	Attempts int           `json:"attempts,omitempty"` // how often it was sent, or, for a wait, looked at
	Elapsed  time.Duration `json:"elapsed,omitempty"`

	Tolerated bool `json:"tolerated,omitempty"` // it failed, and the script got a result that says so instead of an error
}

// The outcomes.
const (
	Done      = "done"      // carried out, or read
	Intended  = "intended"  // a dry run would have carried it out
	NotDone   = "failed"    // known not to have happened
	Uncertain = "uncertain" // sent, and nobody knows
	Unchanged = "unchanged" // not sent: the target was as wanted already
	Met       = "met"       // a wait's condition held
	Assumed   = "assumed"   // a dry run went on as if a wait's condition held
)

// Error is a failure as it is written down and shown.
type Error struct {
	Code      action.Code   `json:"code"`
	Message   string        `json:"message"`
	Target    action.Target `json:"target,omitzero"`
	Hint      string        `json:"hint,omitempty"`
	Retryable bool          `json:"retryable,omitempty"`
	Where     string        `json:"where,omitempty"`  // file:line
	Source    string        `json:"source,omitempty"` // that line
}

// Host is a value that the host gave the script.
type Host struct {
	Name  string          `json:"name"` // "time.now", "math.random", "operator", "remember", "sleep", "parallel", "on_exit"
	Value json.RawMessage `json:"value"`

	Failed bool `json:"failed,omitempty"` // of parallel: an error ended the group
}

// Consent is a yes or no to an action, or to the run as a whole.
type Consent struct {
	Scope   string `json:"scope"`          // action, step, run
	Step    string `json:"step,omitempty"` // its name, for the scope step
	Granted bool   `json:"granted"`        //
	By      string `json:"by"`             // "terminal", "--yes"
}

// Answer is what was answered to confirm or ask.
type Answer struct {
	Name     string          `json:"name,omitempty"` // of the parameter that answers it, for ask
	Question string          `json:"question"`
	Value    json.RawMessage `json:"value"`
	By       string          `json:"by"` // "terminal", "--yes", "-p", "dry run"
}

// Assume is something that a dry run could not know and went on without.
type Assume struct {
	Name    string   `json:"name"`              // "service available"
	Assumed string   `json:"assumed"`           // "met", "yes", or the choice
	Choices []string `json:"choices,omitempty"` // what it could have been
	Detail  string   `json:"detail,omitempty"`  // what was seen instead
}

// Warning is something a person should know that stops nothing.
type Warning struct {
	Text string `json:"text"`
	Hint string `json:"hint,omitempty"`
}

// Verdict is the script's judgement of the site.
type Verdict struct {
	State   string `json:"state"` // healthy, degraded, down, unknown
	Reason  string `json:"reason,omitempty"`
	Assumed bool   `json:"assumed,omitempty"` // rests on something a dry run assumed or intended
}

// End says how the run ended.
type End struct {
	Status  Status        `json:"status"`
	Exit    int           `json:"exit"`
	Error   *Error        `json:"error,omitempty"`
	Step    int           `json:"step,omitempty"` // the step in which it ended early
	Actions int           `json:"actions"`        // done, or intended in a dry run
	Elapsed time.Duration `json:"elapsed"`
}

// Turn begins a part of a plan that is planned for the case that an assumption does not hold: the actions of the whole run then,
// those before the assumption included.
type Turn struct {
	Name   string `json:"name"`   // of the assumption
	Choice string `json:"choice"` // what is the case instead: "timeout", "failed" of an action, or another answer
}

// Seal ends a plan or a cassette.
type Seal struct {
	Kind    string `json:"kind"`    // plan, cassette
	SHA256  string `json:"sha256"`  // of all bytes before this line, in hexadecimal
	Records int64  `json:"records"` // lines before this one
}
