package main

import (
	"cmp"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/duration"

	"runbook/engine/journal"
	"runbook/engine/screen"
)

var runColumns = []string{"id", "runbook", "age", "who", "site", "mode", "status", "verdict", "actions"}

// expendable are the columns that a narrow terminal goes without, the least missed first.
var expendable = []string{"who", "site", "actions", "mode", "verdict"}

func tableOfRuns(io streams, runs []*journal.Summary, now time.Time) error {
	rows := make([][]string, len(runs))
	for i, s := range runs {
		rows[i] = []string{
			s.Dir.ID(), s.Run.Runbook, duration.HumanDuration(now.Sub(s.Began)), s.Run.User + "@" + s.Run.Host, siteOf(s.Run), modeOf(s.Run),
			standing(s.Status), verdictOf(s), strconv.Itoa(s.Actions),
		}
	}
	look := screen.LookOf(io.out, getenv)
	columns, rows := screen.Narrow(look, runColumns, rows, expendable...)
	return screen.Table(io.out, columns, rows, screen.TableStyle{Look: look})
}

// none stands for what a run does not have, so that columns can be counted.
const none = "-"

// modeOf is a run's mode in words. That it was held to a plan is what tells most about it.
func modeOf(run *journal.Run) string {
	if run.Plan != "" {
		return "apply"
	}
	return string(run.Mode)
}

// siteOf names a run's site. The context says more than the site file, which may be used with several.
func siteOf(run *journal.Run) string {
	if scenario := run.Scenario(); scenario != "" {
		return "scenario " + scenario
	}
	return cmp.Or(run.Site["context"], run.Site["site"], run.Site["server"], none)
}

func verdictOf(s *journal.Summary) string {
	if s.Verdict == nil {
		return none
	}
	return s.Verdict.State
}

// standing is a status in words.
func standing(s journal.Status) string {
	switch s {
	case journal.TimedOut:
		return "timed out"
	case journal.OutOfMemory:
		return "out of memory"
	}
	return string(s)
}
