package metrics

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"runbook/engine/world/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is the usual client library, over the network.
func client(t *testing.T, m *Metrics) v1.API {
	t.Helper()
	server := httptest.NewServer(m)
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	c, err := api.NewClient(api.Config{Address: server.URL, RoundTripper: transport})
	require.NoError(t, err)
	return v1.NewAPI(c)
}

func TestTheUsualClientWorks(t *testing.T) {
	section := alarmed()
	m, clock := world(t, section)
	c, ctx := client(t, m), t.Context()

	found, warnings, err := c.Query(ctx, `up{job="photon"}`, time.Time{})
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, `up{instance="a:9090", job="photon"} => 1 @[1740798000]`+"\n"+`up{instance="b:9090", job="photon"} => 0 @[1740798000]`, found.String())
	ranged, _, err := c.QueryRange(ctx, "sum(up)", v1.Range{Start: start.Add(-time.Minute), End: start, Step: time.Minute})
	require.NoError(t, err)
	require.Equal(t, "{} =>\n1 @[1740797940]\n1 @[1740798000]", ranged.String())

	_, _, err = c.Query(ctx, "up{", start)
	var refused *v1.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, v1.ErrBadData, refused.Type)
	_, _, err = c.Query(ctx, "up * on (job) group_left () up", start)
	require.ErrorAs(t, err, &refused)
	require.Equal(t, v1.ErrExec, refused.Type)

	names, _, err := c.LabelNames(ctx, []string{"up"}, start.Add(-time.Hour), start)
	require.NoError(t, err)
	require.Equal(t, model.LabelNames{"__name__", "instance", "job"}, names)
	values, _, err := c.LabelValues(ctx, "job", nil, start.Add(-time.Hour), start)
	require.NoError(t, err)
	require.Equal(t, model.LabelValues{"photon", "store"}, values)
	series, _, err := c.Series(ctx, []string{`up{job="store"}`}, start.Add(-time.Hour), start)
	require.NoError(t, err)
	require.Equal(t, []model.LabelSet{{"__name__": "up", "job": "store", "instance": "s:9090"}}, series)

	alerts, err := c.Alerts(ctx)
	require.NoError(t, err)
	require.Len(t, alerts.Alerts, 5)
	rules, err := c.Rules(ctx, nil)
	require.NoError(t, err)
	down := rules.Groups[0].Rules[0].(v1.AlertingRule)
	require.Equal(t, "firing", down.State)
	require.Equal(t, model.LabelSet{"summary": "b:9090 is down (0)", "all": "a:9090 1"}, down.Alerts[0].Annotations)
	broken := rules.Groups[0].Rules[5].(v1.AlertingRule)
	require.Equal(t, v1.RuleHealth(v1.RuleHealthBad), broken.Health)
	require.Contains(t, broken.LastError, "found duplicate series")

	targets, err := c.Targets(ctx)
	require.NoError(t, err)
	require.Len(t, targets.Active, 3)
	require.Equal(t, v1.HealthGood, targets.Active[0].Health)
	require.Equal(t, model.LabelSet{"job": "photon", "instance": "a:9090"}, targets.Active[0].Labels)
	require.Equal(t, v1.HealthBad, targets.Active[2].Health)
	require.Equal(t, "store", targets.Active[2].ScrapePool)
	require.NotEmpty(t, targets.Active[2].LastError)

	build, err := c.Buildinfo(ctx)
	require.NoError(t, err)
	require.Equal(t, version, build.Version)
	running, err := c.Runtimeinfo(ctx)
	require.NoError(t, err)
	require.Equal(t, start.Add(-2*time.Hour), running.StartTime)
	config, err := c.Config(ctx)
	require.NoError(t, err)
	require.Contains(t, config.YAML, "scrape_interval: 1m")
	flags, err := c.Flags(ctx)
	require.NoError(t, err)
	require.Equal(t, "5m", flags["query.lookback-delta"])
	managers, err := c.AlertManagers(ctx)
	require.NoError(t, err)
	require.Empty(t, managers.Active)
	metadata, err := c.Metadata(ctx, "up", "")
	require.NoError(t, err)
	require.Empty(t, metadata)
	exemplars, err := c.QueryExemplars(ctx, "up", start.Add(-time.Hour), start)
	require.NoError(t, err)
	require.Empty(t, exemplars)
	replay, err := c.WalReplay(ctx)
	require.NoError(t, err)
	require.Zero(t, replay.Max)
	require.ErrorContains(t, c.DeleteSeries(ctx, []string{"up"}, start, start), "500", "as a Prometheus does whose admin API is off")

	clock.move(10 * time.Minute)
	found, _, err = c.Query(ctx, "count_over_time(up{instance=\"a:9090\"}[10m])", time.Time{})
	require.NoError(t, err)
	require.Contains(t, found.String(), "=> 10 @[1740798600]", "time moves, and the series goes on")
}

