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
  - {at: 30s, every: 10s, file: /var/log/photon-mlir/queue.log, with: {append: "{time} WARN queue is full\n"}}
  - {at: -1h, every: 1m, disk: /var, with: {grows: 1GiB}}
faults:
  - {on: delete pods, answer: 429, retry_after: 5s}
  - {on: remove files, name: /var/cache/photon-mlir/*, answer: 403, skip: 3}
host:
  disks: {/: {}, /var: {size: 100GiB, used: 20GiB}}
  files:
    - {path: "/var/cache/photon-mlir/{n}.bin", count: 40, size: 10MiB, age: 240h}
  commands:
    - {argv: [photon-debug, --list-devices], reads: true, takes: 2s, stdout: "d1 online\nd2 offline\n"}
`

// writeScenarioDocs explains what a scenario file holds. What there is to explain comes from its types.
func writeScenarioDocs(w *strings.Builder) error {
	fmt.Fprint(w, `scenario: a simulated site, for rehearsals (runbook run NAME --scenario S) and tests (runbook test)

A YAML file, S.yaml, in the folder scenarios of a runbook, or in the folder scenarios beside the runbooks. Everything is optional. Times
are written as 90s, 5m, 1h30m or 7d, sizes as 4096, 10MiB or 20GB. Time stands still while a script runs, and moves when it waits; --timeout
is of the time on your clock. A scenario goes the same way each time, but for which of several parallel branches comes first. In a test it
may stand as a table.

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
