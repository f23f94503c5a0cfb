package screen

import (
	"fmt"
	"slices"

	"github.com/tidwall/gjson"

	"runbook/engine/action"
	"runbook/engine/command"
	"runbook/engine/journal"
	"runbook/engine/machine"
)

// A ledger keeps what the summary of a run needs of its records: which actions came to what, what was assumed, how steps ended.
type ledger struct {
	run      *journal.Run
	step     *journal.Step // the current one, or the last
	broken   *journal.Step // the last one that ended neither well nor skipped
	entries  []*entry      // the actions, in order
	open     map[string]*entry
	commands tallied // that a dry run really ran
	assumed  int
	verdict  *journal.Verdict
	end      *journal.End
	trail    trail
}

// An entry is one action of the run.
type entry struct {
	step    int              // its number, 0 before the first
	intent  *journal.Record  // with Call and Intent
	outcome *journal.Outcome // nil as long as it is not known
	again   bool             // it is only repeated, from an earlier part of the run
}

func newLedger() ledger { return ledger{run: &journal.Run{}, open: map[string]*entry{}} }

func (l *ledger) isDry() bool { return l.run.Mode == journal.DryRun }

// note enters a record.
func (l *ledger) note(r *journal.Record) {
	if !l.isDry() && !l.run.Replay {
		l.trail.note(r)
	}
	switch r.Kind {
	case journal.KindRun:
		l.run = r.Run
	case journal.KindStep:
		l.step = r.Step
	case journal.KindStepEnd:
		if r.Step.Status != journal.OK && r.Step.Status != journal.Skipped {
			l.broken = r.Step
		}
	case journal.KindRead:
		if ran(r.Call.Target, r.Outcome) {
			l.looked(r.Call.Target, r.Call.Identity, action.Argv)
		}
	case journal.KindAssume:
		l.assumed++
	case journal.KindVerdict:
		l.verdict = r.Verdict
	case journal.KindEnd:
		l.end = r.End
	case journal.KindWait:
		l.looked(r.Call.Target, r.Call.Identity, action.Argv)
	case journal.KindIntent:
		l.looked(r.Call.Target, r.Call.Payload, action.LooksBy)
		l.enter(r)
	case journal.KindOutcome:
		l.settle(r)
	}
}

// settle enters what came of an action. The intent of one that a resumed run settles stands in the part of the journal before.
func (l *ledger) settle(r *journal.Record) {
	e := l.open[r.Key]
	if e == nil && r.Call != nil {
		l.looked(r.Call.Target, r.Call.Payload, action.LooksBy)
		e = l.enter(&journal.Record{Key: r.Key, Branch: r.Branch, Call: r.Call, Intent: &journal.Intent{}})
	}
	if e != nil {
		e.outcome, e.again = r.Outcome, r.Recalled
	}
}

func (l *ledger) enter(intent *journal.Record) *entry {
	e := &entry{intent: intent}
	if l.step != nil {
		e.step = l.step.Number
	}
	l.entries, l.open[intent.Key] = append(l.entries, e), e
	return e
}

// status is what is known of an action: what was sent without an answer is uncertain.
func (l *ledger) status(e *entry) string {
	switch {
	case e.outcome != nil:
		return e.outcome.Status
	case l.isDry():
		return journal.Intended
	}
	return journal.Uncertain
}

func (l *ledger) with(status string) []*entry {
	var found []*entry
	for _, e := range l.entries {
		if l.status(e) == status {
			found = append(found, e)
		}
	}
	return found
}

// tallied counts equal texts, in the order in which they were first seen.
type tallied struct {
	order []string
	count map[string]int
}

func (t *tallied) add(text string) {
	if text == "" {
		return
	}
	if t.count == nil {
		t.count = map[string]int{}
	}
	if t.count[text]++; t.count[text] == 1 {
		t.order = append(t.order, text)
	}
}

// ran tells whether a read was really made: not where there was nothing to ask, and not where the second wall stood before it. What is not
// found of a device is so by its tool's word, mostly: that one is told of rather once too often.
func ran(of action.Target, o *journal.Outcome) bool {
	switch {
	case o == nil:
		return true
	case o.Error == nil:
	case o.Error.Code == action.CodeRefused, o.Error.Code == action.CodeNotFound && of.System != "device":
		return false
	}
	if value, live := o.Value.(map[string]any); live {
		return value[command.AssumedField] != true
	}
	return !gjson.GetBytes(o.Result, command.AssumedField).Bool()
}

// looked notes the commands of an operation that only looked, which it has in arguments of that name.
func (l *ledger) looked(about action.Target, args []action.Arg, name string) {
	for _, arg := range args {
		on := about
		if host, several := action.MachineOfArgv(arg.Name); several && name == action.Argv {
			on.Scope = host
		} else if arg.Name != name {
			continue
		}
		l.commands.add(placed(commandLine(arg.Value), on))
	}
}

// onMachines are the systems whose targets are on machines.
var onMachines = []string{"host", "device"}

// placed is a command with the host that it ran on, where that is another machine than the run's.
func placed(line string, t action.Target) string {
	if line == "" || !slices.Contains(onMachines, t.System) || t.Scope == "" || t.Scope == machine.Local {
		return line
	}
	return line + " (on " + clean(t.Scope) + ")"
}

// commandLine is a command for a person; empty for what is none.
func commandLine(value any) string {
	switch argv := value.(type) {
	case []string:
		return clean(command.Line(argv))
	case []any: // read back from a journal
		words := make([]string, len(argv))
		for i, word := range argv {
			words[i] = fmt.Sprint(word)
		}
		return clean(command.Line(words))
	}
	return ""
}

// partly are the actions that failed and changed something all the same.
func (l *ledger) partly() (found []*entry) {
	for _, e := range l.with(journal.NotDone) {
		if e.outcome.Note != "" {
			found = append(found, e)
		}
	}
	return found
}
