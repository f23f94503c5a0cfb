package screen

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"runbook/engine/tester"
)

// Tests prints what came of tests: a line for each runbook, whatever failed in full, and the sum.
type Tests struct {
	w       *bufio.Writer
	look    Look
	verbose bool // each test, and the lines that none ran
}

// NewTests makes a Tests that prints to w.
func NewTests(w io.Writer, look Look, verbose bool) *Tests {
	return &Tests{w: bufio.NewWriter(w), look: look, verbose: verbose}
}

// words say how a test ended, in a width of their own.
var words = map[tester.Status]span{
	tester.Passed:  {green, "ok  "},
	tester.Failed:  {alarm, "FAIL"},
	tester.Skipped: {yellow, "skip"},
	tester.Stopped: {caveat, "stop"},
}

// Suite prints the tests of one runbook.
func (t *Tests) Suite(s *tester.Suite) error {
	status := tester.Passed
	for _, worse := range []tester.Status{tester.Stopped, tester.Failed} {
		if s.Count(worse) > 0 {
			status = worse
		}
	}
	parts := counts(s.Count)
	if len(s.Tests) == 0 {
		status, parts = tester.Skipped, []string{"no tests"}
	}
	if run, all := s.Covered(); all > 0 {
		parts = append(parts, fmt.Sprintf("%d%% of %s", 100*run/all, counted(all, "line")))
	}
	if s.Inherits != "" {
		parts = append(parts, s.Inherits)
	}
	parts = append(parts, wallTime(s.Elapsed))
	t.line("", words[status], clean(s.Path)+"  "+strings.Join(parts, ", "))
	for i := range s.Tests {
		t.test(&s.Tests[i])
	}
	if t.verbose {
		t.missed(s)
	}
	return t.w.Flush()
}

func (t *Tests) test(r *tester.Result) {
	switch {
	case r.Status == tester.Failed:
		t.line("  ", words[r.Status], clean(r.Name))
		for _, line := range r.Lines(t.verbose) {
			t.detail(line)
		}
	case r.Status == tester.Skipped:
		t.line("  ", words[r.Status], clean(r.Name+": "+r.Reason))
	case t.verbose:
		t.line("  ", words[r.Status], clean(r.Name)+"  "+wallTime(r.Elapsed))
	}
}

// detail prints a line about a failure. Those of a diff have its colours.
func (t *Tests) detail(line string) {
	s := normal
	switch {
	case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"), strings.HasPrefix(line, "@@"), strings.HasPrefix(line, "| "):
		s = dim
	case strings.HasPrefix(line, "+"):
		s = green
	case strings.HasPrefix(line, "-"):
		s = red
	}
	t.w.WriteString("       " + t.look.paint(s, clean(expandTabs(line))) + "\n")
}

func (t *Tests) line(indent string, word span, text string) {
	t.w.WriteString(indent + t.look.paint(word.style, word.text) + "  " + text + "\n")
}

// missed lists the lines that no test ran, as ranges.
func (t *Tests) missed(s *tester.Suite) {
	for _, f := range s.Lines {
		if len(f.Missed) > 0 {
			t.w.WriteString("  " + t.look.paint(dim, "not run: "+clean(f.File)+":"+ranges(f.Lines, f.Missed)) + "\n")
		}
	}
}

// ranges are lines as 3-5,9. Two that were missed belong together where no line that was run is between them.
func ranges(all, missed []int) string {
	is := map[int]bool{}
	for _, line := range missed {
		is[line] = true
	}
	var out []string
	for i := 0; i < len(all); i++ {
		if !is[all[i]] {
			continue
		}
		first := all[i]
		for i+1 < len(all) && is[all[i+1]] {
			i++
		}
		text := strconv.Itoa(first)
		if all[i] > first {
			text += "-" + strconv.Itoa(all[i])
		}
		out = append(out, text)
	}
	return strings.Join(out, ",")
}

// Sum prints the sum of all tests.
func (t *Tests) Sum(suites []*tester.Suite, elapsed time.Duration) error {
	all := 0
	for _, s := range suites {
		all += len(s.Tests)
	}
	if all == 0 {
		return t.w.Flush() // the error says it
	}
	parts := counts(func(status tester.Status) (n int) {
		for _, s := range suites {
			n += s.Count(status)
		}
		return n
	})
	fmt.Fprintf(t.w, "%s: %s, in %s\n", counted(all, "test"), strings.Join(parts, ", "), wallTime(elapsed)) //nolint:errcheck // Flush says it
	return t.w.Flush()
}

// counts are how many tests ended in which way, those that passed always.
func counts(count func(tester.Status) int) []string {
	out := []string{fmt.Sprintf("%d passed", count(tester.Passed))}
	for _, status := range []tester.Status{tester.Failed, tester.Skipped, tester.Stopped} {
		if n := count(status); n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, status))
		}
	}
	return out
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func wallTime(d time.Duration) string { return fmt.Sprintf("%.2fs", d.Seconds()) }
