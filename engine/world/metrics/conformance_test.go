package metrics

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

// answersFile has the answers to all of these, as a real Prometheus gave them: go test -tags lab -run TestLab . -args -record
const answersFile = "testdata/answers.txtar"

// questions are asked of the world in the ordinary tests, and of a real Prometheus in those of the lab. What differs with what a
// Prometheus scrapes, and with when it runs, is no question for both: client_test.go and rule_test.go ask for that.
var questions = []asked{
	"GET /api/v1/query?query=up&time={0s}",
	"POST /api/v1/query?query=up&time={0s}",
	"GET /api/v1/query?query=up&time={0.5s}",
	"GET /api/v1/query?query=up{instance=\"b:9090\"}&time={-70m}",
	"GET /api/v1/query?query=up{job!=\"photon\"}&time={-30m}",
	"GET /api/v1/query?query=up{job=~\"p.*|none\",instance!~\"a.+\"}&time={0s}",
	"GET /api/v1/query_range?query={job=\"photon\"}&start={0s}&end={0s}&step=1", // the order of several names is sure only here
	"GET /api/v1/query?query=up == 0&time={0s}",
	"GET /api/v1/query?query=up == 7&time={0s}",
	"GET /api/v1/query?query=absent(nothing)&time={0s}",
	"GET /api/v1/query?query=nothing&time={0s}",
	"GET /api/v1/query?query=1 %2B 1.5&time={0s}",
	"GET /api/v1/query?query=\"text\"&time={0s}",
	"GET /api/v1/query?query=time()&time={0s}",
	"GET /api/v1/query?query=vector(1) / 0&time={0s}",
	"GET /api/v1/query?query=rate(requests_total[5m])&time={0s}",
	"GET /api/v1/query?query=increase(requests_total{code=\"500\"}[30m])&time={-45m}",
	"GET /api/v1/query?query=rate(resets_total[1h])&time={-20m}",
	"GET /api/v1/query?query=resets(resets_total[2h])&time={0s}",
	"GET /api/v1/query?query=resets_total[3m]&time={-58m}",
	"GET /api/v1/query?query=sum by (code) (rate(requests_total[5m]))&time={-10m}",
	"GET /api/v1/query?query=sum(rate(requests_total{code=\"500\"}[5m])) / sum(rate(requests_total[5m]))&time={0s}",
	"GET /api/v1/query?query=histogram_quantile(0.9, sum by (le) (rate(latency_seconds_bucket[10m])))&time={0s}",
	"GET /api/v1/query?query=histogram_quantile(0.9, latency_seconds_bucket{le=\"0.1\"})&time={0s}",
	"GET /api/v1/query?query=topk(1, memory_bytes)&time={0s}",
	"GET /api/v1/query?query=sort_desc(memory_bytes)&time={0s}",
	"GET /api/v1/query?query=label_replace(memory_bytes, \"n\", \"$1\", \"pod\", \"p-(.*)\")&time={0s}",
	"GET /api/v1/query?query=memory_bytes offset 10m&time={0s}",
	"GET /api/v1/query?query=memory_bytes @ {-20m}&time={0s}",
	"GET /api/v1/query?query=max_over_time(memory_bytes[10m:2m])&time={0s}",
	"GET /api/v1/query?query=avg_over_time(memory_bytes[10m:])&time={0s}",
	"GET /api/v1/query?query=predict_linear(memory_bytes{pod=\"p-1\"}[30m], 3600)&time={0s}",
	"GET /api/v1/query?query=deriv(temperature_celsius[10m])&time={-15m}",
	"GET /api/v1/query?query=changes(temperature_celsius[20m])&time={0s}",
	"GET /api/v1/query?query=temperature_celsius&time={0s}",
	"GET /api/v1/query?query={\"cooling.power\"}&time={0s}",
	// Gaps and staleness.
	"GET /api/v1/query?query=gappy[30m]&time={0s}",
	"GET /api/v1/query?query=gappy&time={-16m}",
	"GET /api/v1/query?query=gappy&time={-15m}",
	"GET /api/v1/query?query=gappy&time={-14m}",
	"GET /api/v1/query?query=gappy&time={-12m}&lookback_delta=10m",
	"GET /api/v1/query?query=count_over_time(gappy[30m])&time={0s}",
	"GET /api/v1/query?query=up{job=\"store\"}&time={-1m}",
	"GET /api/v1/query?query=up{job=\"store\"}&time={-20s}",
	"GET /api/v1/query?query=up{job=\"store\"}&time={0s}",
	"GET /api/v1/query?query=up{job=\"store\"}[5m]&time={0s}",
	"GET /api/v1/query?query=up{instance=\"a:9090\"}&time={-4h}",
	// Numbers that JSON has none for.
	"GET /api/v1/query?query=odd[10m]&time={0s}",
	"GET /api/v1/query?query=odd&time={0s}",
	"GET /api/v1/query?query=odd > 0&time={0s}",
	"GET /api/v1/query?query=infinite&time={0s}",
	"GET /api/v1/query?query=-infinite&time={0s}",
	"GET /api/v1/query?query=infinite * 0&time={0s}",
	// Native histograms.
	"GET /api/v1/query?query=native&time={0s}",
	"GET /api/v1/query?query=native[2m]&time={0s}",
	"GET /api/v1/query?query=rate(native[5m])&time={0s}",
	"GET /api/v1/query?query=histogram_quantile(0.5, rate(native[5m]))&time={0s}",
	"GET /api/v1/query?query=native %2B on () group_left () odd&time={0s}",
	// Ranges.
	"GET /api/v1/query_range?query=up&start={-3m}&end={0s}&step=60",
	"POST /api/v1/query_range?query=up&start={-3m}&end={0s}&step=1m",
	"GET /api/v1/query_range?query=requests_total&start={-150s}&end={0s}&step=40.5",
	"GET /api/v1/query_range?query=rate(requests_total[5m])&start={-10m}&end={0s}&step=2m30s",
	"GET /api/v1/query_range?query=gappy&start={-25m}&end={0s}&step=1m",
	"GET /api/v1/query_range?query=up{job=\"store\"}&start={-3m}&end={0s}&step=30s",
	"GET /api/v1/query_range?query=native&start={-1m}&end={0s}&step=1m",
	"GET /api/v1/query_range?query=1&start={-1m}&end={0s}&step=30s",
	"GET /api/v1/query_range?query=nothing&start={-1m}&end={0s}&step=30s",
	"GET /api/v1/query_range?query=memory_bytes @ end()&start={-2m}&end={0s}&step=1m",
	"GET /api/v1/query_range?query=up&start=2025-03-01T02:58:00Z&end=2025-03-01T03:00:00.000Z&step=1m",
	// Limits, statistics, notes.
	"GET /api/v1/query?query=up&time={0s}&limit=1",
	"GET /api/v1/query?query=up&time={0s}&limit=7",
	"GET /api/v1/query_range?query=up&start={-1m}&end={0s}&step=60&limit=1",
	"GET /api/v1/query?query=rate(temperature_celsius[5m])&time={0s}",
	"GET /api/v1/query?query=quantile(2, up)&time={0s}",
	// Failures.
	"GET /api/v1/query?query=&time={0s}",
	"GET /api/v1/query?time={0s}",
	"GET /api/v1/query?query=up{&time={0s}",
	"GET /api/v1/query?query=up %2B%2B&time={0s}",
	"GET /api/v1/query?query=rat(up[5m])&time={0s}",
	"GET /api/v1/query?query=rate(up)&time={0s}",
	"GET /api/v1/query?query=up&time=soon",
	"GET /api/v1/query?query=up&time={0s}&timeout=soon",
	"GET /api/v1/query?query=up&time={0s}&timeout=1m",
	"GET /api/v1/query?query=up&time={0s}&limit=-1",
	"GET /api/v1/query?query=up&time={0s}&limit=some",
	"GET /api/v1/query?query=up&time={0s}&lookback_delta=long",
	"GET /api/v1/query?query=up * on (job) up&time={0s}",
	"GET /api/v1/query?query=up * on (job) group_left () requests_total&time={0s}",
	"GET /api/v1/query?query=label_replace(up, \"instance\", \"x\", \"instance\", \".*\")&time={0s}",
	"GET /api/v1/query_range?query=up&start={-3m}&end={0s}",
	"GET /api/v1/query_range?query=up&start={-3m}&step=1m",
	"GET /api/v1/query_range?query=up&start={0s}&end={-3m}&step=1m",
	"GET /api/v1/query_range?query=up&start={-3m}&end={0s}&step=0",
	"GET /api/v1/query_range?query=up&start={-3m}&end={0s}&step=-1m",
	"GET /api/v1/query_range?query=up&start={-3m}&end={0s}&step=1e20",
	"GET /api/v1/query_range?query=up&start={-300m}&end={0s}&step=1s",
	"GET /api/v1/query_range?query=up[5m]&start={-3m}&end={0s}&step=1m",
	"GET /api/v1/query_range?query=\"text\"&start={-3m}&end={0s}&step=1m",
	"DELETE /api/v1/query?query=up",
	"GET /api/v1/nothing",
	"GET /api/v2/query?query=up",
	// Labels and series.
	"GET /api/v1/labels?start={-2h}&end={0s}",
	"GET /api/v1/labels",
	"POST /api/v1/labels?match[]=up&match[]=memory_bytes",
	"GET /api/v1/labels?match[]=nothing",
	"GET /api/v1/labels?match[]={job=~\".*\"}",
	"GET /api/v1/labels?match[]=up{",
	"GET /api/v1/labels?limit=2",
	"GET /api/v1/labels?limit=-2",
	"GET /api/v1/labels?start=soon",
	"GET /api/v1/label/job/values",
	"GET /api/v1/label/__name__/values",
	"GET /api/v1/label/instance/values?match[]=up{job=\"photon\"}&match[]=up{job=\"store\"}",
	"GET /api/v1/label/instance/values?match[]=up&limit=1",
	"GET /api/v1/label/nothing/values",
	"GET /api/v1/label/U__rack_20_row/values",
	"GET /api/v1/label/job/values?end=soon",
	"GET /api/v1/series?match[]=up",
	"POST /api/v1/series?match[]=up{job=\"store\"}&match[]=requests_total&match[]=up",
	"GET /api/v1/series?match[]=nothing",
	"GET /api/v1/series",
	"GET /api/v1/series?match[]=up{",
	"GET /api/v1/series?match[]={job=\"\"}",
	"GET /api/v1/series?match[]=up&limit=2",
	"GET /api/v1/series?match[]=temperature_celsius",
	// The rest.
	"GET /api/v1/format_query?query=sum(rate(up[5m]))by(job)>1",
	"POST /api/v1/format_query?query=sum(",
	"GET /api/v1/query_exemplars?query=up&start={-1h}&end={0s}",
	"GET /api/v1/query_exemplars?query=1&start={-1h}&end={0s}",
	"GET /api/v1/query_exemplars?query=up&start={0s}&end={-1h}",
	"GET /api/v1/metadata",
	"GET /api/v1/metadata?limit=some",
	"GET /api/v1/targets/metadata",
	"GET /api/v1/targets/metadata?limit=some",
	"GET /api/v1/alertmanagers",
	"GET /api/v1/alerts",
	"GET /api/v1/rules",
	"GET /api/v1/rules?type=none",
	"GET /api/v1/rules?group_limit=0",
	"GET /api/v1/rules?group_next_token=x",
	"GET /api/v1/rules?exclude_alerts=perhaps",
	"GET /api/v1/rules?match[]={a=~\".*\"}",
	"POST /api/v1/admin/tsdb/delete_series?match[]=up",
	"GET /-/ready",
	"GET /-/healthy",
	"GET /-/reload",
	"POST /-/reload",
}

// answers are what a real Prometheus gave.
func answers(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile(answersFile)
	require.NoError(t, err)
	out := map[string]string{}
	for _, file := range txtar.Parse(text).Files {
		out[file.Name] = string(file.Data)
	}
	return out
}

// noted is an answer as it is kept.
func noted(status int, body string) string {
	return fmt.Sprintf("%d\n%s\n", status, strings.TrimSuffix(body, "\n"))
}

func TestTheWorldAnswersAsARealPrometheus(t *testing.T) {
	m, _ := world(t, site())
	want := answers(t)
	asked := map[string]bool{}
	for _, question := range questions {
		require.NotContains(t, asked, string(question), "asked twice")
		asked[string(question)] = true
		t.Run(string(question), func(t *testing.T) {
			require.Contains(t, want, string(question), "nobody has asked a real Prometheus")
			require.Equal(t, want[string(question)], noted(question.of(m)))
		})
	}
	for question := range want {
		require.Contains(t, asked, question, "an answer to a question that is not asked")
	}
}
