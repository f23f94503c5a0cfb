package screen

import (
	"io"
	"strings"

	"runbook/engine/journal"
)

// Error prints a failure outside a run: a wrong parameter, an unknown runbook, a script that does not load.
func Error(w io.Writer, look Look, e *journal.Error) error {
	t := &Text{paper: paper{look: look, out: w}}
	message := cleanLines(e.Message)
	t.fold("", "  ", alarm, "error: "+message[0])
	for _, line := range message[1:] {
		t.fold("  ", "  ", normal, line)
	}
	if e.Where != "" {
		t.fold("  ", "  ", normal, "at "+clean(e.Where))
	}
	if source := sourceLine(e); source != "" {
		t.fold("     ", "     ", dim, source)
	}
	if e.Hint != "" {
		t.say("  ", normal, "try: "+e.Hint)
	}
	t.paper.flush()
	return t.paper.err
}

// sourceLine is the line of the script at fault, without its indentation.
func sourceLine(e *journal.Error) string { return clean(strings.TrimSpace(e.Source)) }
