//go:build lab

// Tests against real servers: RUNBOOK_LAB names the folder of a running lab (examples/lab), RUNBOOK_LAB_COMMAND its command.

package prometheus

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"runbook/engine/world/metrics/metricstest"
)

// TestLabConformance holds a real Prometheus to the table.
func TestLabConformance(t *testing.T) {
	base := metricstest.Start(t, "")
	metricstest.Write(t, base, knownSamples(t))
	runConformance(t, base)
}

// knownSamples are those of the known series, by promtool's own reading of their notation.
func knownSamples(t *testing.T) (out []metricstest.Sample) {
	for _, s := range known.Series {
		named, values, err := parser.NewParser(parser.Options{}).ParseSeriesDesc(s.Series + " " + s.Values)
		require.NoError(t, err)
		first := start.Add(-time.Duration(len(values)-1) * time.Minute)
		for i, v := range values {
			if v.Omitted {
				continue
			}
			sample := metricstest.Sample{Labels: named, At: first.Add(time.Duration(i) * time.Minute).UnixMilli(), Value: v.Value, Histogram: v.Histogram}
			out = append(out, sample)
		}
	}
	return out
}

// What the lab's own Prometheus scrapes and alerts of arrives.
func TestLabPrometheus(t *testing.T) {
	folder := os.Getenv("RUNBOOK_LAB")
	require.NotEmpty(t, folder, "start this with make test-lab")
	text, err := os.ReadFile(filepath.Join(folder, "runbook.yaml"))
	require.NoError(t, err)
	var site struct{ Prometheus struct{ URL string } }
	require.NoError(t, yaml.Unmarshal(text, &site))
	if site.Prometheus.URL == "" { // a lab from before its site file knew
		site.Prometheus.URL = labAddress(t, folder)
	}
	d := drive(t, site.Prometheus.URL, walled)
	d.at = time.Now()

	found := d.read("values", map[string]any{
		"targets": "count(up)", "cache": "sum(photon_cache_hit_rate)", "none": "photon_no_such_metric", "clock": "time()",
	}).(map[string]any)
	require.Equal(t, "ok", found["targets"].(map[string]any)["state"])
	require.Equal(t, "ok", found["cache"].(map[string]any)["state"], found)
	require.Equal(t, "no_data", found["none"].(map[string]any)["state"])
	require.InDelta(t, float64(d.at.UnixMilli())/1000, found["clock"].(map[string]any)["value"], 0.001)

	up := d.read("query", "up").(map[string]any)["samples"].([]any)
	targets := d.read("targets").([]any)
	require.Len(t, targets, len(up))
	for _, one := range targets {
		one := one.(map[string]any)
		require.Contains(t, []any{"up", "down", "unknown"}, one["health"])
		require.NotEmpty(t, one["job"])
		require.Positive(t, one["last_scrape"])
	}
	rules := d.read("rules", opts("type", "alerting")).([]any)
	require.NotEmpty(t, rules)
	firing := map[any]bool{}
	for _, one := range rules {
		one := one.(map[string]any)
		require.Equal(t, "ok", one["health"], one)
		firing[one["name"]] = one["state"] == "firing"
	}
	for _, one := range d.read("alerts", opts("state", "firing")).([]any) {
		require.True(t, firing[one.(map[string]any)["name"]], one)
	}
	ranged := d.read("query_range", "up", opts("from", "10m")).(map[string]any)
	near(t, "3", ranged["step"])
	require.Len(t, ranged["series"].([]any)[0].(map[string]any)["points"], 201)
}

func labAddress(t *testing.T, folder string) string {
	text, err := os.ReadFile(filepath.Join(folder, "state.json"))
	require.NoError(t, err)
	var state struct{ Ports map[string]int }
	require.NoError(t, json.Unmarshal(text, &state))
	return "http://127.0.0.1:" + itoa(state.Ports["prometheus"])
}
