package metrics

import (
	"context"
	"maps"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/util/annotations"
)

// The names of the series that alerting rules write.
const (
	alertsName   = "ALERTS"
	forStateName = "ALERTS_FOR_STATE"
)

// A past is what there is up to a moment, and nothing later: what Prometheus's engine asks.
type past struct {
	now     int64 // milliseconds
	written []*series
	alerts  func(context.Context) ([]*series, error) // what rules have written; asked only where somebody wants it
}

// Querier is a view of a part of it.
func (p past) Querier(mint, maxt int64) (storage.Querier, error) {
	return querier{past: p, mint: mint, maxt: min(maxt, p.now)}, nil
}

type querier struct {
	past
	mint, maxt int64
}

// Select is what fits, sorted by labels whether that is asked for or not, as Prometheus's own storage does.
func (q querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	mint, maxt := q.mint, q.maxt
	if hints != nil {
		mint, maxt = max(mint, hints.Start), min(maxt, hints.End)
	}
	found, err := q.matching(ctx, mint, maxt, matchers)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	if hints != nil && hints.Limit > 0 && len(found) > hints.Limit {
		found = found[:hints.Limit]
	}
	return &seriesSet{mint: mint, maxt: maxt, rest: found}
}

// matching is what fits and has a sample between the two times.
func (q querier) matching(ctx context.Context, mint, maxt int64, matchers []*labels.Matcher) ([]*series, error) {
	all := q.written
	if mayNameAlerts(matchers) {
		alerts, err := q.alerts(ctx)
		if err != nil {
			return nil, err
		}
		all = slices.Concat(all, alerts)
		slices.SortFunc(all, byLabels)
	}
	var found []*series
	for _, s := range all {
		if matches(s.labels, matchers) && s.sampled(mint, maxt) {
			found = append(found, s)
		}
	}
	return found, nil
}

func byLabels(a, b *series) int { return labels.Compare(a.labels, b.labels) }

func matches(of labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(of.Get(m.Name)) {
			return false
		}
	}
	return true
}

// mayNameAlerts tells whether series that fit may be those of rules.
func mayNameAlerts(matchers []*labels.Matcher) bool {
	may := func(name string) bool {
		return !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return m.Name == model.MetricNameLabel && !m.Matches(name) })
	}
	return may(alertsName) || may(forStateName)
}

// LabelValues are the values that a label has in what fits.
func (q querier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.distinct(ctx, hints, matchers, func(l labels.Label) (string, bool) { return l.Value, l.Name == name })
}

// LabelNames are the labels of what fits.
func (q querier) LabelNames(ctx context.Context, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return q.distinct(ctx, hints, matchers, func(l labels.Label) (string, bool) { return l.Name, true })
}

func (q querier) distinct(
	ctx context.Context, hints *storage.LabelHints, matchers []*labels.Matcher, of func(labels.Label) (string, bool),
) ([]string, annotations.Annotations, error) {
	found, err := q.matching(ctx, q.mint, q.maxt, matchers)
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]struct{}{}
	for _, s := range found {
		s.labels.Range(func(l labels.Label) {
			if text, wanted := of(l); wanted {
				seen[text] = struct{}{}
			}
		})
	}
	out := slices.Sorted(maps.Keys(seen))
	if hints != nil && hints.Limit > 0 && len(out) > hints.Limit {
		out = out[:hints.Limit]
	}
	return out, nil, nil
}

// Close has nothing to give back.
func (querier) Close() error { return nil }

// A seriesSet goes through series.
type seriesSet struct {
	mint, maxt int64
	current    *series
	rest       []*series
}

func (s *seriesSet) Next() bool {
	if len(s.rest) == 0 {
		return false
	}
	s.current, s.rest = s.rest[0], s.rest[1:]
	return true
}

func (s *seriesSet) At() storage.Series {
	of := s.current
	return &storage.SeriesEntry{
		Lset:             of.labels,
		SampleIteratorFn: func(chunkenc.Iterator) chunkenc.Iterator { return of.iterator(s.mint, s.maxt) },
	}
}

func (*seriesSet) Err() error { return nil }

func (*seriesSet) Warnings() annotations.Annotations { return nil }
