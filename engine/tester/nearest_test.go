package tester

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTheNearestLine(t *testing.T) {
	lines := []string{"name ready status", "photon-compiler-1 0/1 CrashLoopBackOff", "", "  3 pods, one failing", "3 pods", "λ zwei"}
	for text, want := range map[string]string{
		"3 pods, none failing":               `; the nearest is "3 pods, one failing"`,
		"photon-compiler-1 1/1 Running":      `; the nearest is "photon-compiler-1 0/1 CrashLoopBackOff"`,
		"Photon-Compiler-1 CrashLoopBackOff": `; the nearest is "photon-compiler-1 0/1 CrashLoopBackOff"`,
		"photon-compiler-1 is Running":       "", // a name is not half of it
		"nothing of this":                    "",
		"ΛX":                                 "",
		"λ drei":                             `; the nearest is "λ zwei"`,
		"":                                   "",
		"... !":                              "",
	} {
		assert.Equal(t, want, nearest(text, lines), text)
	}
	assert.Equal(t, `; the nearest is "`+strings.Repeat("é ", 100)+`…"`, nearest("é", []string{strings.Repeat("é ", 5000)}))
}

func TestAFailureIsTold(t *testing.T) {
	many := func(what string, n int) []string {
		out := make([]string, n)
		for i := range out {
			out[i] = what
		}
		return out
	}
	r := Result{Failures: []Failure{{
		Message: "wrong", Where: "a_test.lua:3", Source: " test.expect(run, {", Shown: many("shown", 7), Diff: strings.Join(many("+x", 30), "\n") + "\n", Runs: many("run", 14), Hint: "this",
	}}}
	whole, brief := r.Lines(true), r.Lines(false)
	assert.Len(t, whole, 1+1+8+30+14+1)
	assert.Len(t, brief, 1+1+1+25+13+1)
	assert.Equal(t, []string{"at a_test.lua:3: test.expect(run, {", "wrong", "it shows 7 lines: -v shows them", "+x"}, brief[:4])
	assert.Contains(t, brief, "… and 6 more lines that differ: -v shows them")
	assert.Contains(t, brief, "| … and 2 more lines about the runs: -v shows them")
	assert.Equal(t, "try: this", brief[len(brief)-1])
	r.Failures[0].Shown, r.Failures[0].Diff, r.Failures[0].Runs = many("shown", 6), strings.Repeat("+x\n", 25), many("run", 13)
	assert.Equal(t, r.Lines(true), r.Lines(false))
}
