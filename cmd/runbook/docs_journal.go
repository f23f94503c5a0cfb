package main

import (
	"fmt"
	"strings"

	"runbook/engine/journal"
)

// journalTopic is the one topic of `docs` that no script calls.
const journalTopic = "journal"

// An example is a shell command that a test runs on a real journal.
type example struct{ what, command string }

var journalExamples = []example{
	{"the journal of the last run", `j=$(runbook runs -l 1 -o json | jq -r '.runs[0].dir')/journal.jsonl`},
	{"how it ended", `jq 'select(.kind == "end") | .end' "$j"`},
	{"every action, and what came of it", `jq -r 'select(.kind == "outcome") | [.time, .outcome.status, .call.verb, .call.target.name] | @tsv' "$j"`},
	{"actions without an outcome: they may have been sent or not", `jq -sr '[.[] | select(.kind == "outcome") | .key] as $done | .[] | select(.kind == "intent" and (.key | IN($done[]) | not)) | "\(.intent.number) \(.call.verb) \(.call.target.name)"' "$j"`},
	{"who said yes to what", `jq -r 'select(.consent.granted) | "\(.consent.by): \(.consent.scope), \(.call.verb) \(.call.target.name)"' "$j"`},
	{"the five slowest operations, in seconds", `jq -sr 'map(select(.outcome.elapsed)) | sort_by(-.outcome.elapsed) | .[:5][] | [.outcome.elapsed / 1e9, .call.verb, .call.where] | @tsv' "$j"`},
	{"runs that died", `runbook runs -l 0 -o json | jq -r '.runs[] | select(.status == "died") | .id'`},
}

// writeJournalDocs explains the record format. What there is to explain comes from its types.
func writeJournalDocs(w *strings.Builder) {
	fmt.Fprintf(w, `journal: the record format, version %d

A run has a directory of its own, named by its id: journal.jsonl is what happened, one JSON object a line; results/ has what is too large
for a line; lock is held as long as the run is in progress. Records are only ever added. A last line that was cut short, as a crash
leaves it, counts for nothing. A later version may add kinds and fields under the same number. Secrets are in no record.

Times are RFC 3339. A field with a ? is left out where there is nothing to say.

Kinds of record, with the parts that each always has
`, journal.Format)
	for _, k := range journal.Kinds() {
		fmt.Fprintf(w, "  %-9s  %-14s  %s\n", k.Kind, strings.Join(k.Parts, ", "), k.Doc)
	}
	for _, t := range journal.Types() {
		writeType(w, t)
	}
	fmt.Fprintln(w, "\nExamples")
	for _, e := range journalExamples {
		fmt.Fprintf(w, "  # %s\n  %s\n", e.what, e.command)
	}
}
