package journal

// ScenarioKey is the part of a run's site that names a simulated one.
const ScenarioKey = "scenario"

// Scenario is the simulated site that the run is in, "" for a real one.
func (r *Run) Scenario() string { return r.Site[ScenarioKey] }
