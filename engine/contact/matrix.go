package contact

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"runbook/engine/module"
)

// Severities are those of incidents, the worst first.
var Severities = []string{"P0", "P1", "P2", "P3"}

// NextBusinessDay is the response time of what can wait.
const NextBusinessDay = "next business day"

// A Matrix says, for each severity, how soon somebody responds, and who is told one after the other.
type Matrix map[string]Rung

// A Rung is what holds for one severity.
type Rung struct {
	Respond string `yaml:"respond"` // a duration such as 15m, or "next business day"
	Path    []Step `yaml:"path"`    // who is told, in this order
}

// A Step is one of those who are told.
type Step struct {
	Who      string `yaml:"who"`      // as people call it: On-call
	Receiver string `yaml:"receiver"` // by which they are told, "" for nobody knows which
	// how long after the beginning, if it is not better by then; if not given, the response time for each of those before
	After *time.Duration `yaml:"after"`
}

// Handbook is the matrix of a site that has none of its own.
func Handbook() Matrix {
	path := func(who ...string) (steps []Step) {
		for _, w := range who {
			steps = append(steps, Step{Who: w})
		}
		return steps
	}
	return Matrix{
		"P0": {Respond: "15m", Path: path("On-call", "Manager", "Director")},
		"P1": {Respond: "1h", Path: path("On-call", "Team Lead")},
		"P2": {Respond: "4h", Path: path("On-call", "Team")},
		"P3": {Respond: NextBusinessDay, Path: path("Team")},
	}
}

// Or is the matrix, with the handbook's rung for a severity that it does not have.
func (m Matrix) Or(other Matrix) Matrix {
	if other == nil {
		return m
	}
	out := maps.Clone(other)
	maps.Copy(out, m)
	return out
}

// Responds is the response time; timed is false where it is the next business day.
func (r Rung) Responds() (d time.Duration, timed bool) {
	if r.Respond == NextBusinessDay {
		return 0, false
	}
	d, err := module.ParseDuration(r.Respond)
	return d, err == nil
}

// Told is when the step with that index is due, from the beginning on.
func (r Rung) Told(step int) time.Duration {
	if after := r.Path[step].After; after != nil {
		return *after
	}
	d, _ := r.Responds()
	return time.Duration(step) * d
}

// Check finds the first thing that is wrong with a matrix, given the names of the receivers.
func (m Matrix) Check(receivers map[string]Receiver) *Problem {
	for _, severity := range slices.Sorted(maps.Keys(m)) {
		if !slices.Contains(Severities, severity) {
			return at(fmt.Errorf("%q is no severity: they are %s", severity, strings.Join(Severities, ", ")), severity)
		}
		if problem := m[severity].check(receivers); problem != nil {
			return problem.in(severity)
		}
	}
	return nil
}

func (r Rung) check(receivers map[string]Receiver) *Problem {
	if d, timed := r.Responds(); r.Respond != NextBusinessDay && (!timed || d <= 0) {
		return at(fmt.Errorf("%q is no response time: a duration such as 15m, or %q", r.Respond, NextBusinessDay), "respond")
	}
	if len(r.Path) == 0 {
		return at(errors.New("somebody is told: path: [{who: On-call, receiver: oncall}]"), "path")
	}
	for i, step := range r.Path {
		_, known := receivers[step.Receiver]
		switch {
		case step.Who == "":
			return at(errors.New("who is told: who: On-call"), "path", i)
		case step.Receiver != "" && !known:
			return at(fmt.Errorf("there is no receiver %q%s", step.Receiver, module.Suggest(step.Receiver, slices.Collect(maps.Keys(receivers)))), "path", i, "receiver")
		case step.After != nil && *step.After < 0:
			return at(errors.New("a duration is not negative here"), "path", i, "after")
		case i > 0 && r.Told(i) < r.Told(i-1):
			return at(fmt.Errorf("%s is told before %s, who stands before: %s after the beginning, and %s", step.Who, r.Path[i-1].Who, r.Told(i), r.Told(i-1)), "path", i)
		}
	}
	return nil
}
