package engine

import (
	"time"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/overlay"
)

// A Mode is how a run treats the outside world: what stands at the end of the gate, what time it is, and who answers.
type Mode struct {
	Name     journal.Mode
	Terminal gate.Terminal
	Clock    clock.Clock
	Outside  clock.Clock // of the site: what it is waited on, also in a dry run, before something is tried again
	People   People
	TimesOut []string // waits that a person wants to see not coming true
}

// People are who consents and answers in a run.
type People interface {
	gate.Consenter
	gate.Settler
	Answerer
}

// Real carries operations out, and asks people.
func Real(people People) Mode {
	return Mode{Name: journal.RealRun, Terminal: gate.Apply{}, Clock: clock.Real{}, Outside: clock.Real{}, People: people}
}

// On is the same mode on a simulated site, whose time is that of the clock. A dry run has a time of its own all the same: what it waits
// for does not happen.
func (m Mode) On(site clock.Clock) Mode {
	if m.Clock == m.Outside {
		m.Clock = site
	}
	m.Outside = site
	return m
}

// Dry predicts actions and changes nothing. Its time stands still but for what the script waits for. timesOut names waits to rehearse
// as not coming true.
func Dry(now time.Time, timesOut []string) Mode {
	names := make(map[string]bool, len(timesOut))
	for _, n := range timesOut {
		names[n] = true
	}
	return Mode{
		Name: journal.DryRun, Terminal: gate.Rehearse{State: overlay.New(), TimesOut: names},
		Clock: clock.NewVirtual(now), Outside: clock.Real{}, People: Rehearsed{}, TimesOut: timesOut,
	}
}

// Replayed is the mode of a run that is heard again from a recording, without a site and without people.
func Replayed(recorded *journal.Run) Mode {
	return Mode{Name: recorded.Mode, Terminal: gate.Offline{}, Clock: clock.NewVirtual(recorded.Clock), Outside: clock.Real{}, People: Absent{}}
}

// Resumable refuses to take up a run that is none to be taken up.
func Resumable(r *journal.Run) error {
	if r.Mode == journal.DryRun {
		return action.Errorf(action.CodeInvalid, "run %s is a dry run: it changed nothing, so there is nothing to resume", r.ID).
			Try("rehearse again: runbook run %s --dry-run", r.Typed())
	}
	return nil
}
