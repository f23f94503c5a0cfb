package plan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/action"
	"runbook/engine/journal"
)

func describe(name string, replicas int) action.Description {
	return action.Description{
		Verb: "test.scale", Target: action.Target{System: "test", Kind: "pumps", Name: name},
		Identity: []action.Arg{{Name: "replicas", Value: replicas}},
	}
}

func key(branch string, d action.Description) string { return branch + " / " + d.Canonical() }

func intent(branch, name string, replicas int) *journal.Record {
	d := describe(name, replicas)
	return &journal.Record{
		Kind: journal.KindIntent, Branch: branch, Key: key(branch, d),
		Call:   &journal.Call{Verb: d.Verb, Target: d.Target, Identity: d.Identity},
		Intent: &journal.Intent{Evidence: action.Evidence{UID: "u"}, Returned: journal.Returned{Result: json.RawMessage(`1`)}},
	}
}

// message is an action that is planned without number and place, once more often than it was before.
func message(branch, name string, number int) *journal.Record {
	r := intent(branch, name, 1)
	r.Key, r.Intent.Repeatable = fmt.Sprintf("%s #%d", r.Key, number), true
	return r
}

// ask asks for what was planned as that record.
func ask(m *Matcher, r *journal.Record) (*journal.Record, *action.Error) {
	d := action.Description{Verb: r.Call.Verb, Target: r.Call.Target, Identity: r.Call.Identity}
	anywhere := ""
	if r.Intent.Repeatable {
		anywhere = d.Operation()
	}
	return m.Approve(r.Branch, r.Key, anywhere, d)
}

func beginning() []*journal.Record {
	return []*journal.Record{
		{Kind: journal.KindRun, Run: &journal.Run{Format: journal.Format, ID: "r"}},
		{Kind: journal.KindSource, Source: &journal.Source{Name: "r.lua", Text: "return 1"}},
	}
}

// written is a plan that went through a file.
func written(t require.TestingT, dir string, rehearsal []*journal.Record, turns ...Turn) *Plan {
	var out bytes.Buffer
	require.NoError(t, Write(&out, append(beginning(), rehearsal...), turns))
	path := filepath.Join(dir, "plan")
	require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
	p, err := Read(path)
	require.NoError(t, err)
	return p
}

func TestAPlanHoldsNoResults(t *testing.T) {
	read := &journal.Record{Kind: journal.KindRead, Call: &journal.Call{Verb: "test.look"}, Outcome: &journal.Outcome{
		Status: journal.Done, Returned: journal.Returned{Result: json.RawMessage(`"what the site said"`)},
	}}
	p := written(t, t.TempDir(), []*journal.Record{read, intent("", "a", 1)}, Turn{Turn: journal.Turn{Name: "w", Choice: "timeout"}, Actions: []*journal.Record{intent("", "b", 2)}})
	text, err := os.ReadFile(p.Path)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "what the site said")
	assert.Len(t, p.Records, 4)
	require.Len(t, p.Turns, 1)
	assert.Equal(t, "b", p.Turns[0].Actions[0].Call.Target.Name)
	assert.Equal(t, "u", Actions(p.Records)[0].Intent.Evidence.UID)
}

func TestWhatIsNotAPlan(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"empty": "", "a script": "return runbook {}", "cut": `{"seq":1,"kind":"run","run":{"format":1}}` + "\n",
	} {
		path := filepath.Join(dir, "file")
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Read(path)
		require.Error(t, err, name)
		assert.Contains(t, err.Error(), path, name)
	}
	var out bytes.Buffer
	require.NoError(t, Write(&out, beginning()[:1], nil))
	path := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(path, out.Bytes(), 0o600))
	_, err := Read(path)
	require.ErrorContains(t, err, "a plan without a script")
}

