package screen

import (
	"encoding/json"
	"io"
	"strings"
	"sync"

	"runbook/engine/journal"
)

// Document is a journal.Sink that collects a run and writes it as one Report. It is safe for concurrent use.
type Document struct {
	mu      sync.Mutex
	w       io.Writer
	report  Report
	ledger  ledger
	step    *StepReport
	written bool
}

var _ journal.Sink = (*Document)(nil)

// NewDocument makes a Document that writes to w, once, at Close: a reader that is slow must not hold up the last record.
func NewDocument(w io.Writer) *Document {
	return &Document{w: w, ledger: newLedger(), report: Report{
		Schema: Schema, Status: Incomplete, Exit: exitFailed, Site: map[string]string{}, Params: map[string]any{},
		Steps: []*StepReport{}, Assumptions: []AssumptionReport{}, Answers: []AnswerReport{}, Warnings: []WarningReport{}, Commands: []string{}, Resumed: []ResumeReport{},
	}}
}

// exitFailed is what stands for the exit code of a run that had no end.
const exitFailed = 1

// Close writes the document. Closing again does nothing.
func (d *Document) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.write()
}

// Write collects one record.
func (d *Document) Write(r *journal.Record) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ledger.note(r)
	d.collect(r)
	if !d.report.Started.IsZero() && r.End == nil {
		d.report.Elapsed = r.Time.Sub(d.report.Started).Seconds() // so far, should the end never come
	}
	return nil
}

func (d *Document) collect(r *journal.Record) {
	switch r.Kind {
	case journal.KindRun:
		d.begin(r)
	case journal.KindResume:
		d.report.Resumed = append(d.report.Resumed, ResumeReport{r.Time, r.Resume.User, r.Resume.Host, r.Resume.Version, r.Resume.FromStep})
	case journal.KindStep:
		d.enter(r.Step)
	case journal.KindStepEnd:
		d.enter(r.Step)
		d.step.Status, d.step.Reason, d.step.Elapsed = r.Step.Status, r.Step.Reason, r.Step.Elapsed.Seconds()
	case journal.KindRead:
		d.current().Reads++
		d.report.Summary.Reads++
	case journal.KindWait:
		d.wait(r)
	case journal.KindIntent, journal.KindOutcome:
		d.current() // where finish puts the action
	case journal.KindShow:
		d.current().Shows = append(d.current().Shows, ShowReport{r.Branch, r.Show})
	case journal.KindAssume:
		d.report.Assumptions = append(d.report.Assumptions, AssumptionReport{d.number(), r.Branch, r.Assume})
	case journal.KindAnswer:
		a := r.Answer
		d.report.Answers = append(d.report.Answers, AnswerReport{d.number(), a.Name, a.Question, a.Value, a.By})
	case journal.KindWarning:
		d.report.Warnings = append(d.report.Warnings, WarningReport{d.number(), r.Warning})
	case journal.KindEnd:
		d.report.Status, d.report.Exit, d.report.Error = r.End.Status, r.End.Exit, r.End.Error
		d.report.Elapsed = r.End.Elapsed.Seconds()
	}
}

func (d *Document) begin(r *journal.Record) {
	run, p := r.Run, &d.report
	p.Runbook, p.Path, p.Digest, p.Version, p.ID, p.Mode = run.Runbook, run.Path, run.Digest, run.Version, run.ID, run.Mode
	p.Source, p.Replaces, p.Inherits = run.Source, run.Replaces, run.Inherits
	p.User, p.Host, p.Started, p.Replay, p.Plan = run.User, run.Host, r.Time, run.Replay, run.Applies
	if run.Site != nil {
		p.Site = run.Site
	}
	if run.Params != nil {
		p.Params = run.Params
	}
	for i, name := range run.Steps {
		p.Steps = append(p.Steps, newStep(i+1, name, NotReached))
	}
}

func newStep(number int, name string, status journal.Status) *StepReport {
	return &StepReport{Number: number, Name: name, Status: status, Shows: []ShowReport{}, Waits: []WaitReport{}, Actions: []ActionReport{}}
}

// enter makes a step the current one; it is incomplete until its end is told.
func (d *Document) enter(s *journal.Step) {
	if d.step = d.find(s.Number); d.step == nil {
		d.step = newStep(s.Number, s.Name, Incomplete)
		d.report.Steps = append(d.report.Steps, d.step)
	}
	d.step.Status = Incomplete
}

func (d *Document) find(number int) *StepReport {
	for _, s := range d.report.Steps {
		if s.Number == number {
			return s
		}
	}
	return nil
}

// current is the step under way, or the last; the one with the number 0 before the first.
func (d *Document) current() *StepReport {
	if d.step == nil {
		d.step = newStep(0, "", journal.OK)
		d.report.Steps = append([]*StepReport{d.step}, d.report.Steps...)
	}
	return d.step
}

func (d *Document) number() int {
	if d.step == nil {
		return 0
	}
	return d.step.Number
}

func (d *Document) wait(r *journal.Record) {
	step := d.current()
	step.Waits = append(step.Waits, WaitReport{
		Branch: r.Branch, Verb: r.Call.Verb, Target: r.Call.Target,
		Outcome: r.Outcome.Status, Detail: r.Outcome.Note, Elapsed: r.Outcome.Elapsed.Seconds(), Error: r.Outcome.Error,
	})
}

// finish adds what is only known at the end: what came of the actions, and the counts.
func (d *Document) finish() {
	summary := &d.report.Summary
	for _, e := range d.ledger.entries {
		step := d.find(e.step)
		step.Actions = append(step.Actions, d.action(e))
	}
	summary.Intended, summary.Done = len(d.ledger.with(journal.Intended)), len(d.ledger.with(journal.Done))
	summary.Failed, summary.Uncertain = len(d.ledger.with(journal.NotDone)), len(d.ledger.with(journal.Uncertain))
	summary.Unchanged = len(d.ledger.with(journal.Unchanged))
	summary.Assumptions = d.ledger.assumed
	d.report.Commands = append(d.report.Commands, d.ledger.commands.order...)
	d.report.Verdict = d.ledger.verdict
}

func (d *Document) action(e *entry) ActionReport {
	call, intent := e.intent.Call, e.intent.Intent
	report := ActionReport{
		Number: intent.Number, Key: e.intent.Key, Branch: e.intent.Branch, Verb: call.Verb, Target: call.Target,
		Identity: orEmpty(call.Identity), Payload: orEmpty(call.Payload), Risk: call.Risk, Label: intent.Label, Where: call.Where,
		Note: intent.Note, Warnings: orEmpty(intent.Warnings), Changes: orEmpty(intent.Changes), Outcome: d.ledger.status(e), Attempts: 1,
		Preview: intent.Preview,
		Again:   e.again && len(d.report.Resumed) > 0,
	}
	if o := e.outcome; o != nil {
		report.Attempts, report.Elapsed, report.Error = max(o.Attempts, 1), o.Elapsed.Seconds(), o.Error
		report.Tolerated = o.Tolerated
		report.Note = strings.TrimPrefix(with(intent.Note, "; ", o.Note), "; ")
	}
	return report
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func (d *Document) write() error {
	if d.written {
		return nil
	}
	d.written = true
	d.finish()
	enc := json.NewEncoder(d.w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(&d.report)
}
