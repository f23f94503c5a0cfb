package backfill

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"runbook/examples/lab/photon"
)

// evaluate is what the rules would have recorded of the series.
func evaluate(ctx context.Context, past photon.Past, series []promql.Series, records []Record) ([]promql.Series, error) {
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 50_000_000,
		Timeout:    time.Minute,
		Parser:     parser.NewParser(parser.Options{}),
	})
	var recorded []promql.Series
	for _, record := range records {
		results, err := evaluateOne(ctx, engine, past, series, record)
		if err != nil {
			return nil, fmt.Errorf("compute the past of the rule %s: %w", record.Name, err)
		}
		recorded = append(recorded, results...)
	}
	return recorded, nil
}

func evaluateOne(ctx context.Context, engine *promql.Engine, past photon.Past, series memory, record Record) ([]promql.Series, error) {
	query, err := engine.NewRangeQuery(ctx, series, nil, record.Expr, past.Begin(), past.End, photon.Step)
	if err != nil {
		return nil, err
	}
	defer query.Close()
	matrix, err := query.Exec(ctx).Matrix()
	if err != nil {
		return nil, err
	}
	var results []promql.Series
	for _, result := range matrix {
		metric := labels.NewBuilder(result.Metric).Set(model.MetricNameLabel, record.Name).Labels()
		// The engine reuses its points, and rules were not evaluated either while nobody watched.
		floats := slices.DeleteFunc(slices.Clone(result.Floats), func(p promql.FPoint) bool {
			return past.During(photon.Unwatched, time.UnixMilli(p.T))
		})
		results = append(results, promql.Series{Metric: metric, Floats: floats})
	}
	return results, nil
}

// memory lets the engine query series that are in no database.
type memory []promql.Series

// Querier is the memory itself: the engine looks at the times that it wants.
func (m memory) Querier(_, _ int64) (storage.Querier, error) { return m, nil }

// Select finds the series that match.
func (m memory) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &set{}
	for _, series := range m {
		if matches(series.Metric, matchers) {
			found.series = append(found.series, promql.NewStorageSeries(series))
		}
	}
	return found
}

func matches(metric labels.Labels, matchers []*labels.Matcher) bool {
	return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(metric.Get(m.Name)) })
}

// LabelValues are what no expression asks for.
func (memory) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// LabelNames are what no expression asks for.
func (memory) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

// Close has nothing to close.
func (memory) Close() error { return nil }

// set hands out series one after another.
type set struct {
	series []storage.Series
	next   int
}

func (s *set) Next() bool {
	s.next++
	return s.next <= len(s.series)
}

func (s *set) At() storage.Series                { return s.series[s.next-1] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }
