package photon

import "time"

// Span is how much past there is: the week that is asked for, and some hours, so that a lab which runs for a while
// still has an answer for seven days ago.
const Span = 7*24*time.Hour + 6*time.Hour

// Event is something that befell the service in its past.
type Event struct {
	Ago   time.Duration // when it began, before the end of the past
	Lasts time.Duration // Forever for what is still so
}

// Forever is longer than any lab lives.
const Forever = 365 * 24 * time.Hour

// What happened, the oldest first.
var (
	// Unwatched is when nobody scraped or evaluated, so that every series has a hole. The service worked on.
	Unwatched = Event{Ago: 5*24*time.Hour + 3*time.Hour, Lasts: 30 * time.Minute}
	// Outage is when no pod was ready. It ended with a restart, and all counters at zero.
	Outage = Event{Ago: 3*24*time.Hour + 7*time.Hour, Lasts: 12 * time.Minute}
	// Repair is when RepairedDevice was offline.
	Repair = Event{Ago: 2*24*time.Hour + 5*time.Hour, Lasts: 2 * time.Hour}
	// ColdCache is since the cache misses more than it hits.
	ColdCache = Event{Ago: 3 * time.Hour, Lasts: Forever}
	// Overheating is when FaultyDevice was degraded.
	Overheating = Event{Ago: 70 * time.Minute, Lasts: 20 * time.Minute}
	// Fault is since FaultyDevice is offline.
	Fault = Event{Ago: 50 * time.Minute, Lasts: Forever}
)

// Which devices the events are about.
const (
	RepairedDevice = "mit-2"
	FaultyDevice   = "envise-2"
)

// Past is the service's past until End, which is a whole minute.
type Past struct{ End time.Time }

// PastUntil is the past of a lab that began at now.
func PastUntil(now time.Time) Past { return Past{End: now.UTC().Truncate(Step)} }

// Begin is when the service was first looked at.
func (p Past) Begin() time.Time { return p.End.Add(-Span) }

// From is when the event began.
func (p Past) From(e Event) time.Time { return p.End.Add(-e.Ago) }

// Until is the first moment after the event.
func (p Past) Until(e Event) time.Time { return p.From(e).Add(e.Lasts) }

// During tells whether the event was going on at t.
func (p Past) During(e Event, t time.Time) bool { return !t.Before(p.From(e)) && t.Before(p.Until(e)) }

// Inputs are those at t. They also hold after the end of the past, for what nobody knows better.
func (p Past) Inputs(t time.Time) Inputs {
	in := Inputs{Ready: Replicas, Devices: map[string]Status{}, ColdCache: p.During(ColdCache, t)}
	if p.During(Outage, t) {
		in.Ready = 0
	}
	if p.During(Repair, t) {
		in.Devices[RepairedDevice] = Offline
	}
	if p.During(Overheating, t) {
		in.Devices[FaultyDevice] = Degraded
	}
	if p.During(Fault, t) {
		in.Devices[FaultyDevice] = Offline
	}
	return in
}

// Replay lives through the past, shows the model at each step, the first and the last moment included, and returns it as
// it is at the end.
func (p Past) Replay(show func(*Model)) *Model {
	m := New(p.Begin(), p.Inputs(p.Begin()))
	show(m)
	for m.at.Before(p.End) {
		to := m.at.Add(Step)
		m.Advance(to, p.Inputs(m.at))
		// What is seen at a moment is how things are then; what was counted is how they were before.
		m.in = p.Inputs(to)
		if to.Equal(p.Until(Outage)) {
			m.Restart()
		}
		show(m)
	}
	return m
}

// Increase is what was counted between two whole minutes of the past, restarts left out: what a query for the increase of
// a counter should come near to.
func (p Past) Increase(from, to time.Time) Counts {
	var first, last Counts
	p.Replay(func(m *Model) {
		switch {
		case m.at.Equal(from):
			first = m.counts
		case m.at.Equal(to):
			last = m.counts
		}
	})
	return last.Minus(first)
}
