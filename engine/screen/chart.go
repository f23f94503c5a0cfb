package screen

import "runbook/engine/journal"

// Glyphs are the characters that charts are drawn with. Those of ASCII rise in how dark they are where the others rise in height.
type glyphs struct {
	levels  []string // from the lowest to the highest
	hole    string   // where there is no value: not to be taken for a low one
	full    string   // a cell of a bar
	parts   []string // what is less than a cell of a bar to the right, by size; none for a cell or nothing
	half    string   // half a cell of a bar to the left; "" for a cell or nothing
	nothing string   // where bars to the left and to the right meet
}

var (
	blocks = glyphs{
		levels: []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, hole: "·",
		full: "█", parts: []string{"▏", "▎", "▍", "▌", "▋", "▊", "▉"}, half: "▐", nothing: "│",
	}
	plain = glyphs{levels: []string{"_", "-", "~", "=", "+", "*", "%", "#"}, hole: "?", full: "#", nothing: "|"}
)

func (l Look) glyphs() glyphs {
	if l.ASCII {
		return plain
	}
	return blocks
}

// noData stands for a number that is missing.
const noData = "no data"

// Widths of charts, in cells.
const (
	pipedDrawing = 60 // of a drawing where nothing says how wide the output is
	leastDrawing = 10 // below it, what stands beside a drawing gets a line of its own
	shareOfNames = 3  // names are shortened from this part of a line on
)

// A row is one line of a chart: a name, a drawing, and what it says in words.
type row struct {
	name, text string
	draw       func(cells int) string // fills at most so many
}

// A layout says how wide the parts of a chart are, and which of them get lines of their own.
type layout struct {
	name, cells           int
	textBelow, nameBefore bool
}

// layoutOf divides a line of so many cells, 0 for no bound. No drawing needs more than most cells.
func layoutOf(rows []row, room, most int) layout {
	var l layout
	text := 0
	for _, r := range rows {
		l.name, text = max(l.name, width(r.name)), max(text, width(r.text))
	}
	if room == 0 {
		l.cells = min(most, pipedDrawing)
		return l
	}
	least := min(most, leastDrawing)
	l.name = min(l.name, max(room/shareOfNames, leastWidth))
	l.cells = room - l.name - 2 - 2 - text
	if l.cells < least {
		l.textBelow = true
		l.cells = room - l.name - 2
	}
	if l.cells < least {
		l.nameBefore = true
		l.cells = room - len(underName)
	}
	l.cells = max(min(l.cells, most), 1)
	return l
}

// chart prints rows below each other.
func (t *Text) chart(indent string, rows []row, most int) {
	if len(rows) == 0 {
		t.nothing(indent)
		return
	}
	room := t.bounded(indent)
	l := layoutOf(rows, room, most)
	for _, r := range rows {
		t.chartRow(indent, l, room, r)
	}
}

func (t *Text) chartRow(indent string, l layout, room int, r row) {
	drawing := r.draw(l.cells)
	drawn := width(drawing)
	drawing = t.paper.look.paint(cyan, drawing)
	name, next := shortenTo(r.name, l.name), indent+spaces(l.name+2)
	first := indent + name + spaces(l.name+2-width(name))
	if l.nameBefore {
		t.paper.line(indent + shortenTo(r.name, room))
		first, next = indent+underName, indent+underName
	}
	switch {
	case r.text == "":
		t.paper.line(first + drawing)
	case !l.textBelow:
		t.paper.line(first + drawing + spaces(l.cells-drawn+2) + r.text)
	default:
		if drawing != "" {
			t.paper.line(first + drawing)
			first = next
		}
		for _, piece := range fold(r.text, t.bounded(next)) {
			t.paper.line(first + piece)
			first = next
		}
	}
}

// shortenTo is shorten where there is a bound.
func shortenTo(name string, limit int) string {
	if limit <= 0 {
		return name
	}
	return shorten(name, limit)
}

// isDrawn tells whether a number has a place on a scale: one that is infinite lies beyond it.
func isDrawn(n journal.Number) bool { return !n.IsMissing() && n-n == 0 }
