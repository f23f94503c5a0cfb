package engine

import (
	"time"

	"runbook/engine/action"
	"runbook/engine/clock"
	"runbook/engine/command"
	"runbook/engine/gate"
	"runbook/engine/journal"
	"runbook/engine/overlay"
)

// A Mode is how a run treats the outside world: what stands at the end of the gate, what time it is, and who answers.
type Mode struct {
	Name      journal.Mode
	Terminal  gate.Terminal
	Clock     clock.Clock // of the script
	Outside   clock.Clock // of the outside world
	People    People
	Otherwise // what a person wants to see
	// simulation is the simulated site that it is in; nil in the real one.
	simulation Simulation
}

// Otherwise is what a dry run does not assume to go well, by names.
type Otherwise struct {
	TimesOut []string // waits that do not come true
	Fails    []string // actions whose failure the script lives with
}

// A Simulation is a simulated site, which has a time of its own.
type Simulation interface {
	Clock() *clock.Virtual
	// Rewind takes it back to its beginning, and gives it another clock.
	Rewind() error
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

// Dry predicts actions and changes nothing. Its time stands still but for what the script waits for.
func Dry(now time.Time, but Otherwise) Mode {
	terminal := gate.Rehearse{State: overlay.New(), TimesOut: set(but.TimesOut), Fails: set(but.Fails)}
	return Mode{
		Name: journal.DryRun, Terminal: terminal, Clock: clock.NewVirtual(now), Outside: clock.Real{}, People: Rehearsed{}, Otherwise: but,
	}
}

func set(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

// On is the mode on a simulated site. The time of a real run is the site's. A dry run begins at it and has its own all the same: what it
// waits for does not happen.
func (m Mode) On(s Simulation) Mode {
	site := s.Clock()
	if _, live := m.Clock.(clock.Real); live {
		m.Clock = site
	} else {
		m.Clock = clock.Beside{Clock: clock.NewVirtual(site.Now()), Other: site}
	}
	m.Outside, m.simulation = site, s
	return m
}

// rehearsedAgain is a dry run that begins when and where this one began, with something else going otherwise too.
func (m Mode) rehearsedAgain(began time.Time, but Otherwise) (Mode, error) {
	again := Dry(began, Otherwise{TimesOut: append(but.TimesOut, m.TimesOut...), Fails: append(but.Fails, m.Fails...)})
	if m.simulation == nil {
		return again, nil
	}
	if err := m.simulation.Rewind(); err != nil {
		return Mode{}, err
	}
	return again.On(m.simulation), nil
}

// Replayed is the mode of a run that is heard again from a recording, without a site and without people.
func Replayed(recorded *journal.Run) Mode {
	return Mode{Name: recorded.Mode, Terminal: gate.Offline{}, Clock: clock.NewVirtual(recorded.Clock), Outside: clock.Real{}, People: Absent{}}
}

// Resumable refuses to take up a run that is none to be taken up.
func Resumable(r *journal.Run) error {
	if r.Mode == journal.DryRun {
		return action.Errorf(action.CodeInvalid, "run %s is a dry run: it changed nothing, so there is nothing to resume", r.ID).
			Try("rehearse again: runbook run %s --dry-run", command.Quote(r.Typed()))
	}
	return nil
}
