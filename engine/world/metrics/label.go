package metrics

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// A search is what the questions for labels and series have in common.
type search struct {
	limit    int
	matchers [][]*labels.Matcher
	hints    storage.SelectHints
	storage.Querier
}

// search reads the parameters, of which those of matchers have a way of their own to be wrong.
func (m *Metrics) search(q question, wrongMatchers func(error) answer) (*search, *answer) {
	wrong := func(a answer) (*search, *answer) { return nil, &a }
	limit, err := limitOf(q)
	if err != nil {
		return wrong(invalid("limit", err))
	}
	start, err := timeOf(q, "start", minTime)
	if err != nil {
		return wrong(invalid("start", err))
	}
	end, err := timeOf(q, "end", maxTime)
	if err != nil {
		return wrong(invalid("end", err))
	}
	matchers, err := m.matchersOf(q)
	if err != nil {
		return wrong(wrongMatchers(err))
	}
	querier, err := m.past(q.now).Querier(start.UnixMilli(), end.UnixMilli())
	if err != nil {
		return wrong(answer{failed: ofQuery(err)})
	}
	return &search{
		limit: limit, matchers: matchers, Querier: querier,
		hints: storage.SelectHints{Start: start.UnixMilli(), End: end.UnixMilli(), Func: "series"},
	}, nil
}

func badMatchers(err error) answer { return failed(badData, err) }

func (m *Metrics) labelNames(q question) answer {
	return m.labelTexts(q, func(ctx context.Context, s *search, set []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return s.LabelNames(ctx, nil, set...)
	})
}

func (m *Metrics) labelValues(q question) answer {
	name := q.PathValue("name")
	if strings.HasPrefix(name, "U__") {
		name = model.UnescapeName(name, model.ValueEncodingEscaping)
	}
	if !model.UTF8Validation.IsValidLabelName(name) {
		return failed(badData, fmt.Errorf("invalid label name: %q", name))
	}
	return m.labelTexts(q, func(ctx context.Context, s *search, set []*labels.Matcher) ([]string, annotations.Annotations, error) {
		return s.LabelValues(ctx, name, nil, set...)
	})
}

// labelTexts puts together what is found for each of the selectors.
func (m *Metrics) labelTexts(q question, of func(context.Context, *search, []*labels.Matcher) ([]string, annotations.Annotations, error)) answer {
	s, wrong := m.search(q, badMatchers)
	if wrong != nil {
		return *wrong
	}
	sets := s.matchers
	if len(sets) == 0 {
		sets = [][]*labels.Matcher{nil}
	}
	found := map[string]struct{}{}
	for _, set := range sets {
		texts, _, err := of(q.Context(), s, set)
		if err != nil {
			return answer{failed: ofQuery(err)}
		}
		for _, text := range texts {
			found[text] = struct{}{}
		}
	}
	return limited(append([]string{}, slices.Sorted(maps.Keys(found))...), s.limit)
}

// limited leaves so many, and says so.
func limited[T any](found []T, limit int) answer {
	if limit <= 0 || len(found) <= limit {
		return answer{data: found}
	}
	out := answer{data: found[:limit]}
	out.notes.Add(errTruncated)
	return out
}

func (m *Metrics) matchingSeries(q question) answer {
	if err := q.ParseForm(); err != nil {
		return failed(badData, fmt.Errorf("error parsing form values: %w", err))
	}
	if len(q.Form["match[]"]) == 0 {
		return failed(badData, errors.New("no match[] parameter provided"))
	}
	s, wrong := m.search(q, func(err error) answer { return invalid("match[]", err) })
	if wrong != nil {
		return *wrong
	}
	var sets []storage.SeriesSet
	for _, set := range s.matchers {
		sets = append(sets, s.Select(q.Context(), true, &s.hints, set...))
	}
	merged := storage.NewMergeSeriesSet(sets, 0, storage.ChainedSeriesMerge)
	found := []labels.Labels{}
	for merged.Next() {
		found = append(found, merged.At().Labels())
	}
	if err := merged.Err(); err != nil {
		return answer{failed: ofQuery(err)}
	}
	return limited(found, s.limit)
}