func TestTargetsCanBeChosen(t *testing.T) {
	m, clock := world(t, &scenario.Prometheus{Series: []scenario.Series{
		one(`up{job="b",instance="x:1"}`, "1"), one(`up{job="a",instance="y:1"}`, "0"), one(`up{job="gone",instance="z:1"}`, "1 stale"), one("other", "1"),
	}})
	pools := func(question asked) (out []string) {
		_, body := question.of(m)
		var found struct{ Data targetList }
		require.NoError(t, json.Unmarshal([]byte(body), &found), body)
		for _, target := range found.Data.ActiveTargets {
			out = append(out, target.ScrapePool)
		}
		return out
	}
	require.Equal(t, []string{"a", "b"}, pools("GET /api/v1/targets"))
	require.Equal(t, []string{"b"}, pools("GET /api/v1/targets?state=active&scrapePool=b"))
	require.Empty(t, pools("GET /api/v1/targets?state=dropped"))
	_, body := asked("GET /api/v1/scrape_pools").of(m)
	require.JSONEq(t, `{"status":"success","data":{"scrapePools":["a","b"]}}`, body)
	clock.move(time.Hour)
	require.Equal(t, []string{"a", "b"}, pools("GET /api/v1/targets"))
}

func TestStatistics(t *testing.T) {
	m, _ := world(t, alarmed())
	_, body := asked("GET /api/v1/query?query=up&stats=all").of(m)
	require.Contains(t, body, `"samples":{"totalQueryableSamples":3,`)
	require.Contains(t, body, `"evalTotalTime":0,`, "no two runs would agree on another")
	_, body = asked("GET /api/v1/query?query=up&stats=some").of(m)
	require.Contains(t, body, `"warnings":["value \"some\" for parameter \"stats\" is deprecated`)
}

func TestAQuestionThatNobodyWaitsFor(t *testing.T) {
	m, _ := world(t, alarmed())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for question, kind := range map[asked]string{
		"GET /api/v1/query?query=up": canceled, "GET /api/v1/alerts": canceled, "GET /api/v1/label/__name__/values": canceled,
		"GET /api/v1/query?query=ALERTS": canceled,
	} {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, question.request("").WithContext(ctx))
		require.Equal(t, statuses[kind], w.Code, "%s: %s", question, w.Body)
	}
	status, body := asked("GET /api/v1/query?query=up&timeout=0").of(m)
	require.Equal(t, http.StatusServiceUnavailable, status, body)
	require.Len(t, alertsOf(t, m).Data.Alerts, 5, "it took no harm")
}

func TestManyMayAskAtOnce(t *testing.T) {
	m, _ := world(t, alarmed())
	_, want := asked("GET /api/v1/query?query=ALERTS[5m]").of(m)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, got := asked("GET /api/v1/query?query=ALERTS[5m]").of(m)
			if got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
	all.Wait()
}

// The version that it says it has is that of its engine.
func TestTheVersion(t *testing.T) {
	text, err := os.ReadFile("../../../go.mod")
	require.NoError(t, err)
	found := regexp.MustCompile(`github.com/prometheus/prometheus v0\.(\d)(\d\d)\.(\d+)`).FindStringSubmatch(string(text))
	require.NotNil(t, found)
	require.Equal(t, version, found[1]+"."+strings.TrimPrefix(found[2], "0")+"."+found[3])
}

func TestDescribe(t *testing.T) {
	for request, want := range map[string]string{
		"GET /api/v1/query?query=up":            "get query",
		"POST /api/v1/query":                    "get query",
		"POST /api/v1/query_range":              "get query_range",
		"GET /api/v1/label/__name__/values":     "get label_values",
		"GET /api/v1/labels":                    "get labels",
		"POST /api/v1/series":                   "get series",
		"GET /api/v1/status/buildinfo":          "get status/buildinfo",
		"GET /api/v1/alerts":                    "get alerts",
		"POST /api/v1/admin/tsdb/delete_series": "post admin/tsdb/delete_series",
		"GET /-/ready":                          "get ready",
		"POST /-/reload":                        "post reload",
		"GET /":                                 "get ",
	} {
		method, path, _ := strings.Cut(request, " ")
		verb, resource := Describe(httptest.NewRequest(method, path, nil))
		require.Equal(t, want, verb+" "+resource, request)
	}
}