func TestDriftNamesWhatDiffers(t *testing.T) {
	p := written(t, t.TempDir(), []*journal.Record{intent("", "a", 4), intent("", "b", 1), intent("z > y", "c", 1)})
	for _, c := range []struct {
		branch, name string
		replicas     int
		want         string
	}{
		{"", "a", 8, "test.scale pumps/a is not as planned: replicas was planned as 4 and is 8 now; it was not sent"},
		{"", "x", 1, "it was not planned; planned next was test.scale pumps/a"},
		{"z > y", "x", 1, "it was not planned; planned next was test.scale pumps/c"},
		{"other", "x", 4, "it was not planned, and nothing more was"},
		{"other", "a", 4, "it was planned for no branch, and comes in the branch other"},
		{"", "c", 1, "it was planned for the branch z > y, and comes in no branch"},
	} {
		d := describe(c.name, c.replicas)
		_, err := p.Matcher().Approve(c.branch, key(c.branch, d), "", d)
		require.NotNil(t, err)
		assert.Equal(t, action.CodeDrift, err.Code)
		assert.Contains(t, err.Message, c.want)
	}
	m := p.Matcher()
	_, err := ask(m, intent("", "b", 1))
	require.Nil(t, err)
	_, err = ask(m, intent("", "a", 4))
	require.NotNil(t, err, "what was passed over cannot come later")
	assert.Contains(t, err.Message, "it was planned before test.scale pumps/b, and comes after it now")
	assert.Equal(t, "rehearse and plan again: "+p.Again(), err.Hint)
	_, err = m.Approve("", "a second time", "", describe("b", 1))
	require.NotNil(t, err)
	assert.Contains(t, err.Message, "it was planned once, and comes again")
	assert.Equal(t, []string{"a", "c"}, names(m.Missed()))
}

func TestATurnGoesOnBehindWhatWasDone(t *testing.T) {
	p := written(t, t.TempDir(),
		[]*journal.Record{intent("", "a", 1), intent("", "good", 1)},
		Turn{Turn: journal.Turn{Name: "w", Choice: "timeout"}, Actions: []*journal.Record{intent("", "a", 1), intent("", "bad", 1)}},
		Turn{Turn: journal.Turn{Name: "v", Choice: "timeout"}, Actions: []*journal.Record{intent("", "a", 1), intent("", "worse", 1)}},
	)
	m := p.Matcher()
	asked := func(name string) *action.Error {
		_, err := ask(m, intent("", name, 1))
		return err
	}
	require.Nil(t, asked("a"))
	m.Turn("no such wait", "timeout")
	require.NotNil(t, asked("bad"))
	m.Turn("w", "timeout")
	require.NotNil(t, asked("a"), "done already")
	m.Turn("v", "timeout")
	worse := asked("worse")
	require.NotNil(t, worse, "that both do not hold was not planned for")
	assert.Contains(t, worse.Message, "; the plan foresees each of these by itself, and not together: w did not come true in time, v did not come true in time; it was not sent")
	require.Nil(t, asked("bad"))
	assert.Empty(t, m.Missed())
}

func names(records []*journal.Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.Call.Target.Name)
	}
	return out
}

// Who is told of something is planned, and not how often, when, or in which of the planned courses.
func TestAMessageIsPlannedWithoutNumberAndPlace(t *testing.T) {
	first, late := message("", "team", 1), message("updates", "reminder", 1)
	p := written(t, t.TempDir(),
		[]*journal.Record{first, intent("", "a", 1), message("", "team", 2), message("z", "boss", 1)},
		Turn{Turn: journal.Turn{Name: "w", Choice: "timeout"}, Actions: []*journal.Record{first, intent("", "a", 1), late, intent("", "bad", 1)}},
	)
	m := p.Matcher()
	for range 3 {
		found, err := ask(m, message("elsewhere", "team", 7))
		require.Nil(t, err)
		assert.Equal(t, first.Key, found.Key)
	}
	_, err := ask(m, intent("", "a", 1))
	require.Nil(t, err, "a message is passed over by nothing")
	_, err = ask(m, late)
	require.Nil(t, err, "it was planned for the case that it takes longer")
	_, err = ask(m, intent("", "bad", 1))
	require.NotNil(t, err, "anything else of that course was not")
	_, err = ask(m, message("", "press", 1))
	require.NotNil(t, err, "nobody else is told")
	assert.Contains(t, err.Message, "it was not planned, and nothing more was", "a message is nothing that has to come next")
	strict := describe("team", 1)
	_, err = m.Approve("", key("", strict)+" #3", "", strict)
	require.NotNil(t, err, "one that must come is none of these")
	assert.Empty(t, m.Missed(), "who was not told need not be")
}

