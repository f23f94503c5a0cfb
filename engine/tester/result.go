package tester

import (
	"fmt"
	"strings"
	"time"

	"runbook/engine/script"
)

// A Status is how a test ended.
type Status string

// The ways in which a test ends.
const (
	Passed  Status = "passed"
	Failed  Status = "failed"
	Skipped Status = "skipped"
	Stopped Status = "stopped" // a person stopped it, or it never began for that reason
)

// A Suite is what came of the tests of one runbook.
type Suite struct {
	Runbook string
	Path    string // of the test file, or of the script where there is none beside it
	// Inherits says, of tests that do not lie beside the script, where what is not at Path is from; "" where they do.
	Inherits string
	Tests    []Result
	Lines    []script.Lines // of the script and what it requires from its own folder, by file
	Elapsed  time.Duration
}

// A Result is what came of one test.
type Result struct {
	Name     string
	Where    string // file:line of its declaration; "" for one that needs no Lua
	Status   Status
	Reason   string // why it was skipped
	Failures []Failure
	Elapsed  time.Duration
}

// A Failure is one reason for which a test failed.
type Failure struct {
	Message string
	Hint    string
	Where   string   // file:line
	Source  string   // that line
	Shown   []string // what the run showed, where something is missing in it
	Diff    string   // of what was expected and what was the case, unified
	Runs    []string // what the runs of the test did, a line each, and where they failed
}

// Count is how many tests ended in a way.
func (s *Suite) Count(status Status) (n int) {
	for _, t := range s.Tests {
		if t.Status == status {
			n++
		}
	}
	return n
}

// Covered is how many lines there are, and how many of them were run.
func (s *Suite) Covered() (run, all int) {
	for _, f := range s.Lines {
		all += len(f.Lines)
		run += len(f.Lines) - len(f.Missed)
	}
	return run, all
}

// What is told of a failure where nobody asks for the whole.
const (
	fewShown = 6  // lines that a run showed
	fewDiff  = 24 // lines of a difference
	fewRuns  = 12 // lines about what the runs did
)

// Lines tell why a test failed, briefly or in full.
func (r *Result) Lines(whole bool) []string {
	var out []string
	few := func(lines []string, most int, what string) []string {
		if whole || len(lines) <= most+1 { // to say that one more is left out takes a line as well
			return lines
		}
		return append(lines[:most:most], fmt.Sprintf("… and %d more %s: -v shows them", len(lines)-most, what))
	}
	for _, f := range r.Failures {
		if f.Where != "" {
			at := "at " + f.Where
			if source := strings.TrimSpace(f.Source); source != "" {
				at += ": " + source
			}
			out = append(out, at)
		}
		out = append(out, strings.Split(f.Message, "\n")...)
		switch {
		case len(f.Shown) > fewShown && !whole:
			out = append(out, fmt.Sprintf("it shows %d lines: -v shows them", len(f.Shown)))
		case len(f.Shown) > 0:
			out = append(out, "it shows:")
			for _, line := range f.Shown {
				out = append(out, "  "+line)
			}
		}
		if f.Diff != "" {
			out = append(out, few(strings.Split(strings.TrimSuffix(f.Diff, "\n"), "\n"), fewDiff, "lines that differ")...)
		}
		for _, line := range few(f.Runs, fewRuns, "lines about the runs") {
			if !whole {
				line = clipped(line)
			}
			out = append(out, "| "+line)
		}
		if f.Hint != "" {
			out = append(out, "try: "+f.Hint)
		}
	}
	return out
}
