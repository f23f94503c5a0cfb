package screen

import (
	"math"
	"strings"

	"runbook/engine/journal"
)

// sparklines print series as lines of characters that rise with their values. Where there are more values than cells, a cell is the
// average of several.
func (t *Text) sparklines(indent string, s *journal.Show) {
	most, common := 0, newSpan()
	for _, series := range s.Series {
		most = max(most, len(series.Values))
		common.take(series.Values)
	}
	g := t.paper.look.glyphs()
	rows := make([]row, len(s.Series))
	for i, series := range s.Series {
		rows[i] = row{name: clean(series.Name), text: clean(series.Text), draw: func(cells int) string {
			values := averaged(series.Values, cells)
			scale := common
			if s.Scale != journal.CommonScale {
				scale = newSpan()
				scale.take(values)
			}
			return g.line(values, scale)
		}}
		if len(series.Values) == 0 && series.Text == "" {
			rows[i].text = noData
		}
	}
	t.chart(indent, rows, most)
}

// line draws values on a scale.
func (g glyphs) line(values []journal.Number, scale valueSpan) string {
	var b strings.Builder
	for _, v := range values {
		if v.IsMissing() {
			b.WriteString(g.hole)
			continue
		}
		b.WriteString(g.levels[scale.level(v, len(g.levels))])
	}
	return b.String()
}

// averaged brings values to so many: each is the average of its share of them. Where at least half of a share is missing, so is the
// average: a gap must not be smoothed away, and one value that is missing must not look like one.
func averaged(values []journal.Number, cells int) []journal.Number {
	if len(values) <= cells {
		return values
	}
	out := make([]journal.Number, cells)
	for i := range out {
		share := values[i*len(values)/cells : (i+1)*len(values)/cells]
		out[i] = average(share)
	}
	return out
}

func average(values []journal.Number) journal.Number {
	var mean journal.Number
	present := 0
	for _, v := range values {
		if math.IsInf(float64(v), 0) {
			return v
		}
		if !v.IsMissing() {
			present++
			n := journal.Number(present)
			mean += v/n - mean/n // equal values have exactly their value as their average, and a sum has no end sooner
		}
	}
	if 2*present <= len(values) {
		return journal.Missing()
	}
	return mean
}

// A valueSpan is the range that a scale covers.
type valueSpan struct{ low, high float64 }

func newSpan() valueSpan { return valueSpan{math.Inf(1), math.Inf(-1)} }

// take widens the span over values. One without an end has no place on a scale.
func (s *valueSpan) take(values []journal.Number) {
	for _, v := range values {
		if isDrawn(v) {
			s.low, s.high = min(s.low, float64(v)), max(s.high, float64(v))
		}
	}
}

// level is which of so many levels a value has. Where all values are the same there is nothing to rise: they stand in the middle, and
// at the bottom if they are 0.
func (s valueSpan) level(v journal.Number, levels int) int {
	n, top := float64(v), levels-1
	switch {
	case math.IsInf(n, 1):
		return top
	case math.IsInf(n, -1):
		return 0
	case s.low == s.high && n == 0:
		return 0
	case s.low == s.high:
		return top / 2
	}
	part := (n/2 - s.low/2) / (s.high/2 - s.low/2) // halved, because the difference may have no end
	return min(max(int(part*float64(top)+0.5), 0), top)
}
