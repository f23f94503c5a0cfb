//go:build lab

// Tests against a real Prometheus, of the lab's programs.

package metrics

import (
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
	"golang.org/x/tools/txtar"

	"runbook/engine/world/metrics/metricstest"
	"runbook/engine/world/scenario"
)

var record = flag.Bool("record", false, "write down the answers of the real Prometheus")

// fill gives a Prometheus all samples of a world up to a time.
func fill(t *testing.T, base string, m *Metrics, until time.Time) {
	t.Helper()
	var samples []metricstest.Sample
	for _, s := range m.written {
		it := s.iterator(math.MinInt64, until.UnixMilli())
		for kind := it.Next(); kind != chunkenc.ValNone; kind = it.Next() {
			sample := metricstest.Sample{Labels: s.labels}
			if kind == chunkenc.ValFloat {
				sample.At, sample.Value = it.At()
			} else {
				sample.At, sample.Histogram = it.AtFloatHistogram(nil)
			}
			samples = append(samples, sample)
		}
	}
	metricstest.Write(t, base, samples)
}

func TestLabARealPrometheusAnswersAsTheWorld(t *testing.T) {
	m, clock := world(t, site())
	base := metricstest.Start(t, "")
	fill(t, base, m, clock.at)
	var archive txtar.Archive
	for _, question := range questions {
		t.Run(string(question), func(t *testing.T) {
			answer := noted(question.over(t, base))
			archive.Files = append(archive.Files, txtar.File{Name: string(question), Data: []byte(answer)})
			if !*record {
				require.Equal(t, answers(t)[string(question)], answer, "Prometheus says something else than it did; see -record")
			}
			require.Equal(t, answer, noted(question.of(m)))
		})
	}
	if *record {
		archive.Comment = []byte(fmt.Sprintf("Answers of Prometheus %s.\n", version))
		require.NoError(t, os.WriteFile(answersFile, txtar.Format(&archive), 0o600))
	}
}

// state is what an answer about rules says of them, without times, which differ from one server to the other.
type state struct {
	Data struct {
		Groups []struct{ Rules []stateOfRule }
	}
}

type stateOfRule struct {
	State, Name, Query, Health, LastError, Type string
	Duration, KeepFiringFor                     float64
	Labels, Annotations                         map[string]string
	Alerts                                      []struct {
		Labels, Annotations map[string]string
		State, Value        string
	}
}

func stateOf(t *testing.T, body string) []stateOfRule {
	t.Helper()
	var s state
	require.NoError(t, json.Unmarshal([]byte(body), &s), body)
	require.Len(t, s.Data.Groups, 1, body)
	for _, r := range s.Data.Groups[0].Rules {
		slices.SortFunc(r.Alerts, func(a, b struct {
			Labels, Annotations map[string]string
			State, Value        string
		}) int {
			return strings.Compare(fmt.Sprint(a.Labels), fmt.Sprint(b.Labels))
		})
	}
	return s.Data.Groups[0].Rules
}

// A real Prometheus evaluates rules when it is told of the present, so here the run begins now. What a rule waits for is over at once or
// takes longer than anybody waits for a test.
func TestLabARealPrometheusHasTheAlertsOfTheWorld(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	section := alarmed()
	section.Interval = time.Second
	clock := &hand{now}
	m, err := New(section, now, clock)
	require.NoError(t, err)
	rules := map[string]any{"groups": []any{map[string]any{"name": groupName, "rules": asRuleFile(section.Rules)}}}
	file, err := yaml.Marshal(rules)
	require.NoError(t, err)
	base := metricstest.Start(t, string(file))
	fill(t, base, m, now.Add(5*time.Minute))
	var want []stateOfRule
	require.Eventually(t, func() bool {
		_, body := asked("GET /api/v1/rules").over(t, base)
		want = stateOf(t, body)
		return !slices.ContainsFunc(want, func(r stateOfRule) bool {
			return r.Health == "unknown" || r.Name == "Seen" && r.State != "firing"
		})
	}, 30*time.Second, 100*time.Millisecond)
	clock.at = time.Now()
	_, body := asked("GET /api/v1/rules").of(m)
	require.Equal(t, want, stateOf(t, body))
	for _, name := range []string{"ALERTS", "ALERTS_FOR_STATE"} {
		question := asked(fmt.Sprintf(`GET /api/v1/series?match[]=%s`, name))
		status, want := question.over(t, base)
		_, got := question.of(m)
		require.Equal(t, http.StatusOK, status)
		require.ElementsMatch(t, seriesOf(t, want), seriesOf(t, got))
	}
}

func seriesOf(t *testing.T, body string) []map[string]string {
	t.Helper()
	var out struct{ Data []map[string]string }
	require.NoError(t, json.Unmarshal([]byte(body), &out))
	return out.Data
}

func asRuleFile(rules []scenario.Rule) []any {
	var out []any
	for _, r := range rules {
		out = append(out, map[string]any{
			"alert": r.Alert, "expr": r.Expr, "for": model.Duration(r.For).String(), "keep_firing_for": model.Duration(r.KeepFiringFor).String(),
			"labels": r.Labels, "annotations": r.Annotations,
		})
	}
	return out
}
