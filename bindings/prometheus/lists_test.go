package prometheus

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"runbook/engine/world/scenario"
)

// alarmed has alerts in each state.
var alarmed = scenario.Prometheus{
	Series: []scenario.Series{
		{Series: `up{job="photon",instance="b:9090"}`, Values: "0x120"},
		{Series: `up{job="photon",instance="a:9090"}`, Values: "1x120"},
		{Series: `up{job="store",instance="s:9090"}`, Values: "0x120"},
	},
	Rules: []scenario.Rule{
		{Alert: "Down", Expr: "up == 0", Labels: map[string]string{"severity": "page"}, Annotations: map[string]string{"summary": "{{ $labels.instance }} is down"}},
		{Alert: "Long", Expr: "up / 0 > 0", For: 24000 * time.Hour},
		{Alert: "Quiet", Expr: "up > 1"},
		{Alert: "Broken", Expr: "up * on (job) group_left () up"},
	},
}

func TestAlerts(t *testing.T) {
	d := drive(t, simulated(t, &alarmed), walled)
	near(t, `[
		{"name":"Down","state":"firing","labels":{"alertname":"Down","instance":"b:9090","job":"photon","severity":"page"},"annotations":{"summary":"b:9090 is down"},"active_at":1740790800,"value":0},
		{"name":"Down","state":"firing","labels":{"alertname":"Down","instance":"s:9090","job":"store","severity":"page"},"annotations":{"summary":"s:9090 is down"},"active_at":1740790800,"value":0}
	]`, d.read("alerts", opts("name", "Down")))
	near(t, `[{"name":"Long","state":"pending","labels":{"alertname":"Long","instance":"a:9090","job":"photon"},"annotations":{},"active_at":1740790800}]`,
		d.read("alerts", opts("state", "pending")))
	require.Len(t, d.read("alerts"), 3)
	near(t, `[]`, d.read("alerts", opts("name", "Quiet")))
}

func TestRules(t *testing.T) {
	d := drive(t, simulated(t, &alarmed), walled)
	all := d.read("rules").([]any)
	var names []any
	for _, one := range all {
		names = append(names, one.(map[string]any)["name"])
	}
	require.Equal(t, []any{"Down", "Long", "Quiet", "Broken"}, names)
	down := all[0].(map[string]any)
	require.Equal(t, "firing", down["state"])
	require.Equal(t, "up == 0", down["query"])
	require.Equal(t, map[string]any{"severity": "page"}, down["labels"])
	require.Len(t, down["alerts"], 2)
	near(t, "86400000", all[1].(map[string]any)["duration"])
	broken := d.read("rules", opts("name", "Broken")).([]any)[0].(map[string]any)
	require.Equal(t, "err", broken["health"])
	require.Contains(t, broken["last_error"], "found duplicate series")
	near(t, `[]`, d.read("rules", opts("type", "recording")))

	d = drive(t, serve(t, says(200, `{"status":"success","data":{"groups":[{"name":"g","file":"f","rules":[
		{"type":"recording","name":"photon:rate","query":"rate(x[5m])","health":"ok","lastEvaluation":"2025-03-01T03:00:00Z","labels":{"a":"b"}}]}]}}`)))
	near(t, `[{"type":"recording","name":"photon:rate","group":"g","file":"f","query":"rate(x[5m])","health":"ok","last_evaluation":1740798000,"labels":{"a":"b"}}]`,
		d.read("rules", opts("type", "recording")))
}

func TestTargets(t *testing.T) {
	d := drive(t, simulated(t, &alarmed), walled)
	near(t, `[{"job":"photon","instance":"a:9090","health":"up","last_scrape":1740798000,"last_duration":0,"url":"http://a:9090/metrics","labels":{"instance":"a:9090","job":"photon"}}]`,
		d.read("targets", opts("state", "up")))
	down := d.read("targets", opts("state", "down")).([]any)
	require.Len(t, down, 2)
	require.Contains(t, down[0].(map[string]any)["last_error"], "context deadline exceeded")
	require.Len(t, d.read("targets", opts("job", "store")), 1)

	d = drive(t, serve(t, says(200, `{"status":"success","data":{"activeTargets":[{"labels":{"job":"x"},"health":"unknown","lastScrape":"0001-01-01T00:00:00Z",
		"scrapeUrl":"http://me:hunter2@x:1/metrics?token=hunter2"}]}}`)))
	near(t, `[{"job":"x","instance":"","health":"unknown","last_duration":0,"url":"http://x:1/metrics","labels":{"job":"x"}}]`, d.read("targets"))
}
