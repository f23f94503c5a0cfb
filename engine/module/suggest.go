package module

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
)

// DidYouMean returns `; did you mean "x"?` for the candidate nearest to a misspelt name, or "" if none is near.
func DidYouMean(name string, candidates []string) string {
	best := Nearest(name, candidates)
	if best == "" {
		return ""
	}
	return `; did you mean "` + best + `"?`
}

// Suggest is DidYouMean where a name is simply unknown: without a near candidate it lists what there is.
func Suggest(name string, candidates []string) string {
	if s := DidYouMean(name, candidates); s != "" {
		return s
	}
	if len(candidates) == 0 {
		return ""
	}
	return "; there is " + strings.Join(slices.Sorted(slices.Values(candidates)), ", ")
}

// nearEnough is the share of letters that have to agree: two letters swapped in a word of four are half of it.
const nearEnough = 0.5

// Nearest returns the candidate that a person most likely meant, or "" if none is near enough.
func Nearest(name string, candidates []string) string {
	type scored struct {
		name  string
		score float64
	}
	var near []scored
	for _, c := range candidates {
		if s := levenshtein.Match(strings.ToLower(name), strings.ToLower(c), nil); s >= nearEnough {
			near = append(near, scored{c, s})
		}
	}
	if len(near) == 0 {
		return ""
	}
	return slices.MaxFunc(near, func(a, b scored) int { return cmp.Compare(a.score, b.score) }).name
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
