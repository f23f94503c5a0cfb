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
	"runbook/engine/plan"
)

// planned is a plan with an assumption of each sort.
func plannedPage() PlanPage {
	t := newTape(journal.DryRun)
	first := deletion(1, "photon-compiler-7d9f8b6c5-x2x4z").intended()
	first.intent.Evidence = action.Evidence{UID: "6f1e", Old: map[string]any{"spec.replicas": 3}}
	t.step(1, "Restart failed pods").act(first)
	t.add(journal.Record{Kind: journal.KindAssume, Call: &journal.Call{Verb: "kubernetes.wait", Target: deployment()}, Assume: &journal.Assume{
		Name: "kubernetes.wait deployments/photon-compiler in photon-mlir", Assumed: "met", Choices: []string{"met", "timeout"}, Detail: "2 of 5 replicas available",
	}})
	t.add(journal.Record{Kind: journal.KindAssume, Assume: &journal.Assume{Name: "Does it compile again?", Assumed: "yes", Choices: []string{"yes", "no"}}})
	t.add(journal.Record{Kind: journal.KindAssume, Assume: &journal.Assume{Name: "How?", Assumed: "gently", Choices: []string{"gently", "hard"}}})
	told := message(2).intended()
	told.intent.Repeatable = true
	t.act(told).stepEnd(1, "Restart failed pods", journal.OK, "")
	t.end(journal.End{Status: journal.OK, Actions: 2})
	run := t.records[0].Run
	run.Clock, run.May = t.records[0].Time, []string{"kubernetes.delete pods", "notify.send"}
	files := act{number: 2, call: journal.Call{
		Verb: "host.delete", Target: action.Target{System: "host", Kind: "files", Name: "/var/cache"}, Risk: action.Destructive.String(),
		Identity: []action.Arg{{Name: "files", Value: []any{"a", "b"}, Set: true}},
	}}
	turn := func(name, choice string, acts ...act) plan.Turn {
		to := newTape(journal.DryRun)
		for _, a := range acts {
			to.intent(a)
		}
		return plan.Turn{Turn: journal.Turn{Name: name, Choice: choice}, Actions: to.records[1:]}
	}
	return PlanPage{Age: 13 * time.Minute, Plan: &plan.Plan{
		Path: "fix.plan", Sum: "9f2c", Run: run, Records: t.records,
		Turns: []plan.Turn{
			turn("kubernetes.wait deployments/photon-compiler in photon-mlir", "timeout", first, files),
			turn("How?", "hard", first, told),
		},
	}}
}

func TestAPlanIsShownToWhoApprovesIt(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Plan(&out, Look{}, plannedPage()))
	golden(t, "plan.txt", out.Bytes())
}

func TestAPlanSaysWhyApplyWouldRefuseIt(t *testing.T) {
	page := plannedPage()
	page.Plan.Turns = nil
	page.Stale = []Stale{
		{What: "program", Text: "it was made with runbook 1.0, and this is runbook 1.1"},
		{What: "script", Text: "the script has changed since it was made:", Diff: "@@ -1 +1 @@\n-a\n+b\x1b[2J\n", Refuses: true},
	}
	var out bytes.Buffer
	require.NoError(t, Plan(&out, Look{}, page))
	golden(t, "plan-stale.txt", out.Bytes())
}

func TestThePlanDocument(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, PlanDocument(&out, plannedPage()))
	golden(t, "plan.json", out.Bytes())
	var report PlanReport
	dec := json.NewDecoder(&out)
	dec.DisallowUnknownFields()
	require.NoError(t, dec.Decode(&report))
	assert.False(t, report.Refused)

	out.Reset()
	require.NoError(t, PlanDocument(&out, PlanPage{Plan: &plan.Plan{Run: &journal.Run{}}}))
	assert.NotContains(t, out.String(), `s": null`, "a list is never null")
}

// The clock of a scenario is not the time at which its plan was made, and is not compared with it.
func TestAPlanOfAScenarioWasMadeWhenItWas(t *testing.T) {
	page := plannedPage()
	page.Plan.Run.ID, page.Plan.Run.Site = "20261125-225609-6w9r", map[string]string{journal.ScenarioKey: "crashloop"}
	var out bytes.Buffer
	require.NoError(t, Plan(&out, Look{}, page))
	assert.Contains(t, out.String(), "Made:     2026-11-25 22:56:09 UTC, 13m00s ago")

	page.Stale = []Stale{{What: "site", Text: "it has changed", Refuses: true}}
	out.Reset()
	require.NoError(t, Plan(&out, Look{}, page))
	assert.Contains(t, out.String(), "runbook run compiler-down --scenario crashloop --dry-run --out fix.plan", "never the real site instead")
}

func TestAnActionWithoutANumberHasNone(t *testing.T) {
	assert.Equal(t, "3  delete pods/a", numbered(3, "delete pods/a"))
	assert.Equal(t, "delete pods/a", numbered(0, "delete pods/a"), "it failed before it was predicted")
}
