package screen

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/action"
	"runbook/engine/journal"
)

// recall marks the records from the first on as repeated from an earlier part of the run.
func (t *tape) recall(first int) *tape {
	for _, r := range t.records[first:] {
		r.Recalled = true
	}
	return t
}

func (t *tape) resume(fromStep int) *tape {
	t.records[0].Recalled = true
	t.clock = t.clock.Add(time.Hour)
	return t.add(journal.Record{Kind: journal.KindResume, Resume: &journal.Resume{User: "noor", Host: "bastion", Version: "1.0", FromStep: fromStep}})
}

// resumed is a run that died with an action in flight, which turns out to have been done.
func resumed() *tape {
	t := newTape(journal.RealRun).resume(0)
	t.add(journal.Record{Kind: journal.KindWarning, Warning: &journal.Warning{Text: "you may not patch deployments/scale"}})
	t.step(1, "Check service status").stepEnd(1, "Check service status", journal.OK, "")
	t.step(2, "Restart failed pods").act(deletion(1, "a").done())
	t.wait(journal.Outcome{Status: journal.Met, Elapsed: 32 * time.Second})
	t.add(journal.Record{Kind: journal.KindAnswer, Answer: &journal.Answer{Question: "Go on?", Value: json.RawMessage("true"), By: Terminal}})
	t.intent(deletion(2, "b")).recall(3)
	settled := deletion(2, "b").with(journal.Outcome{Status: journal.Done, Note: "it was done before: looking at it when the run was resumed"})
	t.add(journal.Record{Kind: journal.KindOutcome, Key: settled.key(), Call: &settled.call, Outcome: settled.outcome})
	t.stepEnd(2, "Restart failed pods", journal.OK, "").step(3, "Scale up").act(scaling(3).done()).stepEnd(3, "Scale up", journal.OK, "")
	return t.end(journal.End{Status: journal.OK, Actions: 3})
}

// begunAnew is a run whose second step was begun anew, with what must not be done twice.
func begunAnew() *tape {
	t := newTape(journal.RealRun).resume(2)
	t.records[1].Resume.Version = "1.1"
	t.step(1, "Check service status").stepEnd(1, "Check service status", journal.OK, "").recall(2)
	t.step(2, "Restart failed pods")
	first := len(t.records)
	t.act(deletion(1, "a").done()).recall(first)
	t.act(deletion(2, "b").with(journal.Outcome{Status: journal.NotDone, Error: &journal.Error{Message: "no"}}))
	t.stepEnd(2, "Restart failed pods", journal.Failed, "no")
	return t.end(journal.End{Status: journal.Failed, Step: 2, Error: &journal.Error{Message: "no"}})
}

// resumedBranches is a run that died while two branches were under way, one of which had come to its end.
func resumedBranches() *tape {
	t := newTape(journal.RealRun).resume(0).step(1, "Restart failed pods")
	branch := func(number int, name string) act {
		a := deletion(number, name)
		a.branch = name
		return a
	}
	t.act(branch(1, "a").done()).act(branch(2, "b").done()).recall(2)
	t.act(branch(3, "b").done())
	t.add(journal.Record{Kind: journal.KindHost, Host: &journal.Host{Name: "parallel"}})
	t.stepEnd(1, "Restart failed pods", journal.OK, "")
	return t.end(journal.End{Status: journal.OK, Actions: 3})
}

func replayed(t *tape) *tape {
	for _, r := range t.records {
		r.Recalled = true
	}
	t.records[0].Run.Replay, t.records[0].Run.Clock = true, t.records[0].Time
	return t
}

func applying() *tape {
	t := forbidden()
	run := t.records[0].Run
	run.Clock = t.records[0].Time
	run.Plan, run.Applies = "9f", &journal.Applies{File: "fix.plan", Run: "20261123-025900-aaaa", Made: run.Clock.Add(-13 * time.Minute), User: "noor", Host: "bastion"}
	return t
}