// What could not be predicted when it was planned is planned as that, and no reason to refuse what could.
func TestAMessageThatCouldNotBePlannedOnce(t *testing.T) {
	broken, whole := message("", "team", 1), message("", "team", 2)
	broken.Kind, broken.Intent, broken.Outcome = journal.KindOutcome, nil, &journal.Outcome{Status: journal.NotDone, Tolerated: true}
	for _, actions := range [][]*journal.Record{{broken, whole}, {whole, broken}} {
		found, err := ask(written(t, t.TempDir(), actions).Matcher(), whole)
		require.Nil(t, err)
		assert.NotNil(t, found.Intent)
	}
	m := written(t, t.TempDir(), []*journal.Record{broken}).Matcher()
	for _, asked := range []*journal.Record{whole, message("elsewhere", "team", 1), whole} {
		found, err := ask(m, asked)
		require.Nil(t, err)
		assert.Nil(t, found.Intent)
	}
}

// A plan of an earlier version of the program holds messages as it holds everything.
func TestAPlanThatDoesNotKnowOfMessages(t *testing.T) {
	r := message("", "team", 1)
	r.Intent.Repeatable = false
	m := written(t, t.TempDir(), []*journal.Record{r}).Matcher()
	r = message("", "team", 1)
	_, err := ask(m, r)
	require.Nil(t, err)
	_, err = ask(m, r)
	require.NotNil(t, err)
}

// A run is let through exactly when it asks, in every branch, for planned actions in their order, whatever messages come between them,
// and for no message that was not planned. What else it leaves out is told.
func TestExactlyPlannedCoursesAreApproved(t *testing.T) {
	dir := t.TempDir()
	branches := []string{"", "x", "y", "x > z"}
	rapid.Check(t, func(t *rapid.T) {
		var rehearsal []*journal.Record
		told := map[string]int{}
		count := rapid.IntRange(1, 12).Draw(t, "actions")
		for i := range count {
			branch := rapid.SampledFrom(branches).Draw(t, "branch")
			if rapid.IntRange(0, 2).Draw(t, "message") == 0 {
				name := rapid.SampledFrom([]string{"team", "boss"}).Draw(t, "receiver")
				told[name]++
				rehearsal = append(rehearsal, message(branch, name, told[name]))
				continue
			}
			rehearsal = append(rehearsal, intent(branch, fmt.Sprintf("p%d", i), rapid.IntRange(0, 3).Draw(t, "replicas")))
		}
		m := written(t, dir, rehearsal).Matcher()
		last := map[string]int{"": -1, "x": -1, "y": -1, "x > z": -1}
		var done []int
		for _, i := range rapid.SliceOfN(rapid.IntRange(-3, count-1), 0, 16).Draw(t, "asked") {
			var r *journal.Record
			var planned bool
			switch {
			case i == -1:
				r = intent("", "stranger", 1)
			case i < -1:
				name := []string{"team", "boss"}[-2-i]
				r = message(rapid.SampledFrom(branches).Draw(t, "where"), name, rapid.IntRange(1, 9).Draw(t, "number"))
				planned = told[name] > 0
			case rehearsal[i].Intent.Repeatable:
				r, planned = rehearsal[i], true
			default:
				r = rehearsal[i]
				planned = i > last[r.Branch]
			}
			found, err := ask(m, r)
			if planned != (err == nil) {
				t.Fatalf("action %d after %v: %v", i, done, err)
			}
			switch {
			case !planned:
			case r.Intent.Repeatable && found.Call.Target == r.Call.Target:
			case found.Key != r.Key:
				t.Fatalf("took %s for %s", found.Key, r.Key)
			default:
				if rapid.Bool().Draw(t, "fails") { // and is tried again
					m.Undone(r.Branch, r.Key)
					if _, err := ask(m, r); err != nil {
						t.Fatalf("action %d, once more after %v: %v", i, done, err)
					}
				}
				last[r.Branch] = i
				done = append(done, i)
			}
		}
		missed := map[string]bool{}
		for _, r := range m.Missed() {
			missed[r.Key] = true
		}
		for i, r := range rehearsal {
			if want := !r.Intent.Repeatable && !slices.Contains(done, i); missed[r.Key] != want {
				t.Fatalf("action %d: missed %v", i, missed[r.Key])
			}
		}
	})
}

// again is what was planned as that record, asked for the nth time.
func again(r *journal.Record, n int) *journal.Record {
	other := *r
	other.Key = journal.Key(journal.Unnumbered(r.Key), n)
	return &other
}

