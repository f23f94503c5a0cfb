package screen

import (
	"bytes"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"runbook/engine/journal"
)

// charts is a run that shows every form there is.
func charts() *tape {
	infinite, hole := journal.Number(math.Inf(1)), journal.Missing()
	value, full := journal.Number(7.1), journal.Number(100)
	var week []journal.Number
	for hour := range 168 {
		n := journal.Number(200 + 150*math.Sin(float64(hour)/12*math.Pi))
		if hour >= 60 && hour < 72 {
			n = hole
		}
		week = append(week, n)
	}
	t := newTape(journal.RealRun).step(1, "Check service status")
	t.show(journal.Show{Form: "table", Title: "Devices", Columns: []string{"device", "state", "jobs", "queue_depth"}, Align: []string{"left", "left", "right", "right"},
		Rows:   [][]string{{"envise-0", "calibrated", "12", "0.25"}, {"mit-array-7", "hot", "1204", "3"}, {"lightmatter", "offline", "", ""}},
		Values: [][]any{{"envise-0", "calibrated", journal.Number(12), journal.Number(0.25)}, {"mit-array-7", "hot", journal.Number(1204), journal.Number(3)}, {"lightmatter", "offline", nil, nil}},
	})
	t.show(journal.Show{Form: "checks", Title: "Health", Checks: []journal.Check{
		{Name: "pods", State: "healthy", Detail: "5 of 5 ready"},
		{Name: "error rate", State: "degraded", Detail: "7.1%, degraded above 5%", Value: &value, Unit: "%"},
		{Name: "devices", State: "down", Detail: "none of 4 answers: envise-0, envise-1, mit-array-7 and lightmatter-2 were last seen more than an hour ago"},
		{Name: "99th percentile of the compilation time", State: "unknown", Detail: "no data"},
		{Name: "bare", State: "healthy"},
	}})
	t.show(journal.Show{Form: "sparklines", Title: "Compilations, 7 days", Unit: "/s", Series: []journal.Series{
		{Name: "a week", Values: week, Text: "min 50 max 350 last 161"},
		{Name: "a gap", Values: []journal.Number{0, 1, hole, hole, 4, 5, 6, 7}, Text: "min 0 max 7 last 7"},
		{Name: "all the same", Values: []journal.Number{3, 3, 3}, Text: "3"},
		{Name: "all zero", Values: []journal.Number{0, 0, 0}, Text: "0"},
		{Name: "one", Values: []journal.Number{9}, Text: "9"},
		{Name: "nothing came", Values: []journal.Number{hole, hole}, Text: "no data"},
		{Name: "no values"},
		{Name: "infinite", Values: []journal.Number{1, infinite, -infinite, 2}, Text: "max +Inf"},
	}})
	t.show(journal.Show{Form: "sparklines", Title: "On one scale", Scale: journal.CommonScale, Series: []journal.Series{
		{Name: "low", Values: []journal.Number{1, 2, 1}, Text: "max 2"}, {Name: "high", Values: []journal.Number{90, 95, 100}, Text: "max 100"},
	}})
	t.show(journal.Show{Form: "bars", Title: "Memory", Unit: "%", Max: &full, Bars: []journal.Bar{
		{Name: "photon-compiler-7d9f8b6c5-x2x4z", Value: 83.5, Text: "83.5%"}, {Name: "photon-router", Value: 0.01, Text: "0.01%"},
		{Name: "idle", Value: 0, Text: "0%"}, {Name: "gone", Value: hole, Text: "no data"}, {Name: "full", Value: 100, Text: "100%"},
		{Name: "silent", Value: hole}, {Name: "plain", Value: 12.5}, {Name: "infinite", Value: infinite, Text: "+Inf"},
	}})
	t.show(journal.Show{Form: "bars", Title: "Change", Bars: []journal.Bar{
		{Name: "up", Value: 30, Text: "+30"}, {Name: "down", Value: -11, Text: "-11"}, {Name: "same", Value: 0, Text: "0"}, {Name: "gone", Value: hole, Text: "no data"},
	}})
	for _, form := range []string{"table", "checks", "sparklines", "bars"} {
		t.show(journal.Show{Form: form, Title: "Nothing of form " + form})
	}
	t.stepEnd(1, "Check service status", journal.OK, "")
	return t.end(journal.End{Status: journal.OK})
}

func TestChartsAreNeverWiderThanTheTerminal(t *testing.T) {
	for wide := 20; wide < 130; wide++ {
		for _, r := range charts().records {
			if r.Show == nil || r.Show.Form == "table" {
				continue
			}
			for _, look := range []Look{{Width: columns(wide)}, {Width: columns(wide), ASCII: true}} {
				r.Show.Title = ""
				var out bytes.Buffer
				play(t, NewText(&out, Options{Look: look}), []*journal.Record{{Kind: journal.KindShow, Show: r.Show}})
				for line := range bytes.Lines(out.Bytes()) {
					require.LessOrEqual(t, width(string(bytes.TrimSuffix(line, []byte("\n")))), wide, "%d: %q", wide, line)
				}
			}
		}
	}
}