func TestScreensOfRunsThatAreNotTheFirst(t *testing.T) {
	for name, tape := range map[string]*tape{
		"resumed": resumed(), "resumed-anew": begunAnew(), "resumed-branches": resumedBranches(), "applying": applying(),
		"replay": replayed(resumedOnce()), "replay-failure": replayed(forbidden()), "replay-dry-run": replayed(rehearsal()),
		"replay-dry-run-failure": replayed(failedRehearsal()),
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			play(t, NewText(&out, Options{}), tape.records)
			golden(t, name+".txt", out.Bytes())
		})
	}
}

// resumedOnce is a real run that goes well.
func resumedOnce() *tape {
	t := newTape(journal.RealRun).step(2, "Restart failed pods").act(deletion(1, "a").done())
	t.stepEnd(2, "Restart failed pods", journal.OK, "")
	t.add(journal.Record{Kind: journal.KindVerdict, Verdict: &journal.Verdict{State: "healthy"}})
	return t.end(journal.End{Status: journal.OK, Actions: 1})
}

func TestDocumentsSayWhatTheyAre(t *testing.T) {
	report := func(tape *tape) Report {
		var out bytes.Buffer
		play(t, NewDocument(&out), tape.records)
		return decode(t, out.Bytes())
	}
	r := report(resumed())
	require.Len(t, r.Resumed, 1)
	assert.Equal(t, "noor", r.Resumed[0].User)
	require.Len(t, r.Steps[1].Actions, 2)
	assert.True(t, r.Steps[1].Actions[0].Again)
	assert.False(t, r.Steps[1].Actions[1].Again, "it was settled now")
	assert.False(t, r.Replay)
	assert.Equal(t, 2, report(begunAnew()).Resumed[0].FromStep)
	r = report(replayed(forbidden()))
	assert.True(t, r.Replay)
	assert.False(t, r.Steps[1].Actions[0].Again)
	assert.Empty(t, r.Resumed)
	assert.Equal(t, "fix.plan", report(applying()).Plan.File)
}

func TestTheSummaryNamesAResumeOnlyWhereItWouldBeAccepted(t *testing.T) {
	ownFailure := newTape(journal.RealRun).step(1, "Check").stepEnd(1, "Check", journal.Failed, "oops").
		end(journal.End{Status: journal.Failed, Step: 1, Error: &journal.Error{Message: "oops"}})
	drift := newTape(journal.RealRun).step(1, "Check").stepEnd(1, "Check", journal.Drifted, "changed").
		end(journal.End{Status: journal.Drifted, Step: 1, Error: &journal.Error{Message: "changed", Hint: "plan again"}})
	wrong := newTape(journal.RealRun).step(1, "Check").stepEnd(1, "Check", journal.Failed, "no such option").
		end(journal.End{Status: journal.Failed, Step: 1, Error: &journal.Error{Code: action.CodeInvalid, Message: "no such option", Hint: "say it right"}})
	const resume = "runbook resume 20261123-0312-k7"
	for name, c := range map[string]struct {
		tape *tape
		want string
		not  string
	}{
		"failed":        {forbidden(), "\n            " + resume + "\n", "--from-step"},
		"own failure":   {ownFailure, "Next:     let it look again: " + resume + " --from-step 1\n", "--dry-run"},
		"a wrong call":  {wrong, "Next:     say it right\n", "resume"},
		"drift":         {drift, "Next:     plan again\n", "resume"},
		"done":          {resumedOnce(), "Done in", "resume"},
		"dry run":       {failedRehearsal(), "DRY RUN FAILED", "resume"},
		"replay":        {replayed(forbidden()), "REPLAY FAILED", "resume"},
		"failed again":  {begunAnew(), "Next:     " + resume + "\n", "look at what"},
		"in the middle": {killed(), "Next:     " + resume + "\n", "look at what"},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			play(t, NewText(&out, Options{}), c.tape.records)
			assert.Contains(t, out.String(), c.want)
			assert.NotContains(t, out.String(), c.not)
		})
	}
}
