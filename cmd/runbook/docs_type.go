package main

import (
	"fmt"
	"go/doc/comment"
	"strings"

	"runbook/engine/typedoc"
)

// pageWidth is how wide a page of documentation is.
const pageWidth = 130

// writeType explains an object of a file format: its fields below each other, what they are for beside them.
func writeType(w *strings.Builder, t typedoc.Type) {
	fmt.Fprintf(w, "\n%s\n", t.Name)
	if t.Doc != "" {
		fmt.Fprint(w, folded("  ", t.Doc))
	}
	var rows [][2]string
	name, kind := 0, 0
	for _, f := range t.Fields {
		called := f.Name
		if f.Optional {
			called += "?"
		}
		name, kind = max(name, len(called)), max(kind, len(f.Type))
		rows = append(rows, [2]string{called, f.Type})
	}
	for i, row := range rows {
		lead := fmt.Sprintf("  %-*s  %-*s  ", name, row[0], kind, row[1])
		writeRow(w, lead, t.Fields[i].Doc)
	}
}

// writeRow writes a text beside what it explains, and goes on below itself.
func writeRow(w *strings.Builder, lead, text string) {
	if text == "" {
		fmt.Fprintln(w, strings.TrimRight(lead, " "))
		return
	}
	below := folded(strings.Repeat(" ", len(lead)), text)
	fmt.Fprint(w, lead+strings.TrimLeft(below, " "))
}

// folded is a text in lines that fit on a page, each behind an indent.
func folded(indent, text string) string {
	var parser comment.Parser
	printer := comment.Printer{TextPrefix: indent, TextWidth: pageWidth - len(indent)}
	return string(printer.Text(parser.Parse(text)))
}