func numbers(values ...float64) []journal.Number {
	out := make([]journal.Number, len(values))
	for i, v := range values {
		out[i] = journal.Number(v)
	}
	return out
}

func TestSparkline(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, c := range map[string]struct {
		values        []journal.Number
		cells         int
		blocks, ascii string
	}{
		"each level":                      {numbers(0, 1, 2, 3, 4, 5, 6, 7), 8, "▁▂▃▄▅▆▇█", "_-~=+*%#"},
		"below zero":                      {numbers(-7, 0), 8, "▁█", "_#"},
		"a hole is no zero":               {numbers(0, nan, 7), 8, "▁·█", "_?#"},
		"all the same":                    {numbers(5, 5), 8, "▄▄", "=="},
		"all zero":                        {numbers(0, 0), 8, "▁▁", "__"},
		"one value":                       {numbers(5), 8, "▄", "="},
		"only holes":                      {numbers(nan, nan), 8, "··", "??"},
		"averages":                        {numbers(0, 2, 6, 8), 2, "▁█", "_#"},
		"averages that are the same":      {numbers(0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1), 3, "▄▄▄", "==="},
		"a short gap is averaged over":    {numbers(0, nan, 0, 7, 7, 7), 2, "▁█", "_#"},
		"a long one is one":               {numbers(0, nan, nan, 7, 7, 7), 2, "·▄", "?="},
		"shares that do not come out":     {numbers(1, 1, 1, 1, 1, 8, 8), 3, "▁▁█", "__#"},
		"infinite ones are off the scale": {numbers(0, inf, 7, -inf), 8, "▁██▁", "_##_"},
		"very large ones":                 {numbers(-math.MaxFloat64, 0, math.MaxFloat64), 8, "▁▅█", "_+#"},
		"nothing":                         {nil, 8, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			values := averaged(c.values, c.cells)
			scale := newSpan()
			scale.take(values)
			assert.Equal(t, c.blocks, blocks.line(values, scale))
			assert.Equal(t, c.ascii, plain.line(values, scale))
		})
	}
}

func TestBar(t *testing.T) {
	for name, c := range map[string]struct {
		value, low, high float64
		cells            int
		blocks, ascii    string
	}{
		"full":                 {8, 0, 8, 4, "████", "####"},
		"half":                 {4, 0, 8, 4, "██", "##"},
		"parts of a cell":      {5, 0, 8, 4, "██▌", "###"},
		"hardly anything":      {0.001, 0, 8, 4, "▏", "#"},
		"nothing":              {0, 0, 8, 4, "", ""},
		"no data":              {math.NaN(), 0, 8, 4, "", ""},
		"all zero":             {0, 0, 0, 4, "", ""},
		"without an end":       {math.Inf(1), 0, 8, 4, "████", "####"},
		"nothing has an end":   {math.Inf(1), 0, 0, 4, "████", "####"},
		"to the right":         {8, -8, 8, 9, "    │████", "    |####"},
		"to the left":          {-8, -8, 8, 9, "████│", "####|"},
		"half to the left":     {-3, -8, 8, 9, "  ▐█│", "  ##|"},
		"at zero":              {0, -8, 8, 9, "    │", "    |"},
		"no data with an axis": {math.NaN(), -8, 8, 9, "", ""},
		"little to the left":   {-1, -1, 1000, 9, "█│", "#|"},
		"all negative":         {-4, -8, 0, 9, "    ████│", "    ####|"},
		"one cell":             {-8, -8, 8, 1, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			scale := valueSpan{c.low, c.high}
			assert.Equal(t, c.blocks, blocks.bar(journal.Number(c.value), scale, c.cells))
			assert.Equal(t, c.ascii, plain.bar(journal.Number(c.value), scale, c.cells))
		})
	}
}

func TestNumbersBelowEachOther(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, Table(&out, []string{"name", "jobs", "note"}, [][]string{{"a", "7", "x"}, {"bb", "1204", ""}}, TableStyle{Align: []string{"left", "right"}}))
	assert.Equal(t, "NAME   JOBS   NOTE\na         7   x\nbb     1204\n", out.String())
	out.Reset()
	require.NoError(t, Table(&out, []string{"name", "jobs", "queue"}, [][]string{{"a-very-long-name", "7", "12345678"}},
		TableStyle{Align: []string{"left", "right", "right"}, Look: Look{Width: columns(20)}}))
	assert.Equal(t, "NAME\n  JOBS      QUEUE\na-very-long-name\n     7   12345678\n", out.String(), "also below the name")
}
