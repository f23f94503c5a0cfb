package tester

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"runbook/engine/action"
	"runbook/engine/journal"
)

func TestFits(t *testing.T) {
	for pattern, texts := range map[string][]string{
		"web":      {"web"},
		"web-*":    {"web-", "web-1"},
		"*":        {"", "x", "a*b"},
		"*-*-b":    {"--b", "a-c-b", "a-b-b-b"},
		"a**b":     {"ab", "axb"},
		"*lo*lo*":  {"lolo", "hello, hello"},
		"*.delete": {"kubernetes.delete"},
	} {
		for _, text := range texts {
			assert.True(t, fits(pattern, text), "%s %s", pattern, text)
		}
	}
	for pattern, texts := range map[string][]string{
		"web": {"", "web-1", "Web"}, "web-*": {"web", "xweb-1"}, "*-*-b": {"-b", "a-b"}, "ab*ba": {"aba"}, "": {"x"}, "*lo*lo*": {"lo"},
	} {
		for _, text := range texts {
			assert.False(t, fits(pattern, text), "%s %s", pattern, text)
		}
	}
}

// scale is one action with everything that a pattern may ask for.
func scale() act {
	return act{status: "done", attempts: 2, record: &journal.Record{Branch: "west", Call: &journal.Call{
		Verb: "kubernetes.scale", Target: action.Target{System: "kubernetes", Kind: "deployments.apps", Scope: "shop", Name: "web"},
		Identity: []action.Arg{{Name: "replicas", Value: 4}, {Name: "paths", Value: []string{"a b", "c"}}},
		Payload:  []action.Arg{{Name: "why", Value: `more "load" = more`}, {Name: "force", Value: true}},
	}}}
}

func TestPatterns(t *testing.T) {
	verbs := []string{"kubernetes.scale", "kubernetes.delete"}
	for text, matches := range map[string]bool{
		"kubernetes.scale":                                                            true,
		"kubernetes.scale deployments":                                                true,
		"kubernetes.scale deployments.apps/web":                                       true,
		"kubernetes.scale deployments/web in shop replicas=4":                         true,
		"  kubernetes.scale   deployments/w*   in   sh*  ":                            true,
		"kubernetes.scale in shop":                                                    true,
		"kubernetes.scale replicas=4 force=true":                                      true,
		`kubernetes.scale why="more \"load\" = more" replicas=4`:                      true,
		`kubernetes.scale why="more *"`:                                               true,
		`kubernetes.scale why=more*`:                                                  true,
		`kubernetes.scale paths=["a b", "c"] force=true`:                              true,
		"kubernetes.scale deployments/web in shop replicas=4 replicas=4 deployments=": false,
		"kubernetes.scale deployments/other":                                          false,
		"kubernetes.scale pods/web":                                                   false,
		"kubernetes.scale deployments/web in other":                                   false,
		"kubernetes.scale replicas=5":                                                 false,
		"kubernetes.scale replica=4":                                                  false,
		"kubernetes.delete":                                                           false,
		"kubernetes.*":                                                                true,
	} {
		p, err := patternOf(text, verbs)
		require.NoError(t, err, text)
		assert.Equal(t, matches, p.matches(scale()), text)
	}
	for _, c := range []struct {
		item    map[string]any
		matches bool
	}{
		{map[string]any{"branch": "west"}, true},
		{map[string]any{"branch": "w*", "status": "done", "attempts": 2.0}, true},
		{map[string]any{"branch": ""}, false},
		{map[string]any{"status": "failed"}, false},
		{map[string]any{"attempts": 1.0}, false},
	} {
		c.item["action"] = "kubernetes.scale"
		p, err := patternOf(c.item, verbs)
		require.NoError(t, err)
		assert.Equal(t, c.matches, p.matches(scale()), c.item)
	}
	for text, says := range map[string]string{
		"":                              "it is empty",
		"kubernetes.scle":               `did you mean "kubernetes.scale"?`,
		"kubernetes.scale x in":         "it ends with in",
		"kubernetes.scale x y":          "arguments are NAME=VALUE",
		`kubernetes.scale why="x`:       "arguments are NAME=VALUE",
		"kubernetes.scale in x =4":      "arguments are NAME=VALUE",
		"kubernetes.scale a b replicas": "arguments are NAME=VALUE",
	} {
		_, err := patternOf(text, verbs)
		require.ErrorContains(t, err, says, text)
	}
	_, err := patternOf(map[string]any{"verb": "kubernetes.scale"}, verbs)
	require.ErrorContains(t, err, `"verb"`)
	_, err = patternOf(4.0, verbs)
	require.Error(t, err)
}

// What an action is called in a failure can be copied into the test, and means it.
func TestAnActionIsAPatternOfItself(t *testing.T) {
	p, err := patternOf(scale().String(), []string{"kubernetes.scale"})
	require.NoError(t, err)
	assert.True(t, p.matches(scale()), scale().String())
	file := action.Target{System: "host", Kind: "files", Scope: "rack-1", Name: "/var/cache"}
	for text, matches := range map[string]bool{
		"host.remove " + file.String(): true, "host.remove files /var/*": true, "host.remove files//var/cache": true, "host.remove files": true,
		"host.remove files /var": false, "host.remove files /var/cache in rack-2": false,
	} {
		p, err := patternOf(text, []string{"host.remove"})
		require.NoError(t, err)
		assert.Equal(t, matches, p.matchesTarget(file), text)
	}
}

// The search agrees with trying every assignment.
func TestExactlyAgreesWithBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"a", "b", "c"})
		var acts []act
		for range rapid.IntRange(0, 6).Draw(t, "n") {
			acts = append(acts, act{record: &journal.Record{Branch: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "branch"), Call: &journal.Call{
				Verb: "v", Target: action.Target{Name: names.Draw(t, "name")},
			}}})
		}
		var patterns []pattern
		for range rapid.IntRange(0, 6).Draw(t, "m") {
			name := rapid.SampledFrom([]string{"a", "b", "c", "*"}).Draw(t, "pattern")
			patterns = append(patterns, pattern{text: name, verb: "v", name: name})
		}
		diff, ok := exactly(patterns, acts)
		assert.Equal(t, assignable(patterns, acts, nil), ok)
		if !ok {
			assert.True(t, strings.HasPrefix(diff, "--- expected\n"), diff)
		}
	})
}

// assignable tries each action for the next pattern: one that no untaken action of its branch stands before.
func assignable(patterns []pattern, acts []act, taken []int) bool {
	if len(patterns) == 0 {
		return len(taken) == len(acts)
	}
	for i := range acts {
		free := true
		for j := 0; j <= i; j++ {
			isTaken := false
			for _, k := range taken {
				isTaken = isTaken || k == j
			}
			if j == i && isTaken || j < i && !isTaken && acts[j].record.Branch == acts[i].record.Branch {
				free = false
			}
		}
		if free && patterns[0].matches(acts[i]) && assignable(patterns[1:], acts, append(taken[:len(taken):len(taken)], i)) {
			return true
		}
	}
	return false
}
