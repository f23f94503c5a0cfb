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

// alignRight is how numbers are set that are to be compared.
const alignRight = "right"

// A TableStyle says how a table is set.
type TableStyle struct {
	Look   Look
	Prefix string   // begins each line: an indentation
	Align  []string // of each column: left or right; all left without it
}

// Table prints rows under upper-case headers the way kubectl does: left aligned, but for columns that are to be compared as numbers,
// three spaces between columns, no lines. On a
// terminal it is never wider than the terminal: the widest columns give way first, names last. It writes row by row.
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
	w       *bufio.Writer // it remembers the first error, so only Flush needs asking
	widths  []int
	gap     int
	limit   int          // cells of one line, 0 for no bound
	stacked bool         // the first cell of a row has a line of its own
	first   int          // the column in which the line under way begins
	line    bytes.Buffer // the row under way
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

// leastWidth is how narrow a column may get before the names in the first one give way: a status is still known by so much of it.
const leastWidth = 6

// underName indents what belongs to a name that has a line of its own.
const underName = "  "

// fit lowers the widths until a line fits into the terminal. The first column holds the names, which a person copies into the next
// command: it gives way last, and before that it gets a line of its own.
func (t *table) fit() {
	columns := t.Look.columns()
	if columns == 0 || len(t.widths) == 0 {
		return
	}
	t.limit = max(columns-width(t.Prefix), 1)
	others := t.widths[1:]
	room := t.limit - t.widths[0] - t.gap*len(others)
	if len(others) > 0 && room < needed(others) {
		t.stacked = true
		room = t.limit - len(underName) - t.gap*(len(others)-1)
		if room < needed(others) { // too many columns for their gaps
			t.gap = 1
			room = max(t.limit-len(underName)-len(others)+1, len(others))
		}
	}
	share(others, room)
	t.widths[0] = min(t.widths[0], t.limit)
}

// needed is how many cells columns cannot do without.
func needed(widths []int) (cells int) {
	for _, w := range widths {
		cells += min(w, leastWidth)
	}
	return cells
}

// share lowers widths until all of them together take at most room cells.
func share(widths []int, room int) {
	if len(widths) == 0 {
		return
	}
	level, left := waterLevel(widths, room)
	for i, w := range widths {
		widths[i] = min(w, level)
		if w > level && left > 0 {
			widths[i]++
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
	if !t.stacked || len(cells) < 2 {
		t.cells(t.Prefix, cells, t.widths, s)
		return
	}
	t.cells(t.Prefix, cells[:1], t.widths[:1], s)
	t.first = 1
	t.cells(t.Prefix+underName, cells[1:], t.widths[1:], s)
	t.first = 0
}

// cells prints cells beside each other.
func (t *table) cells(prefix string, cells []string, widths []int, s style) {
	t.line.Reset()
	end := 0 // of the last cell that is not empty
	for i, cell := range cells {
		cell = t.cell(clean(cell), widths[i])
		before, after := 0, widths[i]-width(cell)
		if column := t.first + i; column < len(t.Align) && t.Align[column] == alignRight {
			before, after = after, 0
		}
		t.blanks(before)
		t.line.WriteString(cell)
		if cell != "" {
			end = t.line.Len()
		}
		t.blanks(after + t.gap)
	}
	text := string(t.line.Bytes()[:end])
	if t.limit > 0 { // with very many columns, even one cell each is too much
		text = truncate(text, t.limit+len(t.Prefix)-len(prefix))
	}
	t.w.WriteString(prefix)
	t.w.WriteString(t.Look.paint(s, text))
	t.w.WriteByte('\n')
}

func (t *table) blanks(n int) {
	for range n {
		t.line.WriteByte(' ')
	}
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
