package tester

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// A branch is what one branch of a run asked for, in order.
type branch struct {
	name string
	acts []act
}

// branches are the actions by branch, in the order in which the branches first asked for one.
func branches(acts []act) []branch {
	var out []branch
	for _, a := range acts {
		at := slices.IndexFunc(out, func(b branch) bool { return b.name == a.record.Branch })
		if at < 0 {
			at = len(out)
			out = append(out, branch{name: a.record.Branch})
		}
		out[at].acts = append(out[at].acts, a)
	}
	return out
}

// exactly tells whether the patterns are the actions: one for one, in order within each branch, and in any order across branches. It
// returns a diff if not.
func exactly(patterns []pattern, acts []act) (diff string, ok bool) {
	m := matcher{patterns: patterns, branches: branches(acts), failed: map[string]bool{}}
	if len(patterns) == len(acts) && m.from(0, make([]int, len(m.branches))) {
		return "", true
	}
	return m.diff(), false
}

// A matcher assigns patterns to actions. The next pattern has to be the next action of some branch; with patterns that fit several of
// them each is tried, and what failed once is not tried again.
type matcher struct {
	patterns []pattern
	branches []branch
	failed   map[string]bool
}

// from tells whether the patterns from the i-th on are what is left of the branches, of which the first next[b] are taken.
func (m *matcher) from(i int, next []int) bool {
	if i == len(m.patterns) {
		return true
	}
	state := fmt.Sprint(next) // i is their sum
	if m.failed[state] {
		return false
	}
	for b := range m.branches {
		if next[b] == len(m.branches[b].acts) || !m.patterns[i].matches(m.branches[b].acts[next[b]]) {
			continue
		}
		next[b]++
		if m.from(i+1, next) {
			return true
		}
		next[b]--
	}
	m.failed[state] = true
	return false
}

// diff shows what was expected and what was the case. An action that a pattern fits stands there as the pattern says it, so that only
// what differs is marked.
func (m *matcher) diff() string {
	expected := make([]string, len(m.patterns))
	for i, p := range m.patterns {
		expected[i] = p.text
	}
	return diffOf(expected, m.arranged())
}

// arranged are the actions in an order that is as near to the patterns as their branches allow.
func (m *matcher) arranged() []string {
	next := make([]int, len(m.branches))
	var out []string
	take := func(b, until int) {
		for ; next[b] < until; next[b]++ {
			out = append(out, m.branches[b].acts[next[b]].full())
		}
	}
	for i := range m.patterns {
		b, at := m.nearest(&m.patterns[i], next)
		if b < 0 {
			continue
		}
		take(b, at)
		out = append(out, m.patterns[i].text)
		next[b]++
	}
	for b := range m.branches {
		take(b, len(m.branches[b].acts))
	}
	return out
}

// nearest is the action that the pattern fits and that fewest others of its branch stand before.
func (m *matcher) nearest(p *pattern, next []int) (b, at int) {
	b = -1
	for i := range m.branches {
		for j := next[i]; j < len(m.branches[i].acts); j++ {
			if p.matches(m.branches[i].acts[j]) {
				if b < 0 || j-next[i] < at-next[b] {
					b, at = i, j
				}
				break
			}
		}
	}
	return b, at
}

// diffOf is a unified diff of lines.
func diffOf(expected, actual []string) string {
	return named("expected", "actual", expected, actual)
}

func named(one, other string, a, b []string) string {
	return udiff.Unified(one, other, joined(a), joined(b))
}

// joined are lines as a text; that there are none is a line, too.
func joined(lines []string) string {
	if len(lines) == 0 {
		return "(none)\n"
	}
	return strings.Join(lines, "\n") + "\n"
}
