package screen

import (
	"bufio"
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
)

// gap is what stands between two columns, as kubectl has it.
const gap = 3

// A TableStyle says how a table is set.
type TableStyle struct {
	Look   Look
	Prefix string // begins each line: an indentation
}

// Table prints rows under upper-case headers the way kubectl does: left aligned, three spaces between columns, no lines. On a
// terminal it is never wider than the terminal: the widest columns give way first. It writes row by row.
func Table(w io.Writer, columns []string, rows [][]string, s TableStyle) error {
	headers := make([]string, len(columns))
	for i, c := range columns {
		headers[i] = strings.ToUpper(strings.ReplaceAll(clean(c), "_", "-")) // as kubectl has UP-TO-DATE
	}
	t := &table{TableStyle: s, w: bufio.NewWriter(w), widths: widthsOf(headers, rows), gap: gap}
	t.fit()
	for i := range headers {
		headers[i] = truncate(headers[i], t.widths[i]) // a header is a word, not a name: its start says most
	}
	t.row(headers, bold)
	for _, row := range rows {
		t.row(row, normal)
	}
	return t.w.Flush()
}

// A table is one table being printed.
type table struct {
	TableStyle
	w      *bufio.Writer // it remembers the first error, so only Flush needs asking
	widths []int
	gap    int
	limit  int          // cells of one line, 0 for no bound
	line   bytes.Buffer // the row under way
}

func widthsOf(headers []string, rows [][]string) []int {
	widths := make([]int, len(headers))
	for i, h := range headers {
		widths[i] = width(h)
	}
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], width(clean(cell)))
		}
	}
	return widths
}

// fit lowers the widths until a line fits into the terminal.
func (t *table) fit() {
	columns := t.Look.columns()
	if columns == 0 || len(t.widths) == 0 {
		return
	}
	t.limit = max(columns-width(t.Prefix), 1)
	room := t.limit - t.gap*(len(t.widths)-1)
	if room < len(t.widths)*2 { // too many columns for their gaps
		t.gap = 1
		room = max(t.limit-len(t.widths)+1, len(t.widths))
	}
	level, left := waterLevel(t.widths, room)
	for i, w := range t.widths {
		t.widths[i] = min(w, level)
		if w > level && left > 0 { // what does not divide goes to the first columns, which hold the names
			t.widths[i]++
			left--
		}
	}
}

// waterLevel is the width that no column may exceed so that all of them together take at most room cells, and what is then left
// over: narrow columns stay whole, and the wide ones share the rest.
func waterLevel(widths []int, room int) (level, left int) {
	sorted := slices.SortedFunc(slices.Values(widths), cmp.Compare)
	for i, w := range sorted {
		share := room / (len(sorted) - i)
		if w > share {
			return share, room - share*(len(sorted)-i)
		}
		room -= w
	}
	return sorted[len(sorted)-1], 0
}

func (t *table) row(cells []string, s style) {
	t.line.Reset()
	end := 0 // of the last cell that is not empty
	for i, cell := range cells {
		cell = t.cell(clean(cell), t.widths[i])
		t.line.WriteString(cell)
		if cell != "" {
			end = t.line.Len()
		}
		for range t.widths[i] - width(cell) + t.gap {
			t.line.WriteByte(' ')
		}
	}
	text := string(t.line.Bytes()[:end])
	if t.limit > 0 { // with very many columns, even one cell each is too much
		text = truncate(text, t.limit)
	}
	t.w.WriteString(t.Prefix)
	t.w.WriteString(t.Look.paint(s, text))
	t.w.WriteByte('\n')
}

// cell shortens a name in its middle and prose at its end.
func (t *table) cell(text string, limit int) string {
	switch {
	case t.limit == 0:
		return text
	case strings.Contains(text, " "):
		return truncate(text, limit)
	}
	return shorten(text, limit)
}
