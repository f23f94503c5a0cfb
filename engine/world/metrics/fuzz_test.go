package metrics

import (
	"math"
	"regexp"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
)

var longNumber = regexp.MustCompile(`x\s*[\d_]{4}`)

// Whatever is written, it is what Prometheus's own parser reads, or wrong for both.
func FuzzNotation(f *testing.F) {
	for _, values := range []string{
		"0+10x60", "1 _ 2 _x10 stale", "-1e3-2.5E-1x4", "NaN Inf", "{{schema:0 sum:1 count:3 buckets:[1 2]}}+{{sum:1 count:3 buckets:[1 2]}}x4", "1x", "x5", "{{", "}}x2", "0x10",
	} {
		f.Add(values)
	}
	f.Fuzz(func(t *testing.T, values string) {
		if longNumber.MatchString(values) {
			return // the parser would write it out
		}
		s := &series{interval: 1000}
		err := s.read(newParser(), values)
		_, want, wrong := newParser().ParseSeriesDesc("x " + values)
		if wrong != nil || len(want) == 0 {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		require.Equal(t, len(want), s.length)
		for i, w := range want {
			same(t, w, &s.runs[s.runOf(i)], i)
		}
	})
}

// same compares a sample with what the parser made of it.
func same(t *testing.T, want parser.SequenceValue, r *run, i int) {
	t.Helper()
	switch {
	case want.Omitted:
		require.Equal(t, chunkenc.ValNone, r.kind, "sample %d", i)
	case want.Histogram != nil:
		require.Equal(t, chunkenc.ValFloatHistogram, r.kind, "sample %d", i)
		require.Equal(t, want.Histogram.TestExpression(), r.histogramAt(i).TestExpression(), "sample %d", i)
	case math.IsNaN(want.Value) || math.IsInf(want.Value, 0):
		require.Equal(t, math.Float64bits(want.Value), math.Float64bits(r.float(i)), "sample %d", i)
	default:
		require.Equal(t, chunkenc.ValFloat, r.kind, "sample %d", i)
		scale := max(1, math.Abs(r.number), math.Abs(r.step)*float64(i+1))
		require.InDelta(t, want.Value/scale, r.float(i)/scale, 1e-9, "sample %d", i)
	}
}
