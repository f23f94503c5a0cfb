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
		if s := levenshtein.Match(strings.ToLower(name), strings.ToLower(c), nil); s >= nearEnough && wordsNear(name, c) {
			near = append(near, scored{c, s})
		}
	}
	if len(near) == 0 {
		return ""
	}
	return slices.MaxFunc(near, func(a, b scored) int { return cmp.Compare(a.score, b.score) }).name
}

// wordsNear tells whether each word of a name could be that of another of as many words: larger_than is not older_than, because all that
// they have in common is a word that says nothing. A word may be cut short, and one of two letters may be any: rack-2 is near rack-1.
func wordsNear(name, candidate string) bool {
	a, b := words(name), words(candidate)
	if len(a) != len(b) || len(a) < 2 {
		return true
	}
	for i := range a {
		short := max(len(a[i]), len(b[i])) <= shortWord || strings.HasPrefix(a[i], b[i]) || strings.HasPrefix(b[i], a[i])
		if !short && levenshtein.Match(a[i], b[i], nil) < nearEnough {
			return false
		}
	}
	return true
}

// shortWord is of how many letters a word is at most that is a number, or as good as one.
const shortWord = 2

func words(name string) []string {
	return strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune("_-./ ", r) })
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
