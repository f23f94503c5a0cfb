package journal

import "time"

// Parts of a run's site that are those of a simulated one.
const (
	ScenarioKey = "scenario" // its name, or the absolute path of its file
	DigestKey   = "digest"   // of all that it consists of: for programs, people do not read it
)

// Scenario is the simulated site that the run is in, "" for a real one.
func (r *Run) Scenario() string { return r.Site[ScenarioKey] }

// Began is when it was. In a scenario its clock, and with it the time of its records, is another one.
func (r *Run) Began() time.Time {
	if r.Scenario() == "" {
		return r.Clock
	}
	return named(r.ID)
}
