package screen

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// A tape is a list of records, as a run writes them.
type tape struct {
	records []*journal.Record
	clock   time.Time
}

func newTape(mode journal.Mode) *tape {
	t := &tape{clock: time.Date(2026, 11, 23, 3, 12, 0, 0, time.UTC)}
	return t.add(journal.Record{Kind: journal.KindRun, Run: &journal.Run{
		Format: journal.Format, ID: "20261123-0312-k7", Version: "1.0", Runbook: "compiler-down",
		Path: "compiler-down/runbook.lua", Source: "shipped", Digest: "sha256:9f2c",
		Summary: "Find and restart failing compiler pods; scale up or roll back if that is not enough",
		Params:  map[string]any{"service": "photon-compiler", "replicas": 5, "token": "[secret]"}, Masked: []string{"token"},
		Site: map[string]string{"context": "prod-eu", "namespace": "photon-mlir", "server": "https://10.0.0.1:6443"},
		User: "ines", Host: "laptop", Mode: mode,
		Steps: []string{"Check service status", "Restart failed pods", "Scale up", "Tell the team"},
	}})
}

func (t *tape) add(r journal.Record) *tape {
	t.clock = t.clock.Add(100 * time.Millisecond)
	r.Seq, r.Time = int64(len(t.records)+1), t.clock
	t.records = append(t.records, &r)
	return t
}

func (t *tape) step(number int, name string) *tape {
	return t.add(journal.Record{Kind: journal.KindStep, Step: &journal.Step{Number: number, Name: name}})
}

func (t *tape) stepEnd(number int, name string, status journal.Status, reason string) *tape {
	return t.add(journal.Record{Kind: journal.KindStepEnd, Step: &journal.Step{
		Number: number, Name: name, Status: status, Reason: reason, Elapsed: 1200 * time.Millisecond,
	}})
}

func (t *tape) show(s journal.Show) *tape {
	return t.add(journal.Record{Kind: journal.KindShow, Show: &s})
}

func (t *tape) read(branch, verb string, target action.Target, argv ...string) *tape {
	call := &journal.Call{Verb: verb, Target: target}
	if argv != nil {
		call.Identity = []action.Arg{{Name: "argv", Value: argv}}
	}
	return t.add(journal.Record{Kind: journal.KindRead, Branch: branch, Call: call, Outcome: &journal.Outcome{Status: journal.Done}})
}

// An act is an action with what came of it.
type act struct {
	number  int
	branch  string
	call    journal.Call
	intent  journal.Intent
	outcome *journal.Outcome
}

func (t *tape) intent(a act) *tape {
	a.intent.Number = a.number
	a.call.Where = "compiler-down/runbook.lua:31"
	return t.add(journal.Record{Kind: journal.KindIntent, Branch: a.branch, Key: a.key(), Call: &a.call, Intent: &a.intent})
}

func (t *tape) act(a act) *tape {
	t.intent(a)
	return t.add(journal.Record{Kind: journal.KindOutcome, Branch: a.branch, Key: a.key(), Call: &a.call, Outcome: a.outcome})
}

func (a act) key() string { return a.branch + a.call.Verb + a.call.Target.Key() }

func (a act) with(o journal.Outcome) act {
	a.outcome = &o
	return a
}

func (a act) done() act {
	return a.with(journal.Outcome{Status: journal.Done, Elapsed: 230 * time.Millisecond})
}

func (a act) intended() act { return a.with(journal.Outcome{Status: journal.Intended}) }

func pod(name string) action.Target {
	return action.Target{System: "kubernetes", Kind: "pods", Scope: "photon-mlir", Name: name}
}

func deployment() action.Target {
	return action.Target{System: "kubernetes", Kind: "deployments.apps", Scope: "photon-mlir", Name: "photon-compiler"}
}

func deletion(number int, name string) act {
	return act{
		number: number,
		call:   journal.Call{Verb: "kubernetes.delete", Target: pod(name), Risk: action.Disruptive.String()},
		intent: journal.Intent{Label: action.Validated, Changes: []journal.Change{
			{Target: pod(name), Op: "delete"}, {Target: pod("photon-compiler-new"), Op: "create", Derived: true},
		}},
	}
}

