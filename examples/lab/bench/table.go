package main

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// A row is what is known about one work.
type row struct {
	name         string
	ours, peer   sample
	time, memory figure
	err          error // why nothing is known
}

// A figure is ours against the peer's, with what is to be reached.
type figure struct {
	text   string
	missed bool
}

// ratio compares a quotient with the one that is to be reached; 0 is none.
func ratio(value, most float64) figure {
	if most == 0 {
		return figure{text: fmt.Sprintf("%.2f", value)}
	}
	return figure{text: fmt.Sprintf("%.2f of %.2f", value, most), missed: value > most}
}

// difference compares what something costs more with what it is to cost more at most.
func difference(value, most time.Duration) figure {
	return figure{text: fmt.Sprintf("+%s of +%s", duration(value), duration(most)), missed: value > most}
}

var headers = []string{"work: ours / peer", "ours: time", "cpu", "memory", "peer: time", "cpu", "memory", "ratio: time", "memory"}

// printTable prints the rows, and how they came about.
func printTable(w io.Writer, rows []row, rounds int) error {
	lines := [][]string{headers}
	for _, r := range rows {
		lines = append(lines, r.cells())
	}
	_, err := fmt.Fprintf(w, `%s
Medians of %d rounds or more, in which both sides took turns. A ratio is ours to the peer's, "of" what is to be reached; a
difference ("+") is that of the least disturbed round. Memory is the peak of what was resident; a pipeline's is the sum of its
programs' peaks.
`, align(lines), rounds)
	return err
}

// align sets the first column to the left and the figures to the right. A line with less than all columns is a message, which no
// column has to make room for.
func align(lines [][]string) string {
	widths := make([]int, len(headers))
	for _, line := range lines {
		widths[0] = max(widths[0], utf8.RuneCountInString(line[0]))
		for i := 1; i < len(line) && len(line) == len(headers); i++ {
			widths[i] = max(widths[i], utf8.RuneCountInString(line[i]))
		}
	}
	var text strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&text, "%-*s", widths[0], line[0])
		for i, cell := range line[1:] {
			fmt.Fprintf(&text, "  %*s", widths[i+1], cell)
		}
		text.WriteByte('\n')
	}
	return text.String()
}

func (r row) cells() []string {
	if r.err != nil {
		return []string{r.name, "not measured: " + r.err.Error()}
	}
	cells := []string{r.name}
	for _, s := range []sample{r.ours, r.peer} {
		cells = append(cells, duration(s.wall), orDash(s.cpu != 0, duration(s.cpu)), orDash(s.memory != 0, megabytes(s.memory)))
	}
	return append(cells, r.time.cell(), r.memory.cell())
}

func (f figure) cell() string {
	if f.missed {
		return f.text + " MISSED"
	}
	return orDash(f.text != "", f.text)
}

func orDash(known bool, text string) string {
	if known {
		return text
	}
	return "-"
}

// duration has three digits that count.
func duration(d time.Duration) string {
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.0f ms", d.Seconds()*1e3)
	}
	return fmt.Sprintf("%.1f µs", d.Seconds()*1e6)
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.0f MB", float64(bytes)/1e6) }
