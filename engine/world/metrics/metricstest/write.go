package metricstest

import (
	"bytes"
	"encoding/binary"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"testing"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
)

// A Sample is one of a series. A value may be the one that says that the series has ended.
type Sample struct {
	Labels    labels.Labels
	At        int64 // in milliseconds since 1970
	Value     float64
	Histogram *histogram.FloatHistogram // in place of the value
}

// Write gives a Prometheus samples in the order of their times, as remote write does.
func Write(t *testing.T, base string, samples []Sample) {
	t.Helper()
	byTime := map[int64][]byte{}
	for _, s := range samples {
		byTime[s.At] = append(byTime[s.At], timeSeries(s)...)
	}
	for _, at := range slices.Sorted(maps.Keys(byTime)) { // one request each: samples of one request are taken in the order of its series
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/api/v1/write", bytes.NewReader(snappy(byTime[at])))
		require.NoError(t, err)
		for name, value := range map[string]string{
			"Content-Encoding": "snappy", "Content-Type": "application/x-protobuf", "X-Prometheus-Remote-Write-Version": "0.1.0",
		} {
			request.Header.Set(name, value)
		}
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		text, _ := io.ReadAll(response.Body)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusNoContent, response.StatusCode, string(text))
	}
}

// timeSeries is a field timeseries of prometheus.WriteRequest with one sample.
func timeSeries(s Sample) []byte {
	var out []byte
	s.Labels.Range(func(l labels.Label) {
		out = message(out, 1, text(text(nil, 1, l.Name), 2, l.Value))
	})
	if s.Histogram == nil {
		out = message(out, 2, varint(double(nil, 1, s.Value), 2, s.At))
	} else {
		out = message(out, 4, varint(histogramOf(s.Histogram), 15, s.At))
	}
	return message(nil, 1, out)
}

// histogramOf is a prometheus.Histogram without its time.
func histogramOf(h *histogram.FloatHistogram) []byte {
	out := double(double(nil, 2, h.Count), 3, h.Sum)
	out = varint(out, 4, int64(protowire.EncodeZigZag(int64(h.Schema))))
	out = double(double(out, 5, h.ZeroThreshold), 7, h.ZeroCount)
	out = packed(spans(out, 8, h.NegativeSpans), 10, h.NegativeBuckets)
	return packed(spans(out, 11, h.PositiveSpans), 13, h.PositiveBuckets)
}

func spans(out []byte, field protowire.Number, of []histogram.Span) []byte {
	for _, s := range of {
		out = message(out, field, varint(varint(nil, 1, int64(protowire.EncodeZigZag(int64(s.Offset)))), 2, int64(s.Length)))
	}
	return out
}

func packed(out []byte, field protowire.Number, numbers []float64) []byte {
	var list []byte
	for _, n := range numbers {
		list = protowire.AppendFixed64(list, math.Float64bits(n))
	}
	return message(out, field, list)
}

func message(out []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(out, field, protowire.BytesType), content)
}

func text(out []byte, field protowire.Number, content string) []byte {
	return message(out, field, []byte(content))
}

func varint(out []byte, field protowire.Number, n int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(out, field, protowire.VarintType), uint64(n))
}

func double(out []byte, field protowire.Number, n float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(out, field, protowire.Fixed64Type), math.Float64bits(n))
}

// snappy is a block in Snappy's format in which nothing is compressed: literals of at most 64 KiB.
func snappy(content []byte) []byte {
	out := binary.AppendUvarint(nil, uint64(len(content)))
	for part := range slices.Chunk(content, 1<<16) {
		out = append(out, 61<<2) // a literal, with two bytes for its length less one
		out = binary.LittleEndian.AppendUint16(out, uint16(len(part)-1))
		out = append(out, part...)
	}
	return out
}