// An action that was under way when the run went over to another course is given back on neither: what is behind it there stays so.
func TestWhatDidNotHappenAfterATurn(t *testing.T) {
	a := intent("", "a", 1)
	m := written(t, t.TempDir(), []*journal.Record{a},
		Turn{Turn: journal.Turn{Name: "w", Choice: "timeout"}, Actions: []*journal.Record{intent("", "before", 1), a, intent("", "after", 1)}},
	).Matcher()
	_, err := ask(m, a)
	require.Nil(t, err)
	m.Turn("w", "timeout")
	m.Undone("", a.Key)
	_, err = ask(m, intent("", "before", 1))
	require.NotNil(t, err)
	_, err = ask(m, intent("", "after", 1))
	require.Nil(t, err)
}

// A script that tries again what did not happen does no more than was planned, however often.
func TestWhatDidNotHappenMayBeAskedForAgain(t *testing.T) {
	a, b := again(intent("", "a", 1), 1), again(intent("", "b", 1), 1)
	m := written(t, t.TempDir(), []*journal.Record{a, again(a, 2), b}).Matcher()
	asked := func(r *journal.Record, want string) {
		t.Helper()
		found, err := ask(m, r)
		require.Nil(t, err)
		assert.Equal(t, want, found.Key)
	}
	for n := 1; n <= 3; n++ {
		asked(again(a, n), a.Key)
		m.Undone("", again(a, n).Key)
	}
	asked(again(a, 4), a.Key)
	asked(again(a, 5), again(a, 2).Key)
	m.Undone("elsewhere", again(a, 5).Key)
	m.Undone("", again(a, 4).Key)
	_, err := ask(m, again(a, 6))
	require.NotNil(t, err, "both happened")
	assert.Contains(t, err.Message, "it was planned 2 times, and comes once more")
	asked(b, b.Key)
	m.Undone("", b.Key)
	m.Undone("", b.Key)
	asked(again(b, 2), b.Key)
	_, err = ask(m, again(b, 3))
	require.NotNil(t, err)
	assert.Empty(t, m.Missed())
}

// What failed for a moment when it was planned was planned once.
func TestAMomentaryFailureOfTheRehearsalIsNoPartOfThePlan(t *testing.T) {
	failed := func(r *journal.Record, retryable bool) *journal.Record {
		other := *r
		other.Kind, other.Intent = journal.KindOutcome, nil
		other.Outcome = &journal.Outcome{Status: journal.NotDone, Error: &journal.Error{Message: "no", Retryable: retryable}}
		return &other
	}
	a := again(intent("", "a", 1), 1)
	find := func(actions ...*journal.Record) *journal.Record {
		found, err := ask(written(t, t.TempDir(), actions).Matcher(), a)
		require.Nil(t, err)
		return found
	}
	assert.Equal(t, again(a, 3).Key, find(failed(a, true), failed(again(a, 2), true), again(a, 3)).Key)
	assert.Equal(t, a.Key, find(failed(a, false), again(a, 2)).Key, "what could not be done is part of it")
	assert.Equal(t, a.Key, find(failed(a, true)).Key)
}

func TestWhatToTypeToPlanAgain(t *testing.T) {
	for want, run := range map[string]journal.Run{
		"runbook run fix --dry-run --out p": {Runbook: "fix"},
		`runbook run "./my fix.lua" --scenario calm -n default --as ana --as-group ops --as-group dev -p 'pw=${env:PW}' -p who=me --dry-run --out p`: {
			Source: "file", Path: "./my fix.lua", Given: map[string]string{"who": "me", "pw": "${env:PW}"},
			Site: map[string]string{journal.ScenarioKey: "calm", "context": "scenario", "namespace": "default", "as": "ana", "as_groups": "ops,dev"},
		},
		"runbook run fix --site /etc/site.yaml --context here -n shop --as ana --dry-run --out p": {
			Runbook: "fix", SiteFile: "/etc/site.yaml", Site: map[string]string{"context": "here", "namespace": "shop", "as": "ana", "prometheus": "http://p"},
		},
		"runbook run fix --prometheus http://p --dry-run --out p": {Runbook: "fix", Site: map[string]string{"prometheus": "http://p"}},
	} {
		p := &Plan{Path: "p", Run: &run}
		assert.Equal(t, want, p.Again())
	}
}
