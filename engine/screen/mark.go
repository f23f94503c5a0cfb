package screen

import (
	"time"

	"runbook/engine/journal"
)

// The marks of what is no real run. They stand above it, on each action, and below it, so that no part of a screen that is copied
// somewhere can be taken for one.
const (
	dryRun    = "DRY RUN"
	replays   = "REPLAY"
	simulated = "SCENARIO"
)

// mark is the mark of this run, "" for a real one.
func (l *ledger) mark() string {
	switch {
	case l.run.Replay && l.isDry():
		return replays + " (" + dryRun + ")"
	case l.run.Replay:
		return replays
	case l.isDry():
		return dryRun
	case l.run.Scenario() != "":
		return simulated
	}
	return ""
}

// marked is a title with the mark in front of it.
func (l *ledger) marked(title string) string {
	if mark := l.mark(); mark != "" {
		return mark + " " + title
	}
	return title
}

// warrant says above a run that is none what that means.
func (l *ledger) warrant() string {
	switch {
	case l.run.Replay:
		return replays + " of " + l.kind() + " " + clean(l.run.ID) + ": nothing is asked of any site, nothing is sent"
	case l.isDry() && l.run.Scenario() != "":
		return dryRun + " in the scenario " + clean(l.run.Scenario()) + ": the site is simulated, and nothing will be changed"
	case l.isDry():
		return dryRun + ": nothing will be changed"
	case l.run.Scenario() != "":
		return simulated + " " + clean(l.run.Scenario()) + ": the site is simulated, and nothing else will be changed"
	}
	return ""
}

// identity says which run it is, and of a replay, when it was one.
func (l *ledger) identity() string {
	if !l.run.Replay {
		return l.kind() + " " + clean(l.run.ID)
	}
	return l.kind() + " " + clean(l.run.ID) + " was on " + moment(l.run.Began()) + ", by " + by(l.run.User, l.run.Host)
}

func (l *ledger) kind() string {
	if l.isDry() {
		return "dry run"
	}
	return "real run"
}

// applies says which plan the run carries out.
func applies(run *journal.Run) string {
	a := run.Applies
	if a == nil {
		return ""
	}
	text := "applying " + clean(a.File) + " (made " + moment(a.Made) + " by " + by(a.User, a.Host)
	if age := run.Began().Sub(a.Made); age > 0 {
		text += ", " + elapsed(age) + " before"
	}
	return text + ")"
}

// moment is a time as the ids of runs have it: in UTC, for people in several places.
func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func by(user, host string) string { return clean(user + "@" + host) }
