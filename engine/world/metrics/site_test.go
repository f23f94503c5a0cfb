package metrics

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/world/scenario"
)

// start is when the run of every test begins.
var start = time.Date(2025, 3, 1, 3, 0, 0, 0, time.UTC)

// hand is a clock that a test moves.
type hand struct{ at time.Time }

func (h *hand) Now() time.Time { return h.at }

func (h *hand) move(d time.Duration) { h.at = h.at.Add(d) }

// world is a simulated Prometheus at the beginning of a run.
func world(t testing.TB, section *scenario.Prometheus) (*Metrics, *hand) {
	t.Helper()
	clock := &hand{start}
	m, err := New(section, start, clock)
	require.NoError(t, err)
	return m, clock
}

func one(name, values string) scenario.Series { return scenario.Series{Series: name, Values: values} }

// site is what the table of conformance asks about: two hours.
func site() *scenario.Prometheus {
	section := &scenario.Prometheus{Series: []scenario.Series{
		one(`up{job="photon",instance="a:9090"}`, "1x120"),
		one(`up{job="photon",instance="b:9090"}`, "1x60 0x59"),
		one(`up{job="store",instance="s:9090"}`, "1x100 stale"),
		one(`requests_total{job="photon",code="200"}`, "0+60x120"),
		one(`requests_total{job="photon",code="500"}`, "0x60 6+6x59"),
		one(`resets_total{job="photon"}`, "0+10x30 0+10x60"),
		one(`gappy`, "1 _ 2 _x10 3x5 _x3 4"),
		one(`odd`, "NaN 1 +Inf -Inf 1e-9 1e25 -0.5 NaN"),
		one(`infinite`, "Inf"),
		one(`memory_bytes{pod="p-1"}`, "1e9+1048576x60"),
		one(`memory_bytes{pod="p-2"}`, "2.5e9-0.25x60"),
		one(`{"cooling.power","rack row"="3/\"a\""}`, "7x5"),
		one(`temperature_celsius{job="photon",device="d\\1 <&>é"}`, "20+0.5x20 31-1x10"),
		one(`native{job="photon"}`, "{{schema:0 sum:5 count:4 z_bucket:1 z_bucket_w:0.001 buckets:[1 2] n_buckets:[0]}}"+
			"+{{schema:0 sum:2.5 count:3 buckets:[1 2]}}x30"),
	}}
	for i, le := range []string{"0.1", "0.5", "1", "+Inf"} {
		section.Series = append(section.Series, one(
			fmt.Sprintf(`latency_seconds_bucket{job="photon",le="%s"}`, le), fmt.Sprintf("0+%dx120", 10*(i+1)),
		))
	}
	return section
}

// alarmed has a rule in each of the states that one can be in.
func alarmed() *scenario.Prometheus {
	page := map[string]string{"severity": "page"}
	return &scenario.Prometheus{
		Series: []scenario.Series{
			one(`up{job="photon",instance="a:9090"}`, "1x120"),
			one(`up{job="photon",instance="b:9090"}`, "0x120"),
			one(`up{job="store",instance="s:9090"}`, "0x120"),
			one(`queue_length{queue="q1"}`, "1200.5x120"),
		},
		Rules: []scenario.Rule{
			{Alert: "Down", Expr: "up == 0", Labels: map[string]string{"severity": "page", "of": "{{ $labels.job }}"}, Annotations: map[string]string{
				"summary": "{{ $labels.instance }} is down ({{ $value }})", "all": `{{ range query "up == 1" }}{{ .Labels.instance }} {{ .Value }}{{ end }}`,
			}},
			{Alert: "Long", Expr: "queue_length > 1000", For: 24000 * time.Hour, Labels: page, Annotations: map[string]string{
				"description": "{{ $labels.queue }} has {{ humanize $value }}{{ $externalLabels.x }}", "wrong": "{{ $labels.queue.no }}",
			}},
			{Alert: "Quiet", Expr: "up > 1", Labels: page},
			{Alert: "Always", Expr: "42", KeepFiringFor: time.Hour},
			{Alert: "Twice", Expr: "up == 0", Labels: map[string]string{"instance": "x", "job": "y"}},
			{Alert: "Broken", Expr: "up * on (job) group_left () up"},
			{Alert: "Seen", Expr: `count by (alertname) (ALERTS{alertname="Down",alertstate="firing"}) == 2`},
		},
	}
}

// An asked is a question to any Prometheus: GET /api/v1/query?query=up&time={-5m}. Times in braces are from the start of the run.
type asked string

var fromStart = regexp.MustCompile(`\{(-?[0-9a-z.]+)\}`)

func (a asked) request(base string) *http.Request {
	method, rest, _ := strings.Cut(string(a), " ")
	path, params, _ := strings.Cut(rest, "?")
	form := url.Values{}
	for param := range strings.SplitSeq(params, "&") {
		if name, value, ok := strings.Cut(param, "="); ok {
			form.Add(name, fromStart.ReplaceAllStringFunc(value, func(text string) string {
				d, err := time.ParseDuration(strings.Trim(text, "{}"))
				if err != nil {
					return text
				}
				return fmt.Sprint(float64(start.Add(d).UnixMilli()) / 1000)
			}))
		}
	}
	if method == http.MethodPost {
		r := httptest.NewRequest(method, base+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return r
	}
	return httptest.NewRequest(method, base+path+"?"+form.Encode(), nil)
}

// of is the world's answer, with its status.
func (a asked) of(m *Metrics) (int, string) {
	w := httptest.NewRecorder()
	m.ServeHTTP(w, a.request(""))
	return w.Code, w.Body.String()
}

// over is a server's answer, with its status.
func (a asked) over(t *testing.T, base string) (int, string) {
	t.Helper()
	r := a.request(base)
	r.RequestURI = "" // of a server's request
	response, err := http.DefaultClient.Do(r.WithContext(t.Context()))
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}
