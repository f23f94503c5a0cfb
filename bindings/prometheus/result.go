package prometheus

import (
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
)

// A result is what a query gave, typed.
type result struct {
	Type     string    `json:"type"`
	Time     float64   `json:"time"`
	Warnings []string  `json:"warnings"`
	Samples  *[]sample `json:"samples,omitempty"` // of a vector
	Value    *float64  `json:"value,omitempty"`   // of a scalar
	State    string    `json:"state,omitempty"`   // of a scalar
	Text     *string   `json:"text,omitempty"`    // of a string
	Series   *[]series `json:"series,omitempty"`  // of a matrix
	Reason   string    `json:"reason,omitempty"`  // why there is none
	Code     string    `json:"code,omitempty"`
}

// A sample is one series of a vector.
type sample struct {
	Labels    map[string]string `json:"labels"`
	Value     *float64          `json:"value,omitempty"`
	State     string            `json:"state"`
	Time      float64           `json:"time"`
	Histogram *histogram        `json:"histogram,omitempty"`
}

// holes is the error of an answer in which something is null that no Prometheus leaves out.
func holes(v model.Value) error {
	hole := false
	switch v := v.(type) {
	case *model.Scalar:
		hole = v == nil
	case model.Vector:
		hole = slices.Contains(v, nil)
	case model.Matrix:
		hole = slices.Contains(v, nil)
	}
	if hole {
		return errors.New("a series in it is null")
	}
	return nil
}

// matrixOf is the answer to a range query, which is never of another type.
func matrixOf(v model.Value) (model.Matrix, error) {
	matrix, ok := v.(model.Matrix)
	if !ok {
		return nil, fmt.Errorf("a range query is answered with a matrix, and this is a %T", v)
	}
	return matrix, holes(matrix)
}

// read fills a result with what came.
func (r *result) read(v model.Value) error {
	switch v := v.(type) {
	case *model.Scalar:
		r.Type, r.Value, r.State = "scalar", number(float64(v.Value)), stateOf(float64(v.Value))
	case *model.String:
		r.Type, r.Text = "string", &v.Value
	case model.Vector:
		samples := samplesOf(v)
		r.Type, r.Samples = "vector", &samples
	case model.Matrix:
		list := make([]series, len(v))
		for i, stream := range v {
			list[i] = rawSeries(stream)
		}
		r.Type, r.Series = "matrix", &list
	default:
		return fmt.Errorf("an answer of an unknown type %T", v)
	}
	return nil
}

func samplesOf(v model.Vector) []sample {
	out := make([]sample, len(v))
	for i, s := range v {
		out[i] = sampleOf(s)
	}
	return out
}

func sampleOf(s *model.Sample) sample {
	out := sample{Labels: labelsOf(s.Metric), Time: secondsOf(s.Timestamp)}
	if s.Histogram != nil {
		out.State, out.Histogram = isHistogram, histogramOf(s.Histogram)
		return out
	}
	out.Value, out.State = number(float64(s.Value)), stateOf(float64(s.Value))
	return out
}
