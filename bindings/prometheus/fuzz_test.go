package prometheus

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/action"
)

// Whatever a server answers, it becomes a result that is JSON or an error with a code, and never a number that is none.
func FuzzAnswers(f *testing.F) {
	for _, body := range []string{
		one, `{"status":"success","data":{"resultType":"scalar","result":[1,"NaN"]}}`, `{"status":"success","data":{"resultType":"string","result":[1,"x"]}}`,
		`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"a":"b"},"values":[[1e9,"+Inf"],[1e10,"1e999"]],"histograms":[[1,{"count":"1","sum":"NaN","buckets":[[0,"1","+Inf","3"]]}]]}]}}`,
		`{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"histogram":[1,{"count":"1","sum":"2"}]}]}}`,
		`{"status":"success","data":{"alerts":[{"labels":{},"activeAt":"2025-03-01T03:00:00Z","state":"firing","value":"NaN"}]}}`,
		`{"status":"success","data":{"groups":[{"name":"g","rules":[{"type":"alerting","alerts":[null]}]}]}}`,
		`{"status":"success","data":{"activeTargets":[{"lastScrapeDuration":1e308}]}}`, `{"status":"error"}`, `[]`, `null`, `<html>`, ``, "\x00",
	} {
		f.Add(200, []byte(body))
		f.Add(503, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 599 {
			t.Skip("no status of an answer")
		}
		d := drive(t, "http://x", func(cfg *Config) {
			cfg.WrapTransport = func(http.RoundTripper) http.RoundTripper { return answering{status, body} }
		})
		for _, call := range [][]any{
			{"query", "up"}, {"query", `"text"`}, {"query_range", "up", opts("from", "3m", "step", "1m")}, {"value", "up"}, {"values", map[string]any{"a": "up"}},
			{"alerts"}, {"rules"}, {"targets"}, {"labels"}, {"label_values", "job"}, {"series", "up"},
		} {
			out, err := d.try(call[0].(string), call[1:]...)
			if err != nil {
				require.NotEqual(t, action.CodeInternal, action.CodeOf(err), "%v", err)
				continue
			}
			require.True(t, json.Valid(out.(json.RawMessage)))
		}
	})
}

// answering is a server without a network.
type answering struct {
	status int
	body   []byte
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body)
	response := w.Result()
	response.Request = r
	return response, nil
}
