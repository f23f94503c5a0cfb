package metrics

import (
	"unsafe"

	jsoniter "github.com/json-iterator/go"
	"github.com/modern-go/reflect2"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/jsonutil"
)

// response is what every answer of the API is.
type response struct {
	Status    string   `json:"status"`
	Data      any      `json:"data,omitempty"`
	ErrorType string   `json:"errorType,omitempty"`
	Error     string   `json:"error,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
	Infos     []string `json:"infos,omitempty"`
}

// newEncoding writes JSON byte for byte as Prometheus does, with numbers as texts that may be NaN. Prometheus teaches that to its JSON
// library for the whole program; here only this encoding knows.
func newEncoding() jsoniter.API {
	api := jsoniter.Config{EscapeHTML: true, SortMapKeys: true, ValidateJsonRawMessage: true}.Froze()
	api.RegisterExtension(jsoniter.EncoderExtension{
		reflect2.TypeOf(promql.Vector{}): encoder[promql.Vector](writeVector),
		reflect2.TypeOf(promql.Matrix{}): encoder[promql.Matrix](writeMatrix),
		reflect2.TypeOf(labels.Labels{}): encoder[labels.Labels](writeLabels),
	})
	return api
}

// An encoder writes values of a type. None of them is left out for being empty.
type encoder[T any] func(*jsoniter.Stream, T)

func (e encoder[T]) Encode(value unsafe.Pointer, out *jsoniter.Stream) { e(out, *(*T)(value)) }

func (encoder[T]) IsEmpty(unsafe.Pointer) bool { return false }

func writeList[T any](out *jsoniter.Stream, list []T, write func(*jsoniter.Stream, T)) {
	out.WriteArrayStart()
	for i, item := range list {
		if i > 0 {
			out.WriteMore()
		}
		write(out, item)
	}
	out.WriteArrayEnd()
}

func writeVector(out *jsoniter.Stream, v promql.Vector) { writeList(out, v, writeSample) }

func writeMatrix(out *jsoniter.Stream, m promql.Matrix) { writeList(out, m, writeSeries) }

func writeSample(out *jsoniter.Stream, s promql.Sample) {
	out.WriteObjectStart()
	writeMetric(out, s.Metric)
	out.WriteMore()
	if s.H == nil {
		out.WriteObjectField("value")
		writePoint(out, promql.FPoint{T: s.T, F: s.F})
	} else {
		out.WriteObjectField("histogram")
		writeHistogramPoint(out, promql.HPoint{T: s.T, H: s.H})
	}
	out.WriteObjectEnd()
}

func writeSeries(out *jsoniter.Stream, s promql.Series) {
	out.WriteObjectStart()
	writeMetric(out, s.Metric)
	if len(s.Floats) > 0 {
		out.WriteMore()
		out.WriteObjectField("values")
		writeList(out, s.Floats, writePoint)
	}
	if len(s.Histograms) > 0 {
		out.WriteMore()
		out.WriteObjectField("histograms")
		writeList(out, s.Histograms, writeHistogramPoint)
	}
	out.WriteObjectEnd()
}

func writeMetric(out *jsoniter.Stream, of labels.Labels) {
	out.WriteObjectField("metric")
	writeLabels(out, of)
}

func writeLabels(out *jsoniter.Stream, of labels.Labels) {
	out.WriteObjectStart()
	first := true
	of.Range(func(l labels.Label) {
		if !first {
			out.WriteMore()
		}
		first = false
		out.WriteObjectField(l.Name)
		out.WriteString(l.Value)
	})
	out.WriteObjectEnd()
}

func writePoint(out *jsoniter.Stream, p promql.FPoint) {
	writeAt(out, p.T, p.F, jsonutil.MarshalFloat)
}

func writeHistogramPoint(out *jsoniter.Stream, p promql.HPoint) {
	writeAt(out, p.T, p.H, jsonutil.MarshalHistogram)
}

func writeAt[T any](out *jsoniter.Stream, at int64, value T, write func(T, *jsoniter.Stream)) {
	out.WriteArrayStart()
	jsonutil.MarshalTimestamp(at, out)
	out.WriteMore()
	write(value, out)
	out.WriteArrayEnd()
}
