package screen

import (
	"math"
	"strconv"
	"strings"

	"runbook/engine/journal"
)

// widestBar is how many cells a full bar has where there is room: a longer one is not compared more easily.
const widestBar = 40

// eighths are the parts of a cell that a bar is measured in.
const eighths = 8

// bars print numbers as bars from a common zero: to the right, and to the left if they are negative.
func (t *Text) bars(indent string, s *journal.Show) {
	scale := valueSpan{}
	for _, b := range s.Bars {
		scale.take([]journal.Number{b.Value})
	}
	if s.Max != nil {
		scale.take([]journal.Number{*s.Max})
	}
	g := t.paper.look.glyphs()
	rows := make([]row, len(s.Bars))
	for i, b := range s.Bars {
		rows[i] = row{name: clean(b.Name), text: clean(barText(b)), draw: func(cells int) string { return g.bar(b.Value, scale, cells) }}
	}
	t.chart(indent, rows, widestBar)
}

func barText(b journal.Bar) string {
	switch {
	case b.Text != "":
		return b.Text
	case b.Value.IsMissing():
		return noData
	}
	return strconv.FormatFloat(float64(b.Value), 'f', -1, 64)
}

// bar draws one number. A scale that reaches below 0 has an axis, and bars on both sides of it.
func (g glyphs) bar(v journal.Number, scale valueSpan, cells int) string {
	if scale.low == 0 {
		return g.right(v, scale.high, cells)
	}
	cells-- // for the axis
	part := -scale.low / 2 / (scale.high/2 - scale.low/2)
	left := min(max(int(math.Round(part*float64(cells))), 1), cells)
	if scale.high > 0 && cells > 1 {
		left = min(left, cells-1)
	}
	if cells < 1 || v.IsMissing() {
		return ""
	}
	before := g.left(-v, -scale.low, left)
	return spaces(left-width(before)) + before + g.nothing + g.right(v, scale.high, cells-left)
}

// right is a bar that begins at 0. What is more than nothing is drawn as something.
func (g glyphs) right(v journal.Number, full float64, cells int) string {
	n := measure(v, full, cells*eighths)
	if g.parts == nil {
		return strings.Repeat(g.full, measure(v, full, cells))
	}
	bar := strings.Repeat(g.full, n/eighths)
	if n%eighths > 0 {
		bar += g.parts[n%eighths-1]
	}
	return bar
}

// left is a bar that ends at 0.
func (g glyphs) left(v journal.Number, full float64, cells int) string {
	if g.half == "" {
		return strings.Repeat(g.full, measure(v, full, cells))
	}
	n := measure(v, full, 2*cells)
	return strings.Repeat(g.half, n%2) + strings.Repeat(g.full, n/2)
}

// measure is how many of so many units a value takes: none for none and less than none, and at least one for anything more.
func measure(v journal.Number, full float64, units int) int {
	n := float64(v)
	switch {
	case v.IsMissing(), n <= 0, units < 1:
		return 0
	case n >= full:
		return units
	}
	return max(int(math.Round(n/full*float64(units))), 1)
}
