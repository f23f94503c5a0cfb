package metrics

import (
	"math"
	"sort"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// A run is a part of a series whose samples a formula gives: none, numbers that grow by a step, or histograms that do.
type run struct {
	begin int // index of its first sample in the series
	kind  chunkenc.ValueType

	number, step float64

	histogram *histogram.FloatHistogram
	more      *histogram.FloatHistogram // what each sample has beyond the one before; nil for nothing
	less      bool                      // each has that much less instead
}

// A series is what its labels name, at an interval, as runs one after the other.
type series struct {
	labels   labels.Labels
	first    int64 // milliseconds
	interval int64 // milliseconds
	runs     []run
	length   int  // of what was written
	goesOn   bool // its last run has no end
}

func (s *series) time(i int) int64 { return s.first + int64(i)*s.interval }

// from is the index of the first sample at t or later.
func (s *series) from(t int64) int {
	if t <= s.first {
		return 0
	}
	return int((t - s.first + s.interval - 1) / s.interval)
}

// until is the index after that of the last sample at t or earlier.
func (s *series) until(t int64) int {
	if t < s.first || s.length == 0 {
		return 0
	}
	end := (t-s.first)/s.interval + 1
	if !s.goesOn {
		end = min(end, int64(s.length))
	}
	return int(end)
}

// runOf is the number of the run that index i belongs to.
func (s *series) runOf(i int) int {
	return sort.Search(len(s.runs), func(r int) bool { return s.runs[r].begin > i }) - 1
}

// endOf is the index after the last one of that run.
func (s *series) endOf(r int) int {
	switch {
	case r+1 < len(s.runs):
		return s.runs[r+1].begin
	case s.goesOn:
		return math.MaxInt
	}
	return s.length
}

// sampled tells whether it has a sample at or after mint, and at or before maxt.
func (s *series) sampled(mint, maxt int64) bool {
	i, end := s.from(mint), s.until(maxt)
	for i < end {
		r := s.runOf(i)
		if s.runs[r].kind != chunkenc.ValNone {
			return true
		}
		i = s.endOf(r)
	}
	return false
}

// float is a number of a run, reckoned from its first and not by adding again and again, as promtool does: that is the same but
// for rounding, and every sample costs the same.
func (r *run) float(i int) float64 {
	if r.step == 0 {
		return r.number // which may be a stale marker, of which arithmetic would make any NaN
	}
	return r.number + float64(i-r.begin)*r.step
}

func (r *run) histogramAt(i int) *histogram.FloatHistogram {
	h := r.histogram.Copy()
	if r.more == nil || i == r.begin {
		return h
	}
	by := r.more.Copy().Mul(float64(i - r.begin))
	// That they can be put together was found when they were read.
	if r.less {
		h, _, _, _ = h.Sub(by)
	} else {
		h, _, _, _ = h.Add(by)
	}
	return h
}

// note adds a number to a series that is still being written, at an index that is not before its end.
func (s *series) note(i int, number float64) {
	if i > s.length {
		s.runs = append(s.runs, run{begin: s.length, kind: chunkenc.ValNone})
	}
	last := len(s.runs) - 1
	if last < 0 || s.runs[last].kind == chunkenc.ValNone || math.Float64bits(s.runs[last].number) != math.Float64bits(number) {
		s.runs = append(s.runs, run{begin: i, kind: chunkenc.ValFloat, number: number})
	}
	s.length = i + 1
}

// left tells whether the newest sample before index i is not a stale marker, and there is none at i.
func (s *series) left(i int) bool {
	return s.length > 0 && s.length <= i && !value.IsStaleNaN(s.runs[len(s.runs)-1].number)
}
