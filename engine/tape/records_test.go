package tape

import (
	"runbook/engine/action"
	"runbook/engine/journal"
)

// journalOf numbers records behind the first one of a run with two steps.
func journalOf(records ...*journal.Record) []*journal.Record {
	out := []*journal.Record{{Kind: journal.KindRun, Run: &journal.Run{ID: "r", Runbook: "test", Steps: []string{"One", "Two"}}}}
	out = append(out, records...)
	for i, r := range out {
		r.Seq = int64(i) + 1
	}
	return out
}

var failure = &journal.Error{Code: action.CodeUnavailable, Message: "no route to host"}

func call(kind journal.Kind, key string) *journal.Record {
	return &journal.Record{Kind: kind, Key: key, Call: &journal.Call{Verb: "test.do", Target: action.Target{System: "test", Kind: "things", Name: key}}}
}

func read(key string) *journal.Record {
	r := call(journal.KindRead, key)
	r.Outcome = &journal.Outcome{Status: journal.Done}
	return r
}

func failedRead(key string) *journal.Record {
	r := call(journal.KindRead, key)
	r.Outcome = &journal.Outcome{Status: journal.NotDone, Error: failure}
	return r
}

func wait(key string, looks int) *journal.Record {
	r := call(journal.KindWait, key)
	r.Outcome = &journal.Outcome{Status: journal.Met, Attempts: looks}
	return r
}

func intent(key string) *journal.Record {
	r := call(journal.KindIntent, key)
	r.Intent = &journal.Intent{Number: 1}
	return r
}

func outcome(key, status string) *journal.Record {
	r := call(journal.KindOutcome, key)
	r.Outcome = &journal.Outcome{Status: status}
	if status == journal.NotDone || status == journal.Uncertain {
		r.Outcome.Error = failure
	}
	return r
}

func consent(key string, granted bool) *journal.Record {
	r := call(journal.KindConsent, key)
	r.Consent = &journal.Consent{Scope: "action", Granted: granted, By: "terminal"}
	return r
}

func host(name string) *journal.Record {
	return &journal.Record{Kind: journal.KindHost, Host: &journal.Host{Name: name}}
}

// stopped is a group of branches that an error ended.
func stopped() *journal.Record {
	return &journal.Record{Kind: journal.KindHost, Host: &journal.Host{Name: "parallel", Failed: true}}
}

func answer(question string) *journal.Record {
	return &journal.Record{Kind: journal.KindAnswer, Answer: &journal.Answer{Question: question}}
}

func show() *journal.Record { return &journal.Record{Kind: journal.KindShow, Show: &journal.Show{}} }

func step(number int) *journal.Record {
	return &journal.Record{Kind: journal.KindStep, Step: &journal.Step{Number: number}}
}

func stepEnd(number int, status journal.Status) *journal.Record {
	return &journal.Record{Kind: journal.KindStepEnd, Step: &journal.Step{Number: number, Status: status}}
}

func cleanUps() *journal.Record {
	return &journal.Record{Kind: journal.KindStep, Step: &journal.Step{Number: 3, CleanUp: true}}
}

func end(status journal.Status, number int) *journal.Record {
	return &journal.Record{Kind: journal.KindEnd, End: &journal.End{Status: status, Step: number}}
}

func resumed(dropped, kept []int64) *journal.Record {
	return &journal.Record{Kind: journal.KindResume, Resume: &journal.Resume{Dropped: dropped, Kept: kept}}
}

func in(branch string, r *journal.Record) *journal.Record {
	r.Branch = branch
	return r
}

func lost(r *journal.Record) *journal.Record {
	r.Lost = true
	return r
}

func idempotent(r *journal.Record) *journal.Record {
	r.Call.Idempotent = true
	return r
}

func unchanged(r *journal.Record) *journal.Record {
	r.Intent.Unchanged = true
	return r
}

// on lets an action be on another target than one of its own.
func on(target string, r *journal.Record) *journal.Record {
	r.Call.Target.Name = target
	return r
}
