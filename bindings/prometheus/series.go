package prometheus

import (
	"cmp"
	"math"
	"slices"

	"github.com/prometheus/common/model"
)

// A series is one of a matrix.
type series struct {
	Labels map[string]string `json:"labels"`
	Points []point           `json:"points"`
	Values []*float64        `json:"values"` // those of the points, null where there is no number
	Stats  stats             `json:"stats"`
}

// A point is one of a series.
type point struct {
	Time      float64    `json:"time"`
	Value     *float64   `json:"value,omitempty"`
	State     string     `json:"state"`
	Histogram *histogram `json:"histogram,omitempty"`
}

// stats are those of the points that are numbers, and how many of the others there are. Without any number there is only that.
type stats struct {
	Count      int      `json:"count"`
	NaN        int      `json:"nan"`
	Inf        int      `json:"inf"`
	Histograms int      `json:"histograms"`
	Missing    int      `json:"missing"`
	First      *float64 `json:"first,omitempty"`
	Last       *float64 `json:"last,omitempty"`
	Min        *float64 `json:"min,omitempty"`
	Max        *float64 `json:"max,omitempty"`
	Mean       *float64 `json:"mean,omitempty"`
	Sum        *float64 `json:"sum,omitempty"`
	StdDev     *float64 `json:"stddev,omitempty"` // of all points, as stddev_over_time has it
}

// pointsOf are the samples of a stream, in the order of time.
func pointsOf(stream *model.SampleStream) []point {
	points := make([]point, 0, len(stream.Values)+len(stream.Histograms))
	for _, v := range stream.Values {
		points = append(points, point{Time: secondsOf(v.Timestamp), Value: number(float64(v.Value)), State: stateOf(float64(v.Value))})
	}
	for _, h := range stream.Histograms {
		if h.Histogram != nil {
			points = append(points, point{Time: secondsOf(h.Timestamp), State: isHistogram, Histogram: histogramOf(h.Histogram)})
		}
	}
	slices.SortStableFunc(points, func(a, b point) int { return cmp.Compare(a.Time, b.Time) })
	return points
}

// rawSeries is a series with the samples that there are, of no grid.
func rawSeries(stream *model.SampleStream) series {
	return withStats(stream, pointsOf(stream))
}

// on is a series on a grid: a point for each of its times, missing where there is no sample. A server may have moved the grid by less
// than a step, as some do for the sake of their caches: a point then stands where it is nearest.
func (g grid) on(stream *model.SampleStream) series {
	points := make([]point, g.points)
	for i := range points {
		points[i] = point{Time: seconds(g.at(i)), State: isMissing}
	}
	for _, p := range pointsOf(stream) {
		if i := g.nearest(p.Time); i >= 0 && i < len(points) {
			points[i] = p
		}
	}
	return withStats(stream, points)
}

func withStats(stream *model.SampleStream, points []point) series {
	out := series{Labels: labelsOf(stream.Metric), Points: points, Values: make([]*float64, len(points))}
	for i, p := range points {
		out.Values[i] = p.Value
		out.Stats.note(p)
	}
	out.Stats.finish(out.Values)
	return out
}

func (s *stats) note(p point) {
	switch p.State {
	case isNumber:
		s.Count++
	case isNaN:
		s.NaN++
	case isInf, isMinusInf:
		s.Inf++
	case isHistogram:
		s.Histograms++
	case isMissing:
		s.Missing++
	}
}

// finish computes what needs all numbers. What does not fit a number, such as a sum of the largest, is left out.
func (s *stats) finish(values []*float64) {
	numbers := slices.DeleteFunc(slices.Clone(values), func(v *float64) bool { return v == nil })
	if len(numbers) == 0 {
		return
	}
	sum, low, high := 0.0, math.Inf(1), math.Inf(-1)
	for _, v := range numbers {
		sum, low, high = sum+*v, min(low, *v), max(high, *v)
	}
	mean, squares := sum/float64(len(numbers)), 0.0
	for _, v := range numbers {
		squares += (*v - mean) * (*v - mean)
	}
	s.First, s.Last, s.Min, s.Max = numbers[0], numbers[len(numbers)-1], number(low), number(high)
	s.Sum, s.Mean, s.StdDev = number(sum), number(mean), number(math.Sqrt(squares/float64(len(numbers))))
}
