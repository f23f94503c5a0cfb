package metrics

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"runbook/engine/world/scenario"
)

// week is fifty counters with a week of minutes.
func week() *scenario.Prometheus {
	section := &scenario.Prometheus{Rules: []scenario.Rule{{Alert: "Slow", Expr: "rate(requests_total[5m]) < 1"}}}
	for i := range 50 {
		section.Series = append(section.Series, one(fmt.Sprintf(`requests_total{pod="photon-%d"}`, i), fmt.Sprintf("0+%dx10080", i)))
	}
	return section
}

func BenchmarkInstantQuery(b *testing.B) {
	m, _ := world(b, week())
	for b.Loop() {
		status, body := asked("GET /api/v1/query?query=sum(rate(requests_total[5m]))").of(m)
		require.Equal(b, 200, status, body)
	}
}

func BenchmarkRangeQueryOverAWeek(b *testing.B) {
	m, _ := world(b, week())
	for b.Loop() {
		status, body := asked("GET /api/v1/query_range?query=sum(rate(requests_total[5m]))&start={-168h}&end={0s}&step=1m").of(m)
		require.Equal(b, 200, status, body)
	}
}

func BenchmarkOpening(b *testing.B) {
	section := week()
	for b.Loop() {
		_, err := New(section, start, &hand{start})
		require.NoError(b, err)
	}
}

// The first question about alerts evaluates the rules over all that was written.
func BenchmarkAlertsOfAWeek(b *testing.B) {
	section := week()
	for b.Loop() {
		m, _ := world(b, section)
		status, body := asked("GET /api/v1/alerts").of(m)
		require.Equal(b, 200, status, body)
	}
}
