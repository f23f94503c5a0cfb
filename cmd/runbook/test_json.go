package main

import (
	"time"

	"runbook/engine/tester"
)

// What `test -o json` prints: a contract with programs.
type (
	testedDocument struct {
		Schema  string       `json:"schema"`
		Tests   int          `json:"tests"`
		Passed  int          `json:"passed"`
		Failed  int          `json:"failed"`
		Skipped int          `json:"skipped"`
		Stopped int          `json:"stopped"`
		Seconds float64      `json:"seconds"`
		Books   []testedBook `json:"runbooks"`
	}
	testedBook struct {
		Runbook string       `json:"runbook"`
		Path    string       `json:"path"`
		From    string       `json:"inherits,omitempty"` // with tests, or of a script, from where; if they do not lie side by side
		Seconds float64      `json:"seconds"`
		Tests   []testedCase `json:"tests"`
		Lines   []testedFile `json:"coverage"`
	}
	testedCase struct {
		Name     string          `json:"name"`
		Where    string          `json:"where,omitempty"`
		Status   tester.Status   `json:"status"`
		Reason   string          `json:"reason,omitempty"`
		Seconds  float64         `json:"seconds"`
		Failures []testedFailure `json:"failures,omitempty"`
	}
	testedFailure struct {
		Message string   `json:"message"`
		Where   string   `json:"where,omitempty"`
		Source  string   `json:"source,omitempty"`
		Shown   []string `json:"shown,omitempty"` // what the run showed, where something is missing in it
		Diff    string   `json:"diff,omitempty"`
		Runs    []string `json:"runs,omitempty"`
		Hint    string   `json:"hint,omitempty"`
	}
	testedFile struct {
		File   string `json:"file"`
		Lines  int    `json:"lines"`
		Run    int    `json:"run"`
		Missed []int  `json:"missed"`
	}
)

func testDocument(suites []*tester.Suite, elapsed time.Duration) testedDocument {
	d := testedDocument{Schema: "runbook/test/v1", Seconds: elapsed.Seconds(), Books: []testedBook{}}
	for _, s := range suites {
		d.Tests += len(s.Tests)
		d.Passed += s.Count(tester.Passed)
		d.Failed += s.Count(tester.Failed)
		d.Skipped += s.Count(tester.Skipped)
		d.Stopped += s.Count(tester.Stopped)
		d.Books = append(d.Books, testedBookOf(s))
	}
	return d
}

func testedBookOf(s *tester.Suite) testedBook {
	b := testedBook{Runbook: s.Runbook, Path: s.Path, From: s.Inherits, Seconds: s.Elapsed.Seconds(), Tests: []testedCase{}, Lines: []testedFile{}}
	for _, t := range s.Tests {
		c := testedCase{Name: t.Name, Where: t.Where, Status: t.Status, Reason: t.Reason, Seconds: t.Elapsed.Seconds()}
		for _, f := range t.Failures {
			c.Failures = append(c.Failures, testedFailure{f.Message, f.Where, f.Source, f.Shown, f.Diff, f.Runs, f.Hint})
		}
		b.Tests = append(b.Tests, c)
	}
	for _, f := range s.Lines {
		b.Lines = append(b.Lines, testedFile{File: f.File, Lines: len(f.Lines), Run: len(f.Lines) - len(f.Missed), Missed: append([]int{}, f.Missed...)})
	}
	return b
}
