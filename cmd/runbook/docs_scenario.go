package main

import (
	"fmt"
	"strings"

	"runbook/engine/world/scenario"
)

// scenarioTopic is the topic of `docs` for who writes scenarios.
const scenarioTopic = "scenario"

const scenarioExample = `summary: two pods crash again and again, and the API server is slow to delete
extends: healthy
timeline:
  - {at: -11m, become: crash-loop, pods: app=photon-compiler, count: 2, logs: "{time} FATAL no queue"}
  - {at: 2m, become: oom, pods: app=photon-compiler, count: 1}
faults:
  - {on: delete pods, answer: 429, retry_after: 5s}
host:
  commands:
    - {argv: [photon-debug, --list-devices], reads: true, takes: 2s, stdout: "d1 online\nd2 offline\n"}
`

// writeScenarioDocs explains what a scenario file holds. What there is to explain comes from its types.
func writeScenarioDocs(w *strings.Builder) error {
	fmt.Fprint(w, `scenario: a simulated site, for rehearsals (runbook run NAME --scenario S) and tests (runbook test)

A YAML file, S.yaml, in the folder scenarios of a runbook, or in the folder scenarios beside the runbooks. Everything is optional. Times
are written as 90s, 5m or 1h30m. Time stands still while a script runs, and moves when it waits; --timeout is of the time on your clock.
A scenario goes the same way each time, but for which of several parallel branches comes first. In a test it may stand as a table.

`)
	types, err := scenario.Types()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "An example")
	for line := range strings.Lines(scenarioExample) {
		fmt.Fprint(w, "  ", line)
	}
	for _, t := range types {
		writeType(w, t)
	}
	ways, err := scenario.WayDocs()
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "\nways in which pods behave")
	for _, way := range ways {
		writeRow(w, fmt.Sprintf("  %-15s  ", way.Way), way.Doc)
	}
	return nil
}
