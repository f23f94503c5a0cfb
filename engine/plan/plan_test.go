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
		{"other", "a", 4, "it was not planned: nothing more was"},
	} {
		d := describe(c.name, c.replicas)
		_, err := p.Matcher().Approve(c.branch, key(c.branch, d), d)
		require.NotNil(t, err)
		assert.Equal(t, action.CodeDrift, err.Code)
		assert.Contains(t, err.Message, c.want)
	}
	m := p.Matcher()
	_, err := m.Approve("", key("", describe("b", 1)), describe("b", 1))
	require.Nil(t, err)
	_, err = m.Approve("", key("", describe("a", 4)), describe("a", 4))
	require.NotNil(t, err, "what was passed over cannot come later")
	assert.Equal(t, []string{"a", "c"}, names(m.Missed()))
}

func TestATurnGoesOnBehindWhatWasDone(t *testing.T) {
	p := written(t, t.TempDir(),
		[]*journal.Record{intent("", "a", 1), intent("", "good", 1)},
		Turn{Turn: journal.Turn{Name: "w", Choice: "timeout"}, Actions: []*journal.Record{intent("", "a", 1), intent("", "bad", 1)}},
		Turn{Turn: journal.Turn{Name: "v", Choice: "timeout"}, Actions: []*journal.Record{intent("", "a", 1), intent("", "worse", 1)}},
	)
	m := p.Matcher()
	ask := func(name string) *action.Error {
		_, err := m.Approve("", key("", describe(name, 1)), describe(name, 1))
		return err
	}
	require.Nil(t, ask("a"))
	m.Turn("no such wait", "timeout")
	require.NotNil(t, ask("bad"))
	m.Turn("w", "timeout")
	require.NotNil(t, ask("a"), "done already")
	m.Turn("v", "timeout")
	require.NotNil(t, ask("worse"), "that both do not hold was not planned for")
	require.Nil(t, ask("bad"))
	assert.Empty(t, m.Missed())
}

func names(records []*journal.Record) []string {
	var out []string
	for _, r := range records {
		out = append(out, r.Call.Target.Name)
	}
	return out
}

// A run is let through exactly when it asks, in every branch, for planned actions in their order: any that it leaves out are told.
func TestExactlyPlannedCoursesAreApproved(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		var rehearsal []*journal.Record
		count := rapid.IntRange(1, 12).Draw(t, "actions")
		for i := range count {
			branch := rapid.SampledFrom([]string{"", "x", "y", "x > z"}).Draw(t, "branch")
			rehearsal = append(rehearsal, intent(branch, fmt.Sprintf("p%d", i), rapid.IntRange(0, 3).Draw(t, "replicas")))
		}
		m := written(t, dir, rehearsal).Matcher()
		asked := rapid.SliceOfN(rapid.IntRange(-1, count-1), 0, 16).Draw(t, "asked")
		last := map[string]int{"": -1, "x": -1, "y": -1, "x > z": -1}
		var done []int
		for _, i := range asked {
			r, planned := intent("", "stranger", 1), false
			if i >= 0 {
				r = rehearsal[i]
				planned = i > last[r.Branch]
			}
			d := action.Description{Verb: r.Call.Verb, Target: r.Call.Target, Identity: r.Call.Identity}
			found, err := m.Approve(r.Branch, r.Key, d)
			if planned != (err == nil) {
				t.Fatalf("action %d after %v: %v", i, done, err)
			}
			if planned {
				if found.Key != r.Key {
					t.Fatalf("took %s for %s", found.Key, r.Key)
				}
				last[r.Branch] = i
				done = append(done, i)
			}
		}
		for i, r := range rehearsal {
			if missed := slices.ContainsFunc(m.Missed(), func(o *journal.Record) bool { return o.Key == r.Key }); missed == slices.Contains(done, i) {
				t.Fatalf("action %d: missed %v", i, missed)
			}
		}
	})
}
