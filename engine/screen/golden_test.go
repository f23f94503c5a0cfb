package screen

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

var update = flag.Bool("update", false, "write the screens in testdata anew")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func columns(n int) func() int { return func() int { return n } }

// branches is a run whose third step works on three devices at once.
func branches() *tape {
	t := newTape(journal.RealRun)
	reset := func(number int, device string) act {
		return act{number: number, branch: device, call: journal.Call{
			Verb: "device.reset", Target: action.Target{System: "device", Kind: "device", Name: device}, Risk: action.Destructive.String(),
			Identity: []action.Arg{{Name: "mode", Value: "soft"}},
		}}
	}
	t.step(1, "Reset devices")
	t.read("envise-0", "device.status", action.Target{System: "device", Kind: "device", Name: "envise-0"})
	t.intent(reset(1, "envise-0")).intent(reset(2, "envise-1"))
	t.add(journal.Record{Kind: journal.KindShow, Branch: "mit-array-7", Show: &journal.Show{
		Form: "pairs", Title: "Calibration", Rows: [][]string{{"bias", "0.7 V"}, {"temperature", "41 °C"}},
	}})
	for i, device := range []string{"envise-1", "envise-0"} {
		a := reset(2-i, device).done()
		t.add(journal.Record{Kind: journal.KindOutcome, Branch: device, Key: a.key(), Call: &a.call, Outcome: a.outcome})
	}
	t.stepEnd(1, "Reset devices", journal.OK, "")
	t.step(2, "Escalate").stepEnd(2, "Escalate", journal.Skipped, "every device answers again")
	t.add(journal.Record{Kind: journal.KindVerdict, Verdict: &journal.Verdict{State: "degraded", Reason: "mit-array-7 runs hot"}})
	return t.end(journal.End{Status: journal.OK, Exit: 10, Actions: 2})
}

// hostile is a run on a site that tries to draw on the terminal.
func hostile() *tape {
	const evil = "\x1b]0;pwned\x07\x1b[2J\x1b[1A\rDone\u202eevas\u009b31m \xff\xfe\x7f"
	t := newTape(journal.RealRun)
	t.records[0].Run.Site["context"] = "a\x1b[1A\nb"
	t.step(1, evil)
	t.show(journal.Show{Form: "text", Title: evil, Text: "one\x1b[31m red\x1b[0m\r\n\ttwo\x1b[K\n" + evil})
	t.show(journal.Show{Form: "table", Columns: []string{evil, "b"}, Rows: [][]string{{"x\ny\tz", evil}, {"日本語", "e\u0301"}}})
	t.show(journal.Show{Form: "pairs", Rows: [][]string{{evil, evil}}})
	t.show(journal.Show{Form: "checks", Title: evil, Checks: []journal.Check{{Name: evil, State: evil, Detail: evil}}})
	t.show(journal.Show{Form: "sparklines", Series: []journal.Series{{Name: evil, Values: []journal.Number{1, 2}, Text: evil}}})
	t.show(journal.Show{Form: "bars", Bars: []journal.Bar{{Name: evil, Value: 1, Text: evil}}})
	a := deletion(1, evil).with(journal.Outcome{Status: journal.Uncertain, Note: evil, Error: &journal.Error{Message: evil + "\nmore"}})
	a.call.Risk, a.intent.Note = evil, evil
	a.call.Payload = []action.Arg{{Name: evil, Value: evil}}
	a.intent.Changes = append(a.intent.Changes, journal.Change{Op: "update", Target: pod(evil), Diff: "+" + evil})
	t.act(a)
	t.add(journal.Record{Kind: journal.KindWarning, Branch: evil, Warning: &journal.Warning{Text: evil, Hint: evil}})
	t.add(journal.Record{Kind: journal.KindAnswer, Answer: &journal.Answer{Question: evil, Value: json.RawMessage(`"\u001b[2J"`), By: evil}})
	t.add(journal.Record{Kind: journal.KindAssume, Assume: &journal.Assume{Name: evil, Assumed: evil, Choices: []string{evil + "2"}, Detail: evil}})
	t.wait(journal.Outcome{Status: journal.Met, Note: evil})
	t.stepEnd(1, evil, journal.Failed, evil)
	t.add(journal.Record{Kind: journal.KindVerdict, Verdict: &journal.Verdict{State: "down", Reason: evil}})
	return t.end(journal.End{Status: journal.Failed, Error: &journal.Error{Message: evil, Hint: evil, Where: evil, Source: evil}})
}

// killed is a run whose process died while an action was on its way.
func killed() *tape {
	t := newTape(journal.RealRun)
	t.step(2, "Restart failed pods").act(deletion(1, "photon-compiler-7d9f8b6c5-x2x4z").done())
	t.intent(deletion(2, "photon-compiler-7d9f8b6c5-m8k2p"))
	return t
}

// bumpy is a run that got through all the same: an attempt more, a wait in vain and a failure that the script caught.
func bumpy() *tape {
	t := newTape(journal.RealRun)
	t.step(1, "Scale up")
	t.add(journal.Record{Kind: journal.KindAnswer, Answer: &journal.Answer{Question: "Scale up?", Value: json.RawMessage("true"), By: "--yes"}})
	t.act(scaling(1).with(journal.Outcome{Status: journal.Done, Attempts: 3, Elapsed: 4 * time.Second, Note: "the server was busy"}))
	t.wait(journal.Outcome{Status: journal.NotDone, Elapsed: 5 * time.Minute, Error: &journal.Error{
		Message: "kubernetes.wait deployments/photon-compiler in photon-mlir did not come true within 5m0s: 4 of 5 replicas available",
	}})
	t.act(message(2).with(journal.Outcome{Status: journal.NotDone, Elapsed: time.Second, Error: &journal.Error{Message: "the webhook answered 500"}}))
	t.show(journal.Show{Form: "table", Title: "Pods still failing", Columns: []string{"name"}})
	t.show(journal.Show{Form: "text", Level: "warn", Text: "nobody was told"})
	t.stepEnd(1, "Scale up", journal.OK, "")
	return t.end(journal.End{Status: journal.OK, Actions: 2})
}

func TestScreens(t *testing.T) {
	for _, c := range []struct {
		name string
		tape *tape
		look Look
	}{
		{"dry-run", rehearsal(), Look{}},
		{"dry-run-color", rehearsal(), Look{Color: true}},
		{"dry-run-60", rehearsal(), Look{Width: columns(60)}},
		{"dry-run-failure", failedRehearsal(), Look{}},
		{"failure", forbidden(), Look{}},
		{"failure-80", forbidden(), Look{Width: columns(80)}},
		{"failure-color", forbidden(), Look{Color: true, Width: columns(80)}},
		{"branches", branches(), Look{}},
		{"branches-40", branches(), Look{Width: columns(40)}},
		{"hostile", hostile(), Look{Color: true, Width: columns(80)}},
		{"killed", killed(), Look{}},
		{"bumpy", bumpy(), Look{Width: columns(80)}},
		{"interrupted", interrupted(), Look{Width: columns(80)}},
		{"charts", charts(), Look{}},
		{"charts-100", charts(), Look{Width: columns(100)}},
		{"charts-40", charts(), Look{Width: columns(40)}},
		{"charts-24", charts(), Look{Width: columns(24)}},
		{"charts-color", charts(), Look{Color: true, Width: columns(80)}},
		{"charts-ascii", charts(), Look{ASCII: true, Width: columns(80)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			play(t, NewText(&out, Options{Look: c.look}), c.tape.records)
			golden(t, c.name+".txt", out.Bytes())
		})
	}
}
