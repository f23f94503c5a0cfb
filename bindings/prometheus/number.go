package prometheus

import (
	"math"

	"github.com/prometheus/common/model"
)

// What a value is, where it is not simply a number.
const (
	isNumber    = "ok"
	isNaN       = "nan"
	isInf       = "inf"
	isMinusInf  = "-inf"
	isHistogram = "histogram"
	isStale     = "stale"
	isNothing   = "no_data"
	isMissing   = "missing"
	isError     = "error"
)

// number is a number that there is, and nil for NaN and the infinities: neither JSON nor a person's arithmetic can take those.
func number(f float64) *float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}

// stateOf says what a number is.
func stateOf(f float64) string {
	switch {
	case math.IsNaN(f):
		return isNaN
	case math.IsInf(f, 1):
		return isInf
	case math.IsInf(f, -1):
		return isMinusInf
	}
	return isNumber
}

// A histogram is a native one. What is not finite is left out.
type histogram struct {
	Count   *float64 `json:"count,omitempty"`
	Sum     *float64 `json:"sum,omitempty"`
	Buckets []bucket `json:"buckets"`
}

type bucket struct {
	Lower *float64 `json:"lower,omitempty"`
	Upper *float64 `json:"upper,omitempty"`
	Count *float64 `json:"count,omitempty"`
}

func histogramOf(h *model.SampleHistogram) *histogram {
	out := &histogram{Count: number(float64(h.Count)), Sum: number(float64(h.Sum)), Buckets: []bucket{}}
	for _, b := range h.Buckets {
		if b != nil {
			out.Buckets = append(out.Buckets, bucket{number(float64(b.Lower)), number(float64(b.Upper)), number(float64(b.Count))})
		}
	}
	return out
}

// labelsOf are labels as scripts have them.
func labelsOf[S ~map[model.LabelName]model.LabelValue](set S) map[string]string {
	out := make(map[string]string, len(set))
	for name, value := range set {
		out[string(name)] = string(value)
	}
	return out
}

// secondsOf is a sample's time as scripts have it.
func secondsOf(t model.Time) float64 { return float64(t) / 1000 }