func scaling(number int) act {
	return act{
		number: number,
		call: journal.Call{
			Verb: "kubernetes.scale", Target: deployment(), Risk: action.Disruptive.String(),
			Identity: []action.Arg{{Name: "replicas", Value: 5}},
		},
		intent: journal.Intent{Label: action.Validated, Changes: []journal.Change{
			{Target: deployment(), Op: "update", Diff: "@@ -12,5 +12,5 @@\n spec:\n   progressDeadlineSeconds: 600\n-  replicas: 3\n+  replicas: 5\n   selector:\n"},
			{Target: pod("a"), Op: "create", Derived: true}, {Target: pod("b"), Op: "create", Derived: true},
		}},
	}
}

func message(number int) act {
	return act{
		number: number,
		call: journal.Call{
			Verb: "notify.send", Target: action.Target{System: "notify", Kind: "receiver", Name: "hardware-team"}, Risk: action.Routine.String(),
			Payload: []action.Arg{{Name: "text", Value: "photon-compiler was restarted"}},
		},
		intent: journal.Intent{Label: action.Simulated, Note: "Slack cannot be asked beforehand"},
	}
}

func (t *tape) wait(outcome journal.Outcome) *tape {
	call := &journal.Call{Verb: "kubernetes.wait", Target: deployment()}
	return t.add(journal.Record{Kind: journal.KindWait, Key: "wait", Call: call, Outcome: &outcome})
}

func (t *tape) end(e journal.End) *tape {
	e.Elapsed = 72 * time.Second
	return t.add(journal.Record{Kind: journal.KindEnd, End: &e})
}

func podTable() journal.Show {
	return journal.Show{Form: "table", Columns: []string{"name", "ready", "status", "restarts", "age"}, Rows: [][]string{
		{"photon-compiler-7d9f8b6c5-x2x4z", "0/1", "CrashLoopBackOff", "17", "3h"},
		{"photon-compiler-7d9f8b6c5-m8k2p", "0/1", "OOMKilled", "4", "3h"},
		{"photon-compiler-7d9f8b6c5-q9r7t", "1/1", "Running", "0", "12d"},
	}}
}

// rehearsal is a dry run that goes well.
func rehearsal() *tape {
	t := newTape(journal.DryRun)
	t.step(1, "Check service status").read("", "kubernetes.list", pod("")).show(podTable()).stepEnd(1, "Check service status", journal.OK, "")
	t.step(2, "Restart failed pods")
	t.act(deletion(1, "photon-compiler-7d9f8b6c5-x2x4z").intended()).act(deletion(2, "photon-compiler-7d9f8b6c5-m8k2p").intended())
	t.read("", "host.run", action.Target{System: "host", Kind: "command"}, "df", "-h", "/var/cache")
	t.stepEnd(2, "Restart failed pods", journal.OK, "")
	t.step(3, "Scale up").act(scaling(3).intended())
	t.add(journal.Record{Kind: journal.KindAssume, Call: &journal.Call{Verb: "kubernetes.wait", Target: deployment()}, Assume: &journal.Assume{
		Name: "kubernetes.wait deployments/photon-compiler in photon-mlir", Assumed: "met", Choices: []string{"met", "timeout"}, Detail: "2 of 5 replicas available",
	}})
	t.wait(journal.Outcome{Status: journal.Assumed, Note: "2 of 5 replicas available"})
	t.add(journal.Record{Kind: journal.KindAnswer, Answer: &journal.Answer{Question: "Does it compile again?", Value: json.RawMessage("true"), By: "dry run"}})
	t.add(journal.Record{Kind: journal.KindAssume, Assume: &journal.Assume{Name: "Does it compile again?", Assumed: "yes", Choices: []string{"yes", "no"}}})
	t.stepEnd(3, "Scale up", journal.OK, "")
	t.step(4, "Tell the team").act(message(4).intended()).stepEnd(4, "Tell the team", journal.OK, "")
	t.add(journal.Record{Kind: journal.KindVerdict, Verdict: &journal.Verdict{State: "healthy", Reason: "5 of 5 replicas available", Assumed: true}})
	return t.end(journal.End{Status: journal.OK, Actions: 4})
}

