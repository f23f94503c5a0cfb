package journal

import (
	"encoding/json"
	"time"

	"runbook/engine/action"
)

var (
	noon   = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	target = action.Target{System: "kubernetes", Kind: "pods", Scope: "photon-mlir", Name: "photon-compiler-0"}
)

func runRecord() *Record {
	return &Record{Time: noon, Kind: KindRun, Run: &Run{
		Format: Format, ID: testID, Version: "0.1.0", Runbook: "compiler-down", Mode: RealRun, Clock: noon,
		Params: map[string]any{"replicas": 5.0}, Site: map[string]string{"context": "prod"}, Steps: []string{"Check"},
		May: []string{"kubernetes.delete pods"},
	}}
}

func readRecord(result json.RawMessage) *Record {
	return &Record{Time: noon, Kind: KindRead, Key: "k",
		Call:    &Call{Verb: "kubernetes.get", Target: target, Where: "main.lua:3"},
		Outcome: &Outcome{Status: Done, Returned: Returned{Result: result}, Elapsed: time.Millisecond}}
}

func intentRecord() *Record {
	return &Record{Time: noon, Kind: KindIntent, Branch: "b/1",
		Call: &Call{Verb: "kubernetes.delete", Target: target, Risk: "disruptive"},
		Intent: &Intent{Number: 1, Label: action.Validated, Evidence: action.Evidence{UID: "u", Old: map[string]any{"a": "b"}},
			Changes: []Change{{Target: target, Op: "delete", Diff: "- <gone>\n"}}}}
}

func oneOfEachKind() []*Record {
	failure := &Error{Code: action.CodeConflict, Message: "changed", Target: target, Hint: "again",
		Where: "main.lua:4", Source: "x()"}
	return []*Record{
		runRecord(),
		{Time: noon, Kind: KindStep, Step: &Step{Number: 1, Name: "Check"}},
		{Time: noon, Kind: KindStepEnd, Step: &Step{Number: 1, Name: "Check", Status: Failed, Reason: "why", Elapsed: time.Second}},
		readRecord(json.RawMessage(`{"a":[1,null]}`)),
		{Time: noon, Kind: KindWait, Call: &Call{Verb: "kubernetes.wait", Target: target},
			Outcome: &Outcome{Status: Assumed, Note: "n"}},
		intentRecord(),
		{Time: noon, Kind: KindOutcome, Outcome: &Outcome{Status: Uncertain, Error: failure, Attempts: 2}},
		{Time: noon, Kind: KindHost, Host: &Host{Name: "time.now", Value: json.RawMessage(`1`)}},
		{Time: noon, Kind: KindConsent, Consent: &Consent{Scope: "run", Granted: true, By: "--yes"}},
		{Time: noon, Kind: KindAnswer, Answer: &Answer{Name: "n", Question: "q?", Value: json.RawMessage(`true`), By: "terminal"}},
		{Time: noon, Kind: KindShow, Show: &Show{Form: "table", Columns: []string{"a"}, Rows: [][]string{{"1"}}}},
		{Time: noon, Kind: KindAssume, Assume: &Assume{Name: "up", Assumed: "met", Choices: []string{"met", "timeout"}}},
		{Time: noon, Kind: KindWarning, Warning: &Warning{Text: "t", Hint: "h"}},
		{Time: noon, Kind: KindVerdict, Verdict: &Verdict{State: "degraded", Assumed: true}},
		{Time: noon, Kind: KindEnd, End: &End{Status: Failed, Exit: 1, Error: failure, Step: 1, Elapsed: time.Minute}},
	}
}