// forbidden is a real run that fails in its third step, after two deletions.
func forbidden() *tape {
	t := newTape(journal.RealRun)
	t.add(journal.Record{Kind: journal.KindWarning, Warning: &journal.Warning{
		Text: "you may not patch deployments/scale in photon-mlir: a step that needs this will fail",
		Hint: "runbook show compiler-down lists what it may change",
	}})
	t.step(1, "Check service status").stepEnd(1, "Check service status", journal.OK, "")
	t.step(2, "Restart failed pods")
	t.act(deletion(1, "photon-compiler-7d9f8b6c5-x2x4z").done()).act(deletion(2, "photon-compiler-7d9f8b6c5-m8k2p").done())
	t.wait(journal.Outcome{Status: journal.Met, Note: "3 of 3 replicas available", Elapsed: 32 * time.Second})
	t.stepEnd(2, "Restart failed pods", journal.OK, "")
	refusal := &journal.Error{
		Code:    action.CodeForbidden,
		Message: `kubernetes.scale deployments/photon-compiler in photon-mlir: deployments.apps "photon-compiler" is forbidden: User "oncall" cannot patch resource "deployments/scale" in API group "apps" in the namespace "photon-mlir"`,
		Target:  deployment(), Hint: `ask for the Role that "runbook rbac compiler-down" prints`,
		Where: "compiler-down/runbook.lua:42", Source: "    kubernetes.scale(deployment, run.params.replicas)",
	}
	t.step(3, "Scale up").act(scaling(3).with(journal.Outcome{Status: journal.NotDone, Error: refusal, Elapsed: 90 * time.Millisecond}))
	t.stepEnd(3, "Scale up", journal.Failed, refusal.Message)
	return t.end(journal.End{Status: journal.Failed, Exit: 1, Error: refusal, Step: 3, Actions: 3})
}

// interrupted is a real run of very many actions whose last was cut off.
func interrupted() *tape {
	t := newTape(journal.RealRun).step(1, "Restart failed pods")
	for i := range 23 {
		t.act(deletion(i+1, fmt.Sprintf("photon-compiler-%d", i)).done())
	}
	unknown := &journal.Error{Code: action.CodeUncertain, Message: "nobody knows"}
	t.act(scaling(24).with(journal.Outcome{Status: journal.Uncertain, Error: unknown, Elapsed: 2 * time.Second}))
	t.stepEnd(1, "Restart failed pods", journal.Interrupted, "nobody knows")
	return t.end(journal.End{Status: journal.Interrupted, Exit: 130, Step: 1, Actions: 23, Error: &journal.Error{
		Code: action.CodeInterrupted, Message: "interrupted by Ctrl-C",
	}})
}

// failedRehearsal is a dry run that fails after its first action.
func failedRehearsal() *tape {
	t := newTape(journal.DryRun)
	t.step(1, "Check service status").stepEnd(1, "Check service status", journal.OK, "")
	t.step(2, "Restart failed pods").act(deletion(1, "photon-compiler-7d9f8b6c5-x2x4z").intended())
	missing := &journal.Error{Code: action.CodeNotFound, Message: "deployments/photon-compiler in photon-mlir does not exist", Where: "compiler-down/runbook.lua:42"}
	t.stepEnd(2, "Restart failed pods", journal.Failed, missing.Message)
	return t.end(journal.End{Status: journal.Failed, Exit: 1, Error: missing, Step: 2, Actions: 1})
}

// play writes the records and closes the sink.
func play(t *testing.T, sink interface {
	journal.Sink
	Close() error
}, records []*journal.Record) {
	t.Helper()
	for _, r := range records {
		if err := sink.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.Close(); err != nil {
		t.Fatal(err)
	}
}
